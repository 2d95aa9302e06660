-- A verdict tells the region of practical equivalence that it was judged by; older ones were judged by their model's setting, or 0.01.
with judged as (
  select v.model_id, v.challenge, v.challenger, v.champion, v.horizon, v.body, jsonb_build_object('rope', coalesce(m.settings #> '{challenge,rope}', '0.01')) as rope
  from aftercare.verdict v join aftercare.model m on m.id = v.model_id
  where not v.body -> 'comparison' ? 'rope')
update aftercare.verdict v
set body = j.body || jsonb_build_object(
  'comparison', (j.body -> 'comparison') || j.rope,
  'segments', (select coalesce(jsonb_object_agg(s.key, s.value || j.rope), '{}') from jsonb_each(j.body -> 'segments') s))
from judged j
where (v.model_id, v.challenge, v.challenger, v.champion, v.horizon) = (j.model_id, j.challenge, j.challenger, j.champion, j.horizon);
