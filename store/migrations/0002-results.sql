-- Chunks, fitted state, measurements and judgements, runs. A measurement knows no threshold, so a threshold preview or change recomputes nothing.

create table aftercare.chunk (
  id            bigint generated always as identity primary key,
  version_id    integer not null references aftercare.version (id),
  segment       text not null default '',
  scheme        text not null,                                               -- domain/chunking.ts schemeOf
  period        text not null check (period in ('reference', 'analysis')),
  key           text not null,                                               -- size, count: ordinal, zero-padded; period: its start
  ordinal       bigint not null,                                             -- sorts chunks within (version, segment, scheme, period); gaps are possible
  -- Border rows by the order (at, batch, row): a chunk is read by key range, never by offset. Reference chunks: row numbers only.
  first_at      timestamptz,
  first_batch   bigint,
  first_row     bigint,
  last_at       timestamptz,
  last_batch    bigint,
  last_row      bigint,
  rows          bigint not null,
  targets       bigint not null default 0,                                   -- rows whose target has come
  start_at      timestamptz,                                                 -- shown to people: period bounds, or first and last event time
  end_at        timestamptz,
  complete      boolean not null,
  final         boolean not null default false,
  data_revision bigint not null,                                             -- ledger number when it was last computed
  vanished      boolean not null default false,                              -- its rows moved elsewhere
  unique (version_id, segment, scheme, period, key)
);

-- Learnt from the reference, under an immutable key: content hash of reference revision, calculator, parameters, chunking and engine version.
create table aftercare.fitted (
  id         bigint generated always as identity primary key,
  version_id integer not null references aftercare.version (id),
  key        text not null unique,
  calculator text not null,
  body       text not null,                                                  -- JSON with NaN, ±∞ and −0 tagged (engine/fitted-json.ts)
  created_at timestamptz not null default now()
);

create table aftercare.measurement (
  id             bigint generated always as identity primary key,
  chunk_id       bigint not null references aftercare.chunk (id) on delete cascade,
  fitted_id      bigint not null references aftercare.fitted (id),
  calculator     text not null,
  metric         text not null,
  column_name    text not null default '',
  value          double precision,                                           -- null: cannot be known
  sampling_error double precision,
  band_lower     double precision,
  band_upper     double precision,
  own_alert      boolean,                                                    -- where the method decides and no threshold does
  reason         text,
  revision       integer not null default 1,
  current        boolean not null default true,
  provisional    boolean not null,                                           -- of an open chunk: overwritten in place
  data_revision  bigint not null,
  run_id         bigint not null,
  engine_version text not null
);
create unique index measurement_current on aftercare.measurement (chunk_id, fitted_id, calculator, metric, column_name) where current;
create index measurement_chunk on aftercare.measurement (chunk_id);

-- What a value means under one set of thresholds. threshold_key: content hash of the rules and of the fitted state.
create table aftercare.judgement (
  measurement_id bigint not null references aftercare.measurement (id) on delete cascade,
  threshold_key  text not null,
  lower          double precision,
  upper          double precision,
  alert          boolean,
  primary key (measurement_id, threshold_key)
);

create table aftercare.run (
  id                  bigint generated always as identity primary key,
  model_id            integer not null references aftercare.model (id),
  version_id          integer not null references aftercare.version (id),
  number              integer not null,
  state               text not null check (state in ('scheduled', 'running', 'completed', 'failed', 'cancelled')),
  trigger             text not null,
  requested_by        text not null,
  previous_horizon    bigint not null,
  horizon             bigint not null,
  settings            jsonb not null,                                        -- as they were: a retry computes the same
  settings_revision   integer not null,
  plan                jsonb,
  chunks              integer not null default 0,
  chunks_computed     integer not null default 0,
  rows_read           bigint not null default 0,
  reference_rows_read bigint not null default 0,
  measurements        integer not null default 0,
  alerts              integer not null default 0,
  failures            jsonb not null default '[]',
  progress            jsonb not null default '{"step":"plan","done":0,"of":0}',
  outcome             jsonb,
  started_at          timestamptz,
  finished_at         timestamptz,
  unique (model_id, number)
);

-- Work of one fan-out part of a run, counted once however often it is retried.
create table aftercare.run_part (
  run_id     bigint not null references aftercare.run (id),
  part       integer not null,
  rows_read  bigint not null,
  chunks     integer not null,
  measurements integer not null,
  failures   jsonb not null default '[]',
  primary key (run_id, part)
);
