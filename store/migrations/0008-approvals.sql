-- Questions about more than incidents: approvals of a retraining, a promotion, a gate; and who may answer. Versions say what they are made of; a batch says whether its
-- version was in charge when it was committed.
alter table aftercare.decision
  alter column incident_id drop not null,
  add column subject text not null default 'incident' check (subject in ('incident', 'retraining', 'promotion', 'gate')),
  add column approvers text[] not null default '{}',
  add constraint decision_incident_subject check ((incident_id is not null) = (subject = 'incident'));

alter table aftercare.version
  add column provenance jsonb not null default '{}'::jsonb,
  add column creation_key text;
create unique index version_creation_key on aftercare.version (model_id, creation_key) where creation_key is not null;

-- Rows of a version that is not in charge: they count for its comparison, not for monitoring.
alter table aftercare.batch add column shadow boolean not null default false;

create index audit_at on aftercare.audit (at);

-- An entry that a retried activity writes is written once.
alter table aftercare.audit add column key text;
create unique index audit_key on aftercare.audit (key) where key is not null;
