/** The reference of a version, copied and looked at: every row must be right, because what is learnt from it judges everything later. */
import { InvalidInput } from '../domain/errors.js';
import type { RowSource } from '../domain/row-block.js';
import { columnOf, quoted, type ModelSchema } from '../domain/schema.js';
import { referenceColumns } from './append-columns.js';
import { refuseBadReference } from './check-create.js';
import { CopySink, readRows, type AppendProgress, type IntakeResult } from './intake.js';
import { placeColumns, referenceTable, type DataColumn } from './model-tables.js';
import type { Transaction } from './pool.js';

export interface ReferenceIntake {
  modelId: number;
  versionId: number;
  schema: ModelSchema;
  /** The model's mapping. */
  columns: readonly DataColumn[];
  zone: string;
  /** Not closed here. */
  reference: RowSource;
  /** True: every row must have its target. */
  targetNeeded: boolean;
  /** Enters the content key beside the rows. */
  purpose: string;
  onProgress?: ((progress: AppendProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface TakenReference {
  rows: number;
  contentKey: string;
  /** Columns of the input that the schema does not know. */
  unknown: string[];
}

/** @throws InvalidInput when it has no rows, a bad cell or an identifier twice: column, count, first place and remedy are named */
export async function takeReference(tx: Transaction, request: ReferenceIntake): Promise<TakenReference> {
  const { reference, schema } = request;
  const taken = referenceColumns(schema, reference);
  const intake = await copy(tx, request, taken.columns);
  if (intake.rowsRead === 0) throw new InvalidInput(`the reference (${reference.label}) has no rows: there is nothing to learn from`);
  refuseBadReference(reference.label, intake.rowsRead, intake.quarantine.rows, intake.quarantine.reasons);
  await refuseRepeatedIdentifiers(tx, request, intake);
  return { rows: intake.rowsTaken, contentKey: intake.contentKey, unknown: taken.unknown };
}

async function copy(tx: Transaction, request: ReferenceIntake, columns: ReturnType<typeof referenceColumns>['columns']): Promise<IntakeResult> {
  const { schema, reference, zone, purpose, targetNeeded, onProgress, signal } = request;
  const required = new Set(columns.flatMap(({ name, role }) => (role === 'identifier' || role === 'timestamp' || (targetNeeded && role === 'target') ? [name] : [])));
  const sink = new CopySink(tx, {
    table: referenceTable(request.modelId),
    constants: [{ name: 'version_id', type: 'int4', value: request.versionId }],
    cells: placeColumns(schema, request.columns).map(({ physical }) => physical),
  });
  try {
    const intake = await readRows({ source: reference, schema, columns, zone, required, purpose, onProgress, signal }, {
      take: async ({ block, skip }) => { await sink.put(block.columns, block, skip); },
    });
    await sink.finish();
    return intake;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** Two hashes may be equal by chance: the text decides. */
async function refuseRepeatedIdentifiers(tx: Transaction, { schema, reference, modelId, versionId }: ReferenceIntake, { identifiers }: IntakeResult): Promise<void> {
  if (identifiers.repeated.size === 0) return;
  const { rows } = await tx.query<{ identifier: string; times: number; first: number; groups: number }>(
    `select identifier, count(*)::int as times, min("row") as first, (count(*) over ())::int as groups
     from ${referenceTable(modelId)} where version_id = $1 group by identifier having count(*) > 1 order by min("row") limit 1`, [versionId]);
  const worst = rows[0];
  if (!worst) return;
  throw new InvalidInput(`the reference (${reference.label}): column ${quoted(columnOf(schema, 'identifier')!.name)}: ${worst.groups.toLocaleString('en')} identifier${worst.groups === 1 ? ' stands' : 's stand'} more than once `
    + `(first: row ${worst.first}, ${JSON.stringify(worst.identifier)}, ${worst.times} times): leave one row of each, or name another identifier column`);
}
