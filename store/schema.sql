-- Generated from store/migrations by npm run schema:dump: the whole at a glance, with what PostgreSQL itself names. Not run by anything.

create sequence aftercare.batch_id;

create table aftercare.audit (
  id bigint generated always as identity not null,
  model_id integer,
  at timestamp with time zone default now() not null,
  by text not null,
  action text not null,
  detail jsonb default '{}'::jsonb not null,
  key text,
  constraint audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_at ON aftercare.audit USING btree (at);
CREATE UNIQUE INDEX audit_key ON aftercare.audit USING btree (key) WHERE (key IS NOT NULL);
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
  shadow boolean default false not null,
  constraint batch_kind_check CHECK ((kind = ANY (ARRAY['reference'::text, 'analysis'::text, 'target'::text, 'removal'::text]))),
  constraint batch_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint batch_model_id_key_key UNIQUE (model_id, key),
  constraint batch_model_id_number_key UNIQUE (model_id, number),
  constraint batch_pkey PRIMARY KEY (id),
  constraint batch_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.challenge (
  model_id integer not null,
  number integer not null,
  mode text not null,
  state text not null,
  version_id integer not null,
  against_version_id integer not null,
  judgement text,
  note text,
  requested_by text not null,
  reason text not null,
  approved_by text,
  started_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  promoted_at timestamp with time zone,
  rolled_back_at timestamp with time zone,
  finished_at timestamp with time zone,
  promoted_after bigint,
  rolled_back_after bigint,
  constraint challenge_against_version_id_fkey FOREIGN KEY (against_version_id) REFERENCES aftercare.version(id),
  constraint challenge_judgement_check CHECK ((judgement = ANY (ARRAY['better'::text, 'worse'::text, 'equivalent'::text, 'not yet'::text]))),
  constraint challenge_mode_check CHECK ((mode = ANY (ARRAY['challenge'::text, 'promotion'::text, 'rollback'::text]))),
  constraint challenge_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint challenge_pkey PRIMARY KEY (model_id, number),
  constraint challenge_state_check CHECK ((state = ANY (ARRAY['shadow'::text, 'deciding'::text, 'switching'::text, 'probation'::text, 'kept'::text, 'rolled_back'::text, 'closed'::text, 'failed'::text, 'cancelled'::text]))),
  constraint challenge_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);
CREATE INDEX challenge_against ON aftercare.challenge USING btree (against_version_id);
CREATE INDEX challenge_version ON aftercare.challenge USING btree (version_id);

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
CREATE INDEX chunk_unsettled ON aftercare.chunk USING btree (version_id) WHERE ((period = 'analysis'::text) AND complete AND (NOT final) AND (NOT vanished));

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
  incident_id bigint,
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
  subject text default 'incident'::text not null,
  approvers text[] default '{}'::text[] not null,
  constraint decision_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES aftercare.incident(id),
  constraint decision_incident_id_n_key UNIQUE (incident_id, n),
  constraint decision_incident_subject CHECK (((incident_id IS NOT NULL) = (subject = 'incident'::text))),
  constraint decision_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint decision_pkey PRIMARY KEY (id),
  constraint decision_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'answered'::text, 'defaulted'::text, 'withdrawn'::text]))),
  constraint decision_subject_check CHECK ((subject = ANY (ARRAY['incident'::text, 'retraining'::text, 'promotion'::text, 'gate'::text])))
);
CREATE INDEX decision_model ON aftercare.decision USING btree (model_id, state);
CREATE INDEX decision_waiting ON aftercare.decision USING btree (subject, asked_at) WHERE (state = 'waiting'::text);

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

create table aftercare.gate (
  model_id integer not null,
  batch text not null,
  answer text not null,
  state text not null,
  rule jsonb not null,
  value double precision,
  sampling_error double precision,
  lower double precision,
  upper double precision,
  rows bigint not null,
  text text not null,
  asked_by text not null,
  asked_at timestamp with time zone not null,
  decided_by text,
  note text,
  decided_at timestamp with time zone,
  decision_id text,
  constraint gate_answer_check CHECK ((answer = ANY (ARRAY['pass'::text, 'hold'::text, 'cannot know'::text]))),
  constraint gate_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint gate_pkey PRIMARY KEY (model_id, batch),
  constraint gate_state_check CHECK ((state = ANY (ARRAY['passed'::text, 'held'::text, 'released'::text, 'rejected'::text, 'unknown'::text])))
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

create table aftercare.in_force_history (
  version_id integer not null,
  settings_revision integer not null,
  segment text default ''::text not null,
  calculator text not null,
  scheme text not null,
  fitted_id bigint not null,
  threshold_key text not null,
  run_id bigint not null,
  constraint in_force_history_fitted_id_fkey FOREIGN KEY (fitted_id) REFERENCES aftercare.fitted(id),
  constraint in_force_history_pkey PRIMARY KEY (version_id, settings_revision, segment, calculator),
  constraint in_force_history_run_id_fkey FOREIGN KEY (run_id) REFERENCES aftercare.run(id),
  constraint in_force_history_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
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
  handling text default 'open'::text not null,
  acknowledged_by text,
  acknowledged_at timestamp with time zone,
  snoozed_until timestamp with time zone,
  escalated_at timestamp with time zone,
  resolved_by text,
  resolved_at timestamp with time zone,
  note text,
  text text,
  severity text,
  round integer default 1 not null,
  announced boolean default false not null,
  attended_at timestamp with time zone,
  closed_at timestamp with time zone,
  constraint incident_handling_check CHECK ((handling = ANY (ARRAY['open'::text, 'acknowledged'::text, 'snoozed'::text, 'resolved'::text]))),
  constraint incident_identity UNIQUE (version_id, segment, kind, cause, opening_chunk),
  constraint incident_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint incident_pkey PRIMARY KEY (id),
  constraint incident_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
  constraint incident_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'snoozed'::text, 'resolved'::text, 'withdrawn'::text]))),
  constraint incident_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);
CREATE INDEX incident_attention ON aftercare.incident USING btree (model_id) WHERE announced;
CREATE INDEX incident_waiting ON aftercare.incident USING btree (model_id) WHERE (state = 'open'::text);

create table aftercare.incident_act (
  id bigint generated always as identity not null,
  incident_id bigint not null,
  key text not null,
  act text not null,
  by text not null,
  note text,
  until timestamp with time zone,
  resolution text,
  resolution_state text,
  at timestamp with time zone not null,
  constraint incident_act_act_check CHECK ((act = ANY (ARRAY['opened'::text, 'acknowledged'::text, 'snoozed'::text, 'reopened'::text, 'escalated'::text, 'resolved'::text, 'ended'::text, 'resolution'::text, 'refused'::text]))),
  constraint incident_act_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES aftercare.incident(id),
  constraint incident_act_key_key UNIQUE (key),
  constraint incident_act_pkey PRIMARY KEY (id),
  constraint incident_act_resolution_check CHECK ((resolution = ANY (ARRAY['rebalance'::text, 'engineer_features'::text, 'retrain'::text, 'fine_tune'::text, 'anomaly_detection'::text, 'ask_expert'::text]))),
  constraint incident_act_resolution_state_check CHECK ((resolution_state = ANY (ARRAY['begun'::text, 'done'::text, 'failed'::text])))
);
CREATE INDEX incident_act_incident ON aftercare.incident_act USING btree (incident_id, id);

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
  chunk_open boolean default false not null,
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
  channel text default ''::text not null,
  medium text default 'email'::text not null,
  topic text default 'decision'::text not null,
  severity text default 'warning'::text not null,
  notice jsonb,
  due_at timestamp with time zone,
  give_up_at timestamp with time zone,
  digest text,
  digest_part text,
  constraint notification_medium_check CHECK ((medium = ANY (ARRAY['email'::text, 'webhook'::text, 'slack'::text]))),
  constraint notification_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint notification_pkey PRIMARY KEY (id),
  constraint notification_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sent'::text, 'failed'::text, 'dead'::text, 'withdrawn'::text])))
);
CREATE INDEX notification_digest ON aftercare.notification USING btree (digest) WHERE (digest IS NOT NULL);
CREATE INDEX notification_model ON aftercare.notification USING btree (model_id, created_at);
CREATE INDEX notification_undelivered ON aftercare.notification USING btree (state) WHERE (state = ANY (ARRAY['intended'::text, 'failed'::text, 'dead'::text]));

create table aftercare.quarantine (
  batch_id bigint not null,
  row_number bigint not null,
  column_name text not null,
  reason text not null,
  raw jsonb not null,
  constraint quarantine_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES aftercare.batch(id),
  constraint quarantine_pkey PRIMARY KEY (batch_id, row_number)
);

create table aftercare.retraining (
  model_id integer not null,
  number integer not null,
  key text not null,
  state text default 'asked'::text not null,
  trigger text not null,
  requested_by text not null,
  reason text not null,
  incident text,
  approved_by text,
  champion integer,
  version integer,
  failure text,
  asked_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint retraining_check CHECK (((state = 'completed'::text) = (version IS NOT NULL))),
  constraint retraining_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint retraining_pkey PRIMARY KEY (model_id, number),
  constraint retraining_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'training'::text, 'completed'::text, 'rejected'::text, 'failed'::text, 'cancelled'::text]))),
  constraint retraining_trigger_check CHECK ((trigger = ANY (ARRAY['incident'::text, 'policy'::text, 'schedule'::text, 'manual'::text])))
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
CREATE INDEX run_finished ON aftercare.run USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX run_open ON aftercare.run USING btree (state) WHERE (state = ANY (ARRAY['scheduled'::text, 'running'::text]));

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

create table aftercare.schema_violation (
  id bigint generated always as identity not null,
  model_id integer not null,
  version_id integer not null,
  batch text not null,
  batch_number bigint,
  at timestamp with time zone default now() not null,
  by text not null,
  column_name text not null,
  kind text not null,
  detail text not null,
  rows bigint not null,
  rows_read bigint not null,
  fault text not null,
  constraint schema_violation_fault_check CHECK ((fault = ANY (ARRAY['pipeline'::text, 'natural'::text]))),
  constraint schema_violation_kind_check CHECK ((kind = ANY (ARRAY['new'::text, 'missing'::text, 'renamed'::text, 'retyped'::text, 'values'::text]))),
  constraint schema_violation_model_id_batch_column_name_kind_key UNIQUE (model_id, batch, column_name, kind),
  constraint schema_violation_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint schema_violation_pkey PRIMARY KEY (id),
  constraint schema_violation_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);
CREATE INDEX schema_violation_model ON aftercare.schema_violation USING btree (model_id, id);

create table aftercare.secret (
  name text not null,
  value bytea not null,
  changed_at timestamp with time zone default now() not null,
  changed_by text not null,
  constraint secret_pkey PRIMARY KEY (name)
);

create table aftercare.segment_values (
  version_id integer not null,
  reference_revision integer not null,
  column_name text not null,
  counts jsonb not null,
  constraint segment_values_pkey PRIMARY KEY (version_id, reference_revision, column_name),
  constraint segment_values_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.target_wait (
  chunk_id bigint not null,
  waiting_since timestamp with time zone not null,
  reminded_at timestamp with time zone,
  escalated_at timestamp with time zone,
  absent_at timestamp with time zone,
  constraint target_wait_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES aftercare.chunk(id) ON DELETE CASCADE,
  constraint target_wait_pkey PRIMARY KEY (chunk_id)
);

create table aftercare.telemetry (
  version_id integer not null,
  minute timestamp with time zone not null,
  calls bigint not null,
  errors bigint not null,
  duration_sum_ms double precision not null,
  duration_max_ms double precision not null,
  buckets integer[] not null,
  last_at timestamp with time zone not null,
  constraint telemetry_pkey PRIMARY KEY (version_id, minute),
  constraint telemetry_version_id_fkey FOREIGN KEY (version_id) REFERENCES aftercare.version(id)
);

create table aftercare.telemetry_key (
  model_id integer not null,
  key text not null,
  at timestamp with time zone not null,
  constraint telemetry_key_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint telemetry_key_pkey PRIMARY KEY (model_id, key)
);
CREATE INDEX telemetry_key_at ON aftercare.telemetry_key USING btree (model_id, at);

create table aftercare.tending (
  model_id integer not null,
  watched_since timestamp with time zone not null,
  last_batch bigint default 0 not null,
  last_batch_at timestamp with time zone,
  error_version_id integer,
  error_minute timestamp with time zone,
  settings_revision integer,
  next_at timestamp with time zone,
  answered_at timestamp with time zone,
  answer jsonb,
  constraint tending_error_version_id_fkey FOREIGN KEY (error_version_id) REFERENCES aftercare.version(id),
  constraint tending_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint tending_pkey PRIMARY KEY (model_id)
);

create table aftercare.token_use (
  token_hash bytea not null,
  use text not null,
  model_id integer,
  subject text not null,
  by text not null,
  answer bytea,
  outcome jsonb default '{}'::jsonb not null,
  used_at timestamp with time zone default clock_timestamp() not null,
  constraint token_use_pkey PRIMARY KEY (token_hash)
);

create table aftercare.verdict (
  model_id integer not null,
  challenge integer not null,
  challenger integer not null,
  champion integer not null,
  horizon bigint not null,
  judgement text not null,
  body jsonb not null,
  seq bigint generated always as identity not null,
  constraint verdict_judgement_check CHECK ((judgement = ANY (ARRAY['better'::text, 'worse'::text, 'equivalent'::text, 'not yet'::text]))),
  constraint verdict_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint verdict_pkey PRIMARY KEY (model_id, challenge, challenger, champion, horizon)
);
CREATE INDEX verdict_newest ON aftercare.verdict USING btree (model_id, challenger, seq);

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
  provenance jsonb default '{}'::jsonb not null,
  creation_key text,
  rows_awaiting_features bigint default 0 not null,
  constraint version_model_id_fkey FOREIGN KEY (model_id) REFERENCES aftercare.model(id),
  constraint version_model_id_number_key UNIQUE (model_id, number),
  constraint version_pkey PRIMARY KEY (id),
  constraint version_role_check CHECK ((role = ANY (ARRAY['champion'::text, 'challenger'::text, 'archived'::text])))
);
CREATE UNIQUE INDEX version_creation_key ON aftercare.version USING btree (model_id, creation_key) WHERE (creation_key IS NOT NULL);

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
