/** Results into the tables that NannyML's dashboards read. Only analysis rows, as NannyML documents it. */
import pg from 'pg';
import { InvalidInput } from '../../domain/errors.js';
import type { ResultRecord } from '../calculate/records.js';
import { createTables, TABLES } from './database-tables.js';
import type { DatabaseOutput } from './outputs.js';

/** A database that is ready to be written. */
export class ResultDatabase {
  private constructor(private readonly pool: pg.Pool) {}

  /** Connects, and creates the tables that are missing. @throws InvalidInput when that fails */
  static async open(url: string): Promise<ResultDatabase> {
    const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'aftercare run-config', connectionTimeoutMillis: 10_000, options: '-c timezone=UTC' });
    pool.on('error', () => undefined);
    try {
      for (const statement of createTables()) await pool.query(statement);
    } catch (error) {
      await pool.end();
      throw new InvalidInput(`the database of 'connection_string' cannot be used: ${(error as Error).message}`);
    }
    return new ResultDatabase(pool);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /**
   * A run, and its rows, in one transaction.
   * @param records of the analysis
   * @returns how many rows were written
   * @throws InvalidInput when chunks have no dates
   */
  async write(output: DatabaseOutput, calculatorType: string, records: readonly ResultRecord[], executedAt: Date): Promise<number> {
    const { name, hasColumnName, hasThresholds } = TABLES[calculatorType]!;
    if (records.some((record) => record['start_date'] === null)) throw new InvalidInput("output 'database' needs dates of chunks: give the calculator its 'timestamp_column_name'");
    const rows = JSON.stringify(records.map((record) => rowOf(calculatorType, record)));
    const columns = ['metric_name', 'value', 'alert', ...(hasColumnName ? ['column_name'] : []), ...(hasThresholds ? ['upper_threshold', 'lower_threshold'] : [])];
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const modelId = output.modelName === null ? null : await modelIdOf(client, output.modelName);
      const { rows: [run] } = await client.query<{ id: number }>('insert into run (model_id, execution_timestamp) values ($1, $2::timestamp) returning id', [modelId, executedAt.toISOString().replace('Z', '')]);
      // A chunk's moment is the middle between its first and its last.
      const { rowCount } = await client.query(
        `insert into ${name} (model_id, run_id, start_timestamp, end_timestamp, timestamp, ${columns.join(', ')})
         select $1, $2, start_date, end_date, start_date + (end_date - start_date) / 2, ${columns.join(', ')}
         from json_to_recordset($3) as given (
           start_date timestamp, end_date timestamp, metric_name varchar, value double precision, alert boolean, column_name varchar, upper_threshold double precision, lower_threshold double precision
         )`,
        [modelId, run!.id, rows],
      );
      await client.query('commit');
      return rowCount ?? 0;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }
}

async function modelIdOf(client: pg.PoolClient, name: string): Promise<number> {
  const { rows: [known] } = await client.query<{ id: number }>('select id from model where name = $1 order by id limit 1', [name]);
  if (known) return known.id;
  const { rows: [created] } = await client.query<{ id: number }>('insert into model (name) values ($1) returning id', [name]);
  return created!.id;
}

/** What NannyML calls the metric: the method, the metric, or `count` for missing and unseen values, also where they are shares. */
function rowOf(calculatorType: string, record: ResultRecord): Record<string, unknown> {
  const { hasColumnName } = TABLES[calculatorType]!;
  return {
    start_date: toMicroseconds(record['start_date']),
    end_date: toMicroseconds(record['end_date']),
    metric_name: hasColumnName ? (record['method'] ?? 'count') : record['name'],
    value: record['value'],
    // Neither column nor dashboards know a flag that cannot be told.
    alert: record['alert'] === true,
    column_name: hasColumnName ? record['name'] : null,
    upper_threshold: record['upper_threshold'],
    lower_threshold: record['lower_threshold'],
  };
}

/** Cut off, not rounded: the last nanosecond of a month belongs to that month. */
function toMicroseconds(moment: ResultRecord[string] | undefined): string {
  return String(moment).replace(/(\.\d{6})\d+$/, '$1');
}
