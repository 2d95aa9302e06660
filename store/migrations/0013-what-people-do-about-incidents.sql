-- What people and time did about an incident, beside what its judgements say: its state is a function of both. What was done, in order, is kept.

alter table aftercare.incident drop constraint incident_state_check;
alter table aftercare.incident add constraint incident_state_check check (state in ('open', 'acknowledged', 'snoozed', 'resolved', 'withdrawn'));

alter table aftercare.incident
  -- The part of the state that is people's and the clock's; the judgements' part is `ongoing` and whether the span is there.
  add column handling text not null default 'open' check (handling in ('open', 'acknowledged', 'snoozed', 'resolved')),
  add column acknowledged_by text,
  add column acknowledged_at timestamptz,
  add column snoozed_until timestamptz,
  add column escalated_at timestamptz,
  add column resolved_by text,
  add column resolved_at timestamptz,
  add column note text,
  add column text text,                                                      -- one sentence for people; null: nobody has written it yet
  add column severity text check (severity in ('info', 'warning', 'critical')), -- null: as its kind says
  -- Attention comes in rounds: named to the lifecycle, taken up by a workflow, closed by it. A span that comes back after that begins another round.
  add column round integer not null default 1,
  add column announced boolean not null default false,
  add column attended_at timestamptz,
  add column closed_at timestamptz;

update aftercare.incident i set handling = 'acknowledged'
where exists (select 1 from aftercare.decision d where d.incident_id = i.id and d.state in ('answered', 'defaulted'));

-- Few incidents are under attention at a time, however many there ever were.
create index incident_waiting on aftercare.incident (model_id) where state = 'open';
create index incident_attention on aftercare.incident (model_id) where announced;

create table aftercare.incident_act (
  id               bigint generated always as identity primary key,
  incident_id      bigint not null references aftercare.incident (id),
  key              text not null unique,                                     -- the same act again is no second one
  act              text not null check (act in ('opened', 'acknowledged', 'snoozed', 'reopened', 'escalated', 'resolved', 'ended', 'resolution', 'refused')),
  by               text not null,
  note             text,
  until            timestamptz,
  resolution       text check (resolution in ('rebalance', 'engineer_features', 'retrain', 'fine_tune', 'anomaly_detection', 'ask_expert')),
  resolution_state text check (resolution_state in ('begun', 'done', 'failed')),
  at               timestamptz not null
);
create index incident_act_incident on aftercare.incident_act (incident_id, id);
