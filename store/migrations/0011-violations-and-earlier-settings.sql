-- Batches whose columns or values were not those of the schema; and what was in force under earlier settings, so that it can be read after a change.

create table aftercare.schema_violation (
  id           bigint generated always as identity primary key,
  model_id     integer not null references aftercare.model (id),
  version_id   integer not null references aftercare.version (id),
  batch        text not null,                                                -- the batch's key
  batch_number bigint,                                                       -- null: refused as a whole, nothing was kept but this record
  at           timestamptz not null default now(),
  by           text not null,
  column_name  text not null,                                                -- '' for the rows as a whole
  kind         text not null check (kind in ('new', 'missing', 'renamed', 'retyped', 'values')),
  detail       text not null,
  rows         bigint not null,                                              -- rows of the batch that it concerns, of so many
  rows_read    bigint not null,
  fault        text not null check (fault in ('pipeline', 'natural')),
  unique (model_id, batch, column_name, kind)
);
create index schema_violation_model on aftercare.schema_violation (model_id, id);

-- in_force, as it stood when a run under these settings had finished: written with each run, kept when the settings change.
create table aftercare.in_force_history (
  version_id        integer not null references aftercare.version (id),
  settings_revision integer not null,
  segment           text not null default '',
  calculator        text not null,
  scheme            text not null,
  fitted_id         bigint not null references aftercare.fitted (id),
  threshold_key     text not null,
  run_id            bigint not null references aftercare.run (id),
  primary key (version_id, settings_revision, segment, calculator)
);
insert into aftercare.in_force_history (version_id, settings_revision, segment, calculator, scheme, fitted_id, threshold_key, run_id)
select f.version_id, r.settings_revision, f.segment, f.calculator, f.scheme, f.fitted_id, f.threshold_key, f.run_id
from aftercare.in_force f join aftercare.run r on r.id = f.run_id;
