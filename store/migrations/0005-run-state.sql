-- What a run needs to know to compute only what is stale, and what readers need to see one consistent set of results.

-- Ledger numbers at which a chunk's rows, or its targets, were last found changed. A calculation older than these is stale.
alter table aftercare.chunk add column rows_revision bigint not null default 0;
alter table aftercare.chunk add column targets_revision bigint not null default 0;

-- "The chunks of this scheme agree with every batch up to `horizon`." Moves only when a run has finished, so a run that was cancelled leaves its work to the next.
create table aftercare.cut (
  version_id integer not null references aftercare.version (id),
  segment    text not null default '',
  scheme     text not null,
  horizon    bigint not null,
  primary key (version_id, segment, scheme)
);

-- Which fitted calculator has judged a chunk, and at which state of the data; with the reason where it failed on this chunk.
create table aftercare.chunk_calculation (
  chunk_id      bigint not null references aftercare.chunk (id) on delete cascade,
  fitted_id     bigint not null references aftercare.fitted (id),
  data_revision bigint not null,
  failure       text,
  primary key (chunk_id, fitted_id)
);

-- A fit is a pure function of its key, so a failed one is remembered as well: body is '' then.
alter table aftercare.fitted add column failure text;

-- What readers see: the calculators, thresholds and chunking of the last finished run.
create table aftercare.in_force (
  version_id    integer not null references aftercare.version (id),
  segment       text not null default '',
  calculator    text not null,
  scheme        text not null,
  fitted_id     bigint not null references aftercare.fitted (id),
  threshold_key text not null,
  run_id        bigint not null references aftercare.run (id),
  primary key (version_id, segment, calculator)
);
