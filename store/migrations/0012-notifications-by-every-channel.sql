-- Notifications by every channel: what is told by which channel, when it may go out, how it ended, and what is needed to send it again.
alter table aftercare.notification
  -- Name of a channel in the model's settings; '' when people were named by address.
  add column channel text not null default '',
  add column medium text not null default 'email' check (medium in ('email', 'webhook', 'slack')),
  add column topic text not null default 'decision',
  add column severity text not null default 'warning',
  add column notice jsonb,
  add column due_at timestamptz,
  add column give_up_at timestamptz,
  -- Collected with others of the same key.
  add column digest text,
  -- The first of those that went out together: what was claimed for one message stays one message.
  add column digest_part text,
  drop constraint notification_state_check,
  add constraint notification_state_check check (state in ('intended', 'sent', 'failed', 'dead', 'withdrawn'));

create index notification_digest on aftercare.notification (digest) where digest is not null;
create index notification_model on aftercare.notification (model_id, created_at);
