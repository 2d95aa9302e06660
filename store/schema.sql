-- Generated from store/migrations by npm run schema:dump: the whole at a glance, with what PostgreSQL itself names. Not run by anything.

create sequence aftercare.batch_id;

create table aftercare.audit (
  id bigint generated always as identity not null,
  model_id integer,
  at timestamp with time zone default now() not null,
  by text not null,
  action text not null,
  detail jsonb default '{}'::jsonb not null,
  constraint audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_model ON aftercare.audit USING btree (model_id, id);

create table aftercare.batch (
  id bigint not null,
  model_id integer not null,
  version_id integer not null,
  number bigint not null,
  key text not null,
  kind text not null,
  rows_read bigint not null,
  rows_accepted bigint not null,
  rows_duplicate bigint not null,
  rows_quarantined bigint not null,
  first_at timestamp with time zone,
  last_at timestamp with time zone,
  touched_days date[],
  receipt jsonb not null,
  committed_at timestamp with time zone default now() not null,
  by text not null,
  constraint batch_kind_check CHECK ((kind = ANY (ARRAY['reference'::text, 'analysis'::text, 'target'::text, 'removal'::text]))),
  constraint batch_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint batch_model_id_key_key UNIQUE (model_id, key),
  constraint batch_model_id_number_key UNIQUE (model_id, number),
  constraint batch_pkey PRIMARY KEY (id),
  constraint batch_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.chunk (
  id bigint generated always as identity not null,
  version_id integer not null,
  segment text default ''::text not null,
  scheme text not null,
  period text not null,
  key text not null,
  ordinal bigint not null,
  first_at timestamp with time zone,
  first_batch bigint,
  first_row bigint,
  last_at timestamp with time zone,
  last_batch bigint,
  last_row bigint,
  rows bigint not null,
  targets bigint default 0 not null,
  start_at timestamp with time zone,
  end_at timestamp with time zone,
  complete boolean not null,
  final boolean default false not null,
  data_revision bigint not null,
  vanished boolean default false not null,
  rows_revision bigint default 0 not null,
  targets_revision bigint default 0 not null,
  constraint chunk_period_check CHECK ((period = ANY (ARRAY['reference'::text, 'analysis'::text]))),
  constraint chunk_pkey PRIMARY KEY (id),
  constraint chunk_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id),
  constraint chunk_version_id_segment_scheme_period_key_key UNIQUE (version_id, segment, scheme, period, key)
);

create table aftercare.chunk_calculation (
  chunk_id bigint not null,
  fitted_id bigint not null,
  data_revision bigint not null,
  failure text,
  constraint chunk_calculation_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES aftercare.chunk(id) ON DELETE CASCADE,
  constraint chunk_calculation_fitted_id_fkey FOREIGN KEY (fitted_id) REFERENCES aftercare.fitted(id),
  constraint chunk_calculation_pkey PRIMARY KEY (chunk_id, fitted_id)
);

create table aftercare.cut (
  version_id integer not null,
  segment text default ''::text not null,
  scheme text not null,
  horizon bigint not null,
  constraint cut_pkey PRIMARY KEY (version_id, segment, scheme),
  constraint cut_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.data_column (
  model_id integer not null,
  "position" integer not null,
  name text not null,
  physical text not null,
  kind text not null,
  constraint data_column_kind_check CHECK ((kind = ANY (ARRAY['continuous'::text, 'categorical'::text, 'timestamp'::text, 'text'::text]))),
  constraint data_column_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint data_column_model_id_name_key UNIQUE (model_id, name),
  constraint data_column_pkey PRIMARY KEY (model_id, "position")
);

create table aftercare.decision (
  id text not null,
  model_id integer not null,
  incident_id bigint not null,
  n integer default 1 not null,
  question text not null,
  options text[] not null,
  state text default 'waiting'::text not null,
  answer text,
  answered_by text,
  note text,
  workflow_id text not null,
  asked_at timestamp with time zone not null,
  deadline_at timestamp with time zone not null,
  answered_at timestamp with time zone,
  constraint decision_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES aftercare.incident(id),
  constraint decision_incident_id_n_key UNIQUE (incident_id, n),
  constraint decision_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint decision_pkey PRIMARY KEY (id),
  constraint decision_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'answered'::text, 'defaulted'::text, 'withdrawn'::text])))
);
CREATE INDEX decision_model ON aftercare.decision USING btree (model_id, state);

create table aftercare.fitted (
  id bigint generated always as identity not null,
  version_id integer not null,
  key text not null,
  calculator text not null,
  body text not null,
  created_at timestamp with time zone default now() not null,
  failure text,
  constraint fitted_key_key UNIQUE (key),
  constraint fitted_pkey PRIMARY KEY (id),
  constraint fitted_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.in_force (
  version_id integer not null,
  segment text default ''::text not null,
  calculator text not null,
  scheme text not null,
  fitted_id bigint not null,
  threshold_key text not null,
  run_id bigint not null,
  constraint in_force_fitted_id_fkey FOREIGN KEY (fitted_id) REFERENCES aftercare.fitted(id),
  constraint in_force_pkey PRIMARY KEY (version_id, segment, calculator),
  constraint in_force_run_id_fkey FOREIGN KEY (run_id) REFERENCES aftercare.run(id),
  constraint in_force_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.incident (
  id bigint generated always as identity not null,
  model_id integer not null,
  version_id integer not null,
  kind text not null,
  cause text not null,
  opening_chunk text not null,
  last_chunk text not null,
  chunk_count integer not null,
  ongoing boolean not null,
  state text default 'open'::text not null,
  opened_by_run integer not null,
  opened_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  segment text default ''::text not null,
  constraint incident_identity UNIQUE (version_id, segment, kind, cause, opening_chunk),
  constraint incident_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint incident_pkey PRIMARY KEY (id),
  constraint incident_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text, 'withdrawn'::text]))),
  constraint incident_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.judgement (
  measurement_id bigint not null,
  threshold_key text not null,
  lower double precision,
  upper double precision,
  alert boolean,
  constraint judgement_measurement_id_fkey FOREIGN KEY (measurement_id) REFERENCES aftercare.measurement(id) ON DELETE CASCADE,
  constraint judgement_pkey PRIMARY KEY (measurement_id, threshold_key)
);

create table aftercare.measurement (
  id bigint generated always as identity not null,
  chunk_id bigint not null,
  fitted_id bigint not null,
  calculator text not null,
  metric text not null,
  column_name text default ''::text not null,
  value double precision,
  sampling_error double precision,
  band_lower double precision,
  band_upper double precision,
  own_alert boolean,
  reason text,
  revision integer default 1 not null,
  current boolean default true not null,
  provisional boolean not null,
  data_revision bigint not null,
  run_id bigint not null,
  engine_version text not null,
  constraint measurement_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES aftercare.chunk(id) ON DELETE CASCADE,
  constraint measurement_fitted_id_fkey FOREIGN KEY (fitted_id) REFERENCES aftercare.fitted(id),
  constraint measurement_pkey PRIMARY KEY (id)
);
CREATE INDEX measurement_chunk ON aftercare.measurement USING btree (chunk_id);
CREATE UNIQUE INDEX measurement_current ON aftercare.measurement USING btree (chunk_id, fitted_id, calculator, metric, column_name) WHERE current;

create table aftercare.migration (
  name text not null,
  applied_at timestamp with time zone default now() not null,
  constraint migration_pkey PRIMARY KEY (name)
);

create table aftercare.model (
  id integer generated always as identity not null,
  name text not null,
  state text default 'active'::text not null,
  problem_type text not null,
  settings jsonb not null,
  settings_revision integer default 1 not null,
  champion_version_id integer,
  last_batch bigint default 0 not null,
  last_run integer default 0 not null,
  lifecycle_started_at timestamp with time zone,
  noticed_batch bigint default 0 not null,
  creation_key text,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  archived_at timestamp with time zone,
  deleted_at timestamp with time zone,
  tags text[] default '{}'::text[] not null,
  constraint model_champion FOREIGN KEY (champion_version_id) REFERENCES aftercare.version(id) DEFERRABLE INITIALLY DEFERRED,
  constraint model_pkey PRIMARY KEY (id),
  constraint model_state_check CHECK ((state = ANY (ARRAY['active'::text, 'archived'::text, 'deleted'::text])))
);
CREATE UNIQUE INDEX model_name ON aftercare.model USING btree (name) WHERE (state <> 'deleted'::text);

create table aftercare.notification (
  id text not null,
  model_id integer not null,
  kind text not null,
  recipient text not null,
  subject text not null,
  state text default 'intended'::text not null,
  attempts integer default 0 not null,
  last_error text,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  constraint notification_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint notification_pkey PRIMARY KEY (id),
  constraint notification_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sent'::text, 'failed'::text])))
);

create table aftercare.quarantine (
  batch_id bigint not null,
  row_number bigint not null,
  column_name text not null,
  reason text not null,
  raw jsonb not null,
  constraint quarantine_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES aftercare.batch(id),
  constraint quarantine_pkey PRIMARY KEY (batch_id, row_number)
);

create table aftercare.run (
  id bigint generated always as identity not null,
  model_id integer not null,
  version_id integer not null,
  number integer not null,
  state text not null,
  trigger text not null,
  requested_by text not null,
  previous_horizon bigint not null,
  horizon bigint not null,
  settings jsonb not null,
  settings_revision integer not null,
  plan jsonb,
  chunks integer default 0 not null,
  chunks_computed integer default 0 not null,
  rows_read bigint default 0 not null,
  reference_rows_read bigint default 0 not null,
  measurements integer default 0 not null,
  alerts integer default 0 not null,
  failures jsonb default '[]'::jsonb not null,
  progress jsonb default '{"of": 0, "done": 0, "step": "plan"}'::jsonb not null,
  outcome jsonb,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  notes jsonb default '[]'::jsonb not null,
  constraint run_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint run_model_id_number_key UNIQUE (model_id, number),
  constraint run_pkey PRIMARY KEY (id),
  constraint run_state_check CHECK ((state = ANY (ARRAY['scheduled'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
  constraint run_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.run_part (
  run_id bigint not null,
  part integer not null,
  rows_read bigint not null,
  chunks integer not null,
  measurements integer not null,
  failures jsonb default '[]'::jsonb not null,
  new_values jsonb default '[]'::jsonb not null,
  constraint run_part_pkey PRIMARY KEY (run_id, part),
  constraint run_part_run_id_fkey FOREIGN KEY (run_id) REFERENCES aftercare.run(id)
);

create table aftercare.segment_values (
  version_id integer not null,
  reference_revision integer not null,
  column_name text not null,
  counts jsonb not null,
  constraint segment_values_pkey PRIMARY KEY (version_id, reference_revision, column_name),
  constraint segment_values_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.version (
  id integer generated always as identity not null,
  model_id integer not null,
  number integer not null,
  role text default 'champion'::text not null,
  schema jsonb not null,
  reference_revision integer default 1 not null,
  reference_rows bigint default 0 not null,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  tags text[] default '{}'::text[] not null,
  constraint version_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint version_model_id_number_key UNIQUE (model_id, number),
  constraint version_pkey PRIMARY KEY (id),
  constraint version_role_check CHECK ((role = ANY (ARRAY['champion'::text, 'challenger'::text, 'archived'::text])))
);

create view aftercare.receipt as
 SELECT mo.name AS model,
    ve.number AS version,
    b.number,
    b.kind,
    b.key,
    b.rows_read,
    b.rows_accepted,
    b.rows_duplicate,
    b.rows_quarantined,
    b.first_at,
    b.last_at,
    b.committed_at,
    b.by
   FROM ((aftercare.batch b
     JOIN aftercare.model mo ON ((mo.id = b.model_id)))
     JOIN aftercare.version ve ON ((ve.id = b.version_id)))
  WHERE (mo.state <> 'deleted'::text);

create view aftercare.result as
 SELECT mo.name AS model,
    ve.number AS version,
    m.calculator,
    m.metric,
    m.column_name AS "column",
    c.segment,
    c.period,
    c.key AS chunk,
    c.start_at,
    c.end_at,
    c.rows,
    c.targets,
    c.complete,
    c.final,
    m.value,
    m.sampling_error,
    m.band_lower,
    m.band_upper,
    j.lower AS lower_threshold,
    j.upper AS upper_threshold,
    j.alert,
    m.reason,
    m.engine_version,
    m.data_revision,
    m.revision,
    tagged.tags
   FROM ((((((aftercare.model mo
     JOIN aftercare.version ve ON ((ve.id = mo.champion_version_id)))
     CROSS JOIN LATERAL ( SELECT ARRAY( SELECT DISTINCT tag.tag
                   FROM unnest((mo.tags || ve.tags)) tag(tag)
                  ORDER BY tag.tag) AS tags) tagged)
     JOIN aftercare.in_force f ON ((f.version_id = ve.id)))
     JOIN aftercare.chunk c ON (((c.version_id = f.version_id) AND (c.segment = f.segment) AND (c.scheme = f.scheme) AND (NOT c.vanished))))
     JOIN aftercare.measurement m ON (((m.chunk_id = c.id) AND (m.fitted_id = f.fitted_id) AND (m.calculator = f.calculator) AND m.current)))
     LEFT JOIN aftercare.judgement j ON (((j.measurement_id = m.id) AND (j.threshold_key = f.threshold_key))))
  WHERE (mo.state <> 'deleted'::text);
