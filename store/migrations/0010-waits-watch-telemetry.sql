-- What time alone makes due: targets that do not come, a model that falls silent; and how versions serve, as whoever serves them logs it.

-- A complete chunk waits for its targets from the moment at which a run found it complete; by the lifecycle's clock, never the database's. Deadlines count from here by
-- the settings of the day, so a change of settings moves them.
create table aftercare.target_wait (
  chunk_id      bigint primary key references aftercare.chunk (id) on delete cascade,
  waiting_since timestamptz not null,
  reminded_at   timestamptz,
  escalated_at  timestamptz,
  absent_at     timestamptz                                                  -- the wait is over: what is missing counts as absent
);
create index chunk_unsettled on aftercare.chunk (version_id) where period = 'analysis' and complete and not final and not vanished;

-- A realized value of a complete chunk is provisional until its targets are there, and what later ones change becomes a new revision all the same:
-- `provisional` is what readers are told, `chunk_open` is what may be overwritten in place.
alter table aftercare.measurement add column chunk_open boolean not null default false;
update aftercare.measurement set chunk_open = true where provisional;
update aftercare.measurement m set provisional = true from aftercare.chunk c
where c.id = m.chunk_id and c.period = 'analysis' and c.complete and not c.final and m.current and m.calculator = 'realized_performance';

-- What the lifecycle has seen of a model, for waits that time ends. One row per model, made by its first look.
create table aftercare.tending (
  model_id          integer primary key references aftercare.model (id),
  watched_since     timestamptz not null,
  last_batch        bigint not null default 0,                               -- newest batch of inferences that was looked at, and when that was
  last_batch_at     timestamptz,
  error_version_id  integer references aftercare.version (id),               -- telemetry of this version is judged up to this minute
  error_minute      timestamptz,
  settings_revision integer,                                                 -- next_at was reckoned by these settings
  next_at           timestamptz,
  answered_at       timestamptz,                                             -- the last tending, and what it answered: for its retries
  answer            jsonb
);
-- Calls per version and minute. The minute is the caller's.
create table aftercare.telemetry (
  version_id      integer not null references aftercare.version (id),
  minute          timestamptz not null,
  calls           bigint not null,
  errors          bigint not null,
  duration_sum_ms double precision not null,
  duration_max_ms double precision not null,
  buckets         integer[] not null,                                        -- domain/telemetry.ts DURATION_BOUNDS_MS; only calls whose duration is known one by one
  last_at         timestamptz not null,
  primary key (version_id, minute)
);
-- What was logged under a key counts once. Keys are forgotten after thirty days.
create table aftercare.telemetry_key (
  model_id integer not null references aftercare.model (id),
  key      text not null,
  at       timestamptz not null,
  primary key (model_id, key)
);
create index telemetry_key_at on aftercare.telemetry_key (model_id, at);
