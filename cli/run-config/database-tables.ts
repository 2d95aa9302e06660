/** NannyML's tables, by type of calculator. */

export interface ResultTable {
  name: string;
  /** A row says which column it is about. */
  hasColumnName: boolean;
  hasThresholds: boolean;
}

/** Types without an entry have no table. */
export const TABLES: Record<string, ResultTable> = {
  univariate_drift: { name: 'univariate_drift_metrics', hasColumnName: true, hasThresholds: false },
  reconstruction_error: { name: 'data_reconstruction_feature_drift_metrics', hasColumnName: false, hasThresholds: true },
  performance: { name: 'realized_performance_metrics', hasColumnName: false, hasThresholds: true },
  cbpe: { name: 'cbpe_performance_metrics', hasColumnName: false, hasThresholds: true },
  dle: { name: 'dle_performance_metrics', hasColumnName: false, hasThresholds: true },
  unseen_values: { name: 'unseen_values_metrics', hasColumnName: true, hasThresholds: true },
  missing_values: { name: 'missing_values_metrics', hasColumnName: true, hasThresholds: true },
};

/** As SQLAlchemy creates them; tables that are there stay as they are. */
export function createTables(): string[] {
  return [
    'create table if not exists model (id serial primary key, name varchar not null)',
    'create table if not exists run (id serial primary key, model_id integer references model (id), execution_timestamp timestamp not null)',
    ...Object.values(TABLES).map(({ name, hasColumnName, hasThresholds }) => `
      create table if not exists ${name} (
        id serial primary key,
        model_id integer references model (id),
        run_id integer not null references run (id),
        start_timestamp timestamp not null,
        end_timestamp timestamp not null,
        timestamp timestamp not null,
        metric_name varchar not null,
        value double precision not null,
        alert boolean not null${hasColumnName ? ',\n        column_name varchar not null' : ''}${hasThresholds ? ',\n        upper_threshold double precision,\n        lower_threshold double precision' : ''}
      )`),
  ];
}
