-- The ledger's last batch when the version was put in charge: what came before is no news to whoever put it there. Null: promoted before this was kept.
alter table aftercare.challenge add column promoted_after bigint;
