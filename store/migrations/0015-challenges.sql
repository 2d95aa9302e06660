-- Challenges: a version that answers beside the one in charge, or that a person puts in charge; how far it came, and how it ended. A change of the version in charge is one
-- row's `promoted_at` or `rolled_back_at`: a retried promotion finds it there.
create table aftercare.challenge (
  model_id           integer not null references aftercare.model (id),
  number             integer not null,                                       -- from 1 within the model, given by its lifecycle
  mode               text not null check (mode in ('challenge', 'promotion', 'rollback')),
  state              text not null check (state in ('shadow', 'deciding', 'switching', 'probation', 'kept', 'rolled_back', 'closed', 'failed', 'cancelled')),
  version_id         integer not null references aftercare.version (id),     -- that is, or is to be, in charge
  against_version_id integer not null references aftercare.version (id),     -- that it would replace, or replaced
  judgement          text check (judgement in ('better', 'worse', 'equivalent', 'not yet')),
  note               text,
  requested_by       text not null,
  reason             text not null,
  approved_by        text,
  started_at         timestamptz not null,
  changed_at         timestamptz not null,
  promoted_at        timestamptz,
  rolled_back_at     timestamptz,
  finished_at        timestamptz,
  primary key (model_id, number)
);
create index challenge_version on aftercare.challenge (version_id);
create index challenge_against on aftercare.challenge (against_version_id);
