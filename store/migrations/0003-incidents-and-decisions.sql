-- What alerts become: incidents by natural identity, questions to people, notifications.

create table aftercare.incident (
  id            bigint generated always as identity primary key,
  model_id      integer not null references aftercare.model (id),
  version_id    integer not null references aftercare.version (id),
  kind          text not null,
  cause         text not null,
  opening_chunk text not null,
  last_chunk    text not null,
  chunk_count   integer not null,
  ongoing       boolean not null,
  state         text not null default 'open' check (state in ('open', 'acknowledged', 'resolved', 'withdrawn')),
  opened_by_run integer not null,
  opened_at     timestamptz not null,
  changed_at    timestamptz not null,
  unique (version_id, kind, cause, opening_chunk)
);

create table aftercare.decision (
  id           text primary key,                                             -- <model id>/<kind>/<cause>/<opening chunk>/<n>
  model_id     integer not null references aftercare.model (id),
  incident_id  bigint not null references aftercare.incident (id),
  n            integer not null default 1,
  question     text not null,
  options      text[] not null,
  state        text not null default 'waiting' check (state in ('waiting', 'answered', 'defaulted', 'withdrawn')),
  answer       text,
  answered_by  text,
  note         text,
  workflow_id  text not null,
  asked_at     timestamptz not null,
  deadline_at  timestamptz not null,
  answered_at  timestamptz,
  unique (incident_id, n)
);
create index decision_model on aftercare.decision (model_id, state);

-- One intent per event and recipient; sent at least once, with a stable id by which the receiver tells a repeat.
create table aftercare.notification (
  id         text primary key,
  model_id   integer not null references aftercare.model (id),
  kind       text not null,
  recipient  text not null,
  subject    text not null,
  state      text not null default 'intended' check (state in ('intended', 'sent', 'failed')),
  attempts   integer not null default 0,
  last_error text,
  created_at timestamptz not null,
  sent_at    timestamptz
);
