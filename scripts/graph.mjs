// Prints which room imports which, counted from the sources, and any cycle between files: npm run graph
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rooms = ['cli', 'server', 'worker', 'embedded', 'client', 'workflows', 'activities', 'plots', 'engine', 'store', 'domain'];
const files = rooms.flatMap((room) => listing(room));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function listing(folder) {
  let entries;
  try { entries = readdirSync(join(root, folder), { withFileTypes: true }); } catch { return []; }
  return entries.flatMap((entry) => (entry.isDirectory() ? listing(`${folder}/${entry.name}`) : entry.name.endsWith('.ts') ? [`${folder}/${entry.name}`] : []));
}

/** Types vanish when compiled, so an import of types alone makes no cycle. */
function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)\.js'/gm)].map((match) => `${normalize(join(dirname(file), match[1]))}.ts`);
}

for (const room of rooms) {
  const counts = new Map();
  for (const [file, targets] of imports) {
    if (!file.startsWith(`${room}/`)) continue;
    for (const target of targets) {
      const other = target.split('/')[0];
      if (other !== room) counts.set(other, (counts.get(other) ?? 0) + 1);
    }
  }
  const files = [...imports.keys()].filter((file) => file.startsWith(`${room}/`)).length;
  if (files > 0) console.log(`${room.padEnd(11)} ${String(files).padStart(3)} files → ${[...counts].sort((a, b) => b[1] - a[1]).map(([other, n]) => `${other} ${n}`).join(', ') || 'nothing'}`);
}

const cycles = new Set();
const done = new Set();
function walk(file, path) {
  const at = path.indexOf(file);
  if (at >= 0) return void cycles.add(path.slice(at).sort().join(' ↔ '));
  if (done.has(file)) return;
  for (const target of imports.get(file) ?? []) walk(target, [...path, file]);
  done.add(file);
}
for (const file of imports.keys()) walk(file, []);
for (const cycle of cycles) console.log(`cycle: ${cycle}`);
process.exit(cycles.size > 0 ? 1 : 0);
