// Type-aware lint, and the table of rooms: who may import whom (docs/architecture.md). Every arrow runs down.
import tseslint from 'typescript-eslint';

const rooms = {
  domain: [],
  engine: ['domain'],
  store: ['domain'],
  plots: ['domain'],
  activities: ['engine', 'store', 'plots', 'domain'],
  workflows: ['domain'],
  client: ['workflows', 'store', 'engine', 'plots', 'embedded', 'domain'],
  worker: ['workflows', 'activities', 'store', 'engine', 'domain'],
  embedded: ['domain'],
  server: ['client', 'store', 'plots', 'domain'],
  cli: ['client', 'server', 'worker', 'embedded', 'plots', 'engine', 'domain'],
};

const roomRules = Object.entries(rooms).map(([room, allowed]) => {
  const forbidden = Object.keys(rooms).filter((other) => other !== room && !allowed.includes(other));
  const typesOnly = room === 'workflows' ? ['activities'] : [];
  return {
    files: [`${room}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        patterns: [
          ...forbidden.filter((other) => !typesOnly.includes(other)).map((other) => ({ regex: `^(\\.\\./)+${other}/`, message: `${room}/ may not import ${other}/: see the table in docs/architecture.md.` })),
          ...typesOnly.map((other) => ({ regex: `^(\\.\\./)+${other}/`, allowTypeImports: true, message: `${room}/ may import only types from ${other}/.` })),
          ...(room === 'workflows' || room === 'domain' || room === 'engine' ? [{ regex: '^node:', message: `${room}/ knows no clock, file or network.` }] : []),
        ],
      }],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'dist.*/**', '.aftercare/**', 'node_modules/**', 'coverage/**', 'examples/**/dist/**', '**/*.mjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always'],
    },
  },
  ...roomRules,
  // The one place of the engine that knows threads.
  { files: ['engine/parallel/*.ts'], rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex: '^(\\.\\./)+(store|plots|activities|workflows|client|worker|embedded|server|cli)/' }, { regex: '^node:(?!worker_threads)' }] }] } },
);
