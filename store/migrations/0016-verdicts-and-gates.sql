-- What a comparison of two versions found at a state of the data, and what was answered before a batch's predictions were used.

create table aftercare.verdict (
  model_id   integer not null references aftercare.model (id),
  challenge  integer not null,                                               -- 0: asked for by a person, outside of a challenge
  challenger integer not null,                                               -- version numbers
  champion   integer not null,
  horizon    bigint not null,                                                -- ledger number up to which rows and targets were seen
  judgement  text not null check (judgement in ('better', 'worse', 'equivalent', 'not yet')),
  body       jsonb not null,                                                 -- domain/challenge.ts Verdict
  seq        bigint generated always as identity,
  primary key (model_id, challenge, challenger, champion, horizon)
);
create index verdict_newest on aftercare.verdict (model_id, challenger, seq);

create table aftercare.gate (
  model_id       integer not null references aftercare.model (id),
  batch          text not null,                                              -- the batch's key
  answer         text not null check (answer in ('pass', 'hold', 'cannot know')),
  state          text not null check (state in ('passed', 'held', 'released', 'rejected', 'unknown')),
  rule           jsonb not null,                                             -- domain/gate.ts GateRule
  value          double precision,
  sampling_error double precision,
  lower          double precision,
  upper          double precision,
  rows           bigint not null,
  text           text not null,
  asked_by       text not null,
  asked_at       timestamptz not null,
  decided_by     text,
  note           text,
  decided_at     timestamptz,
  decision_id    text,
  primary key (model_id, batch)
);
