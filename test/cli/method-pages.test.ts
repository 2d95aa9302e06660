/**
 * The examples of docs/how-it-works for `aftercare calculate`, run as they stand: each `json` request gives the records of the `jsonl` block behind it,
 * figures as far as they are written out. Programs in TypeScript: test/docs/engine-examples.stack.test.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';

type Fields = Record<string, unknown>;
interface Block {
  language: string;
  text: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'docs/how-it-works');
const shelf = new DataShelf();

const examples = readdirSync(folder).filter((file) => file.endsWith('.md')).flatMap((page) => {
  const blocks: Block[] = [...readFileSync(join(folder, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({ language: language!, text: text! }));
  return blocks.map((block, i) => ({ page, number: i + 1, block, next: blocks[i + 1] }));
});
const requests = examples.filter(({ block }) => block.language === 'json' && block.text.includes('"calculator"'));

/** Paths of a request are those of the repository. */
function located(request: Fields): Fields {
  const inRoot = (data: unknown) => ({ ...(data as Fields), file: join(root, String((data as Fields)['file'])) });
  return Object.fromEntries(Object.entries(request).map(([name, value]) => [name, ['reference', 'analysis', 'targets'].includes(name) ? inRoot(value) : value]));
}

/** A figure with as many decimals as the page gives. */
function asShown(value: unknown, shown: unknown): unknown {
  if (typeof value !== 'number' || typeof shown !== 'number') return value;
  return Number(value.toFixed(String(shown).split('.')[1]?.length ?? 0));
}

const KEYS = ['name', 'method', 'period', 'chunk_index'];
const isSame = (record: Fields, shown: Fields) => KEYS.every((key) => !(key in shown) || record[key] === shown[key]) && (!('value_counts' in record) || record['value'] === shown['value']);

describe('the examples of docs/how-it-works', () => {
  it('are there', () => {
    expect(requests.length).toBeGreaterThanOrEqual(10);
  });

  it.each(requests)('$page, block $number: the request gives the records that follow it', async ({ block, next }) => {
    expect(next?.language).toBe('jsonl');
    const answered = await answer(located(JSON.parse(block.text) as Fields), shelf);
    if ('error' in answered) throw new Error(`refused at ${answered.error.stage}: ${answered.error.message}`);
    const shown = next!.text.trim().split('\n').map((line) => JSON.parse(line) as Fields);
    for (const one of shown) {
      const found = answered.results.filter((record) => isSame(record, one));
      expect(found).toHaveLength(1);
      expect(Object.fromEntries(Object.entries(one).map(([name, value]) => [name, asShown(found[0]![name], value)]))).toEqual(one);
    }
  });
});
