-- Models, their versions, and the ledger of batches: what acknowledged rows hang on.
-- Rows themselves live in schema aftercare_data, in typed tables per model that store/model-tables.ts creates.

create schema if not exists aftercare;
create schema if not exists aftercare_data;

create table aftercare.model (
  id                   integer generated always as identity primary key,   -- never reused
  name                 text not null,
  state                text not null default 'active' check (state in ('active', 'archived', 'deleted')),
  problem_type         text not null,
  settings             jsonb not null,
  settings_revision    integer not null default 1,
  champion_version_id  integer,
  last_batch           bigint not null default 0,                            -- newest ledger number; given out under this row's lock
  last_run             integer not null default 0,
  lifecycle_started_at timestamptz,                                          -- null: the lifecycle workflow must still be started
  noticed_batch        bigint not null default 0,                            -- newest ledger number that the lifecycle has read
  creation_key         text,                                                 -- lets the creator's retry find what it created
  created_at           timestamptz not null default now(),
  created_by           text not null,
  archived_at          timestamptz,
  deleted_at           timestamptz
);
create unique index model_name on aftercare.model (name) where state <> 'deleted';

create table aftercare.version (
  id                 integer generated always as identity primary key,
  model_id           integer not null references aftercare.model (id),
  number             integer not null,                                       -- from 1 within the model
  role               text not null default 'champion' check (role in ('champion', 'challenger', 'archived')),
  schema             jsonb not null,                                         -- domain/schema.ts ModelSchema
  reference_revision integer not null default 1,
  reference_rows     bigint not null default 0,
  created_at         timestamptz not null default now(),
  created_by         text not null,
  unique (model_id, number)
);
alter table aftercare.model add constraint model_champion foreign key (champion_version_id) references aftercare.version (id) deferrable initially deferred;

-- People's column names to physical ones (c001 …): names longer than 63 bytes, clashes of case and quotes never reach SQL.
create table aftercare.data_column (
  model_id  integer not null references aftercare.model (id),
  position  integer not null,
  name      text not null,
  physical  text not null,
  kind      text not null check (kind in ('continuous', 'categorical', 'timestamp', 'text')),
  primary key (model_id, position),
  unique (model_id, name)
);

-- The ledger. `id` is drawn before the rows are copied and stands in every row; `number` is given at commit, under the model's lock, without gaps:
-- a prefix of the ledger is a state of the data that can be read again at any time.
create sequence aftercare.batch_id;
create table aftercare.batch (
  id               bigint primary key,
  model_id         integer not null references aftercare.model (id),
  version_id       integer not null references aftercare.version (id),
  number           bigint not null,
  key              text not null,
  kind             text not null check (kind in ('reference', 'analysis', 'target', 'removal')),
  rows_read        bigint not null,
  rows_accepted    bigint not null,
  rows_duplicate   bigint not null,
  rows_quarantined bigint not null,
  -- Event times of what this batch touched (for targets: of the inferences that they matched); null when it touched none.
  first_at         timestamptz,
  last_at          timestamptz,
  touched_days     date[],                                                   -- distinct UTC days; null when there are more than 4,096: then the range counts
  receipt          jsonb not null,                                           -- domain/batch.ts Receipt
  committed_at     timestamptz not null default now(),
  by               text not null,
  unique (model_id, key),
  unique (model_id, number)
);

-- Rows that could not be accepted, as they came; the first 10,000 of a batch, counted beyond that.
create table aftercare.quarantine (
  batch_id   bigint not null references aftercare.batch (id),
  row_number bigint not null,                                                -- in the input, from 1
  column_name text not null,                                                 -- '' for the row as a whole
  reason     text not null,
  raw        jsonb not null,
  primary key (batch_id, row_number)
);

create table aftercare.audit (
  id       bigint generated always as identity primary key,
  model_id integer,
  at       timestamptz not null default now(),
  by       text not null,
  action   text not null,
  detail   jsonb not null default '{}'
);
create index audit_model on aftercare.audit (model_id, id);
