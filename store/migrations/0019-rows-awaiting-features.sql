-- Rows that a challenger sent without features and whose champion's row has not come yet. None: the champion's appends need not look for them.
alter table aftercare.version add column rows_awaiting_features bigint not null default 0;
-- Of those that are there it was not counted: as many as there may be.
update aftercare.version set rows_awaiting_features = 9007199254740991 where role = 'challenger';
