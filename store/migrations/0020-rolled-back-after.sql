-- The ledger's last batch when the version before was put in charge again, as promoted_after is for a promotion: figures mark the first chunk that came since. Null: not rolled back, or before this was kept.
alter table aftercare.challenge add column rolled_back_after bigint;
