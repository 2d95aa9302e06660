/** Segments as people write them. */
import { InvalidInput } from '../domain/errors.js';
import { quoted, type ModelSchema } from '../domain/schema.js';
import { segmentColumns, type Segment } from '../domain/segment.js';

/** `column=value`: the longest column name that fits, because a name may hold an equals sign. @throws InvalidInput when no column fits */
export function segmentOf(text: string, schema: ModelSchema): Segment {
  const columns = segmentColumns(schema).map(({ name }) => name).sort((x, y) => y.length - x.length);
  const column = columns.find((name) => text.startsWith(`${name}=`));
  if (column === undefined) throw new InvalidInput(`segment '${text}' is not column=value of a categorical column (${columns.map(quoted).join(', ') || 'this model has none'})`);
  return { column, value: text.slice(column.length + 1) };
}
