-- Keys and addresses that must not stand in settings, histories or logs. 'signing' is ours: links and callbacks are signed with it. The others are named by people.
create table aftercare.secret (
  name text primary key,
  value bytea not null,
  changed_at timestamptz not null default now(),
  changed_by text not null
);
