-- What the signed-in home shows of a person, as one JSON text: messages, deeds, facts and number.
-- A function, because the server keeps its plan: planning took five times as long as reading. It runs with the rights
-- and in the scope of whoever calls it: row-level security holds.
create function portal_home(whose bigint, verbs text[], kinds text[], holding text[]) returns text
language plpgsql stable as $$
begin
    return json_build_object(
      'unread', (select count(*) from notifications_message where person_id = whose and read_at is null),
      'messages', (select coalesce(json_agg(m), '[]') from (
          select id, kind, params::text, created_at, read_at is null as unread
          from notifications_message where person_id = whose order by created_at desc, id desc limit 3) m),
      'deeds', (select coalesce(json_agg(d), '[]') from (
          select at, verb, reason, details, actor_kind from audit_deed
          where person_id = whose and verb = any(verbs) order by at desc, id desc limit 4) d),
      'facts', (select coalesce(json_agg(f), '[]') from (
          select kind, value, source, known_at, year_start from students_fact
          where person_id = whose and superseded_at is null and kind = any(kinds)
          order by year_start desc nulls last limit 3) f),
      'ine', (select row_to_json(i) from (
          select value, status, source, known_at from students_identifier
          where person_id = whose and status = any(holding) limit 1) i)
    )::text;
end $$;
