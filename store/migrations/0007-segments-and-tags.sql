-- Segments: parts of the rows that are populations of their own, each with chunks, values and incidents. Tags: words by which people find models, versions and results.

-- How often the values of a column stand in a reference; counted once, because the segments of a model follow from it in every run.
create table aftercare.segment_values (
  version_id         integer not null references aftercare.version (id),
  reference_revision integer not null,
  column_name        text not null,
  counts             jsonb not null,                                         -- domain/segment.ts ValueCounts
  primary key (version_id, reference_revision, column_name)
);

alter table aftercare.incident add column segment text not null default '';
alter table aftercare.incident drop constraint incident_version_id_kind_cause_opening_chunk_key;
alter table aftercare.incident add constraint incident_identity unique (version_id, segment, kind, cause, opening_chunk);

-- What a run has to say beside its failures: values left out of the segments, values that only the analysis has.
alter table aftercare.run add column notes jsonb not null default '[]';
alter table aftercare.run_part add column new_values jsonb not null default '[]';

alter table aftercare.model add column tags text[] not null default '{}';
alter table aftercare.version add column tags text[] not null default '{}';

-- Results carry the tags of their model and of their version.
create or replace view aftercare.result as
select mo.name as model, ve.number as version, m.calculator, m.metric, m.column_name as "column", c.segment, c.period,
  c.key as chunk, c.start_at, c.end_at, c.rows, c.targets, c.complete, c.final,
  m.value, m.sampling_error, m.band_lower, m.band_upper, j.lower as lower_threshold, j.upper as upper_threshold, j.alert, m.reason,
  m.engine_version, m.data_revision, m.revision, tagged.tags
from aftercare.model mo
join aftercare.version ve on ve.id = mo.champion_version_id
cross join lateral (select array(select distinct tag from unnest(mo.tags || ve.tags) as tag order by tag) as tags) tagged
join aftercare.in_force f on f.version_id = ve.id
join aftercare.chunk c on c.version_id = f.version_id and c.segment = f.segment and c.scheme = f.scheme and not c.vanished
join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.calculator = f.calculator and m.current
left join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key
where mo.state <> 'deleted';
