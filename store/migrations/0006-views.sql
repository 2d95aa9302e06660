-- Views that other tools may rely on (BI, Python, R): their columns stay. What they show is what `aftercare results` shows.

create view aftercare.result as
select mo.name as model, ve.number as version, m.calculator, m.metric, m.column_name as "column", c.segment, c.period,
  c.key as chunk, c.start_at, c.end_at, c.rows, c.targets, c.complete, c.final,
  m.value, m.sampling_error, m.band_lower, m.band_upper, j.lower as lower_threshold, j.upper as upper_threshold, j.alert, m.reason,
  m.engine_version, m.data_revision, m.revision
from aftercare.model mo
join aftercare.version ve on ve.id = mo.champion_version_id
join aftercare.in_force f on f.version_id = ve.id
join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and not c.vanished
join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.calculator = f.calculator and m.current
left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
where mo.state <> 'deleted';

comment on view aftercare.result is 'Current measurements of the version in charge, with the thresholds in force: one line per series and chunk.';

create view aftercare.receipt as
select mo.name as model, ve.number as version, b.number, b.kind, b.key, b.rows_read, b.rows_accepted, b.rows_duplicate, b.rows_quarantined, b.first_at, b.last_at, b.committed_at, b.by
from aftercare.batch b
join aftercare.model mo on mo.id = b.model_id
join aftercare.version ve on ve.id = b.version_id
where mo.state <> 'deleted';

comment on view aftercare.receipt is 'The ledger: every batch that was accepted, in order of its number.';
