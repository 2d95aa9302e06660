-- Retrainings: asked for, approved, trained by the user's own code, ended once with a new version or a reason.
create table aftercare.retraining (
  model_id     integer not null references aftercare.model (id),
  number       integer not null,                                             -- from 1 within the model, given by its lifecycle
  key          text not null,                                                -- of the request
  state        text not null default 'asked' check (state in ('asked', 'training', 'completed', 'rejected', 'failed', 'cancelled')),
  trigger      text not null check (trigger in ('incident', 'policy', 'schedule', 'manual')),
  requested_by text not null,
  reason       text not null,
  incident     text,                                                         -- its text id
  approved_by  text,
  champion     integer,                                                      -- number of the version in charge when the training began
  version      integer,                                                      -- number of the version that it made
  failure      text,
  asked_at     timestamptz not null,
  started_at   timestamptz,
  finished_at  timestamptz,
  primary key (model_id, number),
  check ((state = 'completed') = (version is not null))
);
