/** What this process counts itself, and what it reads from the database when it is asked. Totals and types only: no label holds a model's name. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { severityOf } from '../../domain/incident.js';
import type { IncidentKind } from '../../domain/settings.js';
import { readLedgerEnds, readOperationCounts, readRowsSince, type OperationCount, type RowCursor } from '../../store/operation-counts.js';
import type { Pool } from '../../store/pool.js';

/** What of the workers can be looked at; null while there are none. */
export interface Inside {
  pool: Pool;
  threads: { readonly threads: number; readonly busy: number } | null;
}

const CACHED_MS = 5_000;
const PATIENCE_MS = 3_000;

export class WorkerMetrics {
  readonly registry = new Registry();
  readonly #activities: Histogram<'activity' | 'outcome'>;
  readonly #rows: Counter<'kind' | 'outcome'>;
  readonly #gauges: Record<OperationCount['what'], Gauge>;
  readonly #databaseUp: Gauge;
  #cursor: RowCursor | null = null;
  #readAtMs = -Infinity;
  #reading: Promise<void> | null = null;

  /** @param inside what there is at the moment */
  constructor(inside: () => Inside | null, version: string) {
    const registers = [this.registry];
    const gauge = (name: string, help: string, labelNames: string[] = []): Gauge => new Gauge({ name: `aftercare_${name}`, help, labelNames, registers });
    collectDefaultMetrics({ register: this.registry });
    gauge('info', 'Always 1; the version stands in the label.', ['version']).set({ version }, 1);
    this.#activities = new Histogram({
      name: 'aftercare_activity_seconds', help: 'Duration of activities by type; outcome is ok, passing (tried again), final (not tried again) or cancelled.',
      labelNames: ['activity', 'outcome'], buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600], registers,
    });
    this.#rows = new Counter({ name: 'aftercare_rows_total', help: 'Rows of batches committed since this page was asked for the first time, of all models, by whichever client.', labelNames: ['kind', 'outcome'], registers });
    this.#databaseUp = gauge('database_up', '1 when the last reading of the database went well.');
    this.#gauges = {
      models: gauge('models', 'Models by state.', ['state']),
      batches: gauge('batches', 'Batches in the ledgers of all models.'),
      ledger_lag_batches: gauge('ledger_lag_batches', 'Batches that are committed and that no lifecycle has noticed yet.'),
      ledger_lag_models: gauge('ledger_lag_models', 'Active models with such batches.'),
      ledger_lag_seconds: gauge('ledger_lag_seconds', 'Age of the oldest such batch: grows while no main worker runs.'),
      runs_open: gauge('runs_open', 'Runs that are scheduled or running.', ['state']),
      runs_last_hour: gauge('runs_last_hour', 'Runs that ended within the last hour, by how.', ['state']),
      incidents_open: gauge('incidents_open', 'Incidents that nobody has acknowledged.', ['kind', 'severity']),
      decisions_waiting: gauge('decisions_waiting', 'Questions that wait for a person.', ['subject']),
      decisions_waiting_seconds: gauge('decisions_waiting_seconds', 'Age of the oldest question that waits.', ['subject']),
      notifications: gauge('notifications', 'Notifications not delivered: intended (on their way), failed (refused), dead (given up).', ['state']),
    };
    new Gauge({ name: 'aftercare_numeric_threads', help: 'Threads for computations.', labelNames: ['state'], registers, collect() {
      const threads = inside()?.threads;
      this.set({ state: 'busy' }, threads?.busy ?? 0);
      this.set({ state: 'all' }, threads?.threads ?? 0);
    } });
    new Gauge({ name: 'aftercare_database_connections', help: 'Connections of this process; waiting: requests for one.', labelNames: ['state'], registers, collect() {
      const pool = inside()?.pool;
      this.set({ state: 'open' }, pool?.totalCount ?? 0);
      this.set({ state: 'idle' }, pool?.idleCount ?? 0);
      this.set({ state: 'waiting' }, pool?.waitingCount ?? 0);
    } });
  }

  observeActivity(activity: string, outcome: 'ok' | 'passing' | 'final' | 'cancelled', seconds: number): void {
    this.#activities.observe({ activity, outcome }, seconds);
  }

  /** Prometheus' text. What the database says is at most 5 s old; without a database the rest is there all the same. */
  async text(pool: Pool | null): Promise<string> {
    if (Date.now() - this.#readAtMs > CACHED_MS) {
      this.#reading ??= this.#read(pool).finally(() => { this.#reading = null; });
      // A database that does not answer must not keep the rest from being seen.
      if ((await Promise.race([this.#reading.then(() => 'read'), delay(PATIENCE_MS, 'late', { ref: false })])) === 'late') this.#databaseUp.set(0);
    }
    return this.registry.metrics();
  }

  async #read(pool: Pool | null): Promise<void> {
    try {
      if (!pool) throw new Error('no database yet');
      const counts = await readOperationCounts(pool);
      for (const gauge of Object.values(this.#gauges)) gauge.reset();
      for (const { what, label, value } of counts) {
        const gauge = this.#gauges[what];
        if (label === '') gauge.set(value);
        else if (what === 'incidents_open') gauge.set({ kind: label, severity: severityOf(label as IncidentKind) }, value);
        else gauge.set({ [what.startsWith('decisions') ? 'subject' : 'state']: label }, value);
      }
      await this.#countRows(pool);
      this.#databaseUp.set(1);
      this.#readAtMs = Date.now();
    } catch {
      this.#databaseUp.set(0);
    }
  }

  async #countRows(pool: Pool): Promise<void> {
    if (this.#cursor === null) {
      this.#cursor = await readLedgerEnds(pool);
      return;
    }
    const { totals, cursor } = await readRowsSince(pool, this.#cursor);
    this.#cursor = cursor;
    for (const { kind, accepted, duplicate, quarantined } of totals) {
      for (const [outcome, rows] of Object.entries({ accepted, duplicate, quarantined })) this.#rows.inc({ kind, outcome }, rows);
    }
  }
}
