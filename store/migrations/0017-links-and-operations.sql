-- Links that were used: a signed token allows one use, and this is where it is noted. `answer` is a hash of what was sent, so that the same message once more is told from another one.
create table aftercare.token_use (
  token_hash bytea primary key,
  use text not null,
  model_id integer,
  subject text not null,
  by text not null,
  answer bytea,
  outcome jsonb not null default '{}'::jsonb,
  used_at timestamptz not null default clock_timestamp()
);

-- What the metrics' page counts every few seconds, whatever the tables have grown to.
create index run_open on aftercare.run (state) where state in ('scheduled', 'running');
create index run_finished on aftercare.run (finished_at) where finished_at is not null;
create index decision_waiting on aftercare.decision (subject, asked_at) where state = 'waiting';
create index notification_undelivered on aftercare.notification (state) where state in ('intended', 'failed', 'dead');
