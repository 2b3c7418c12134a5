-- Where somebody stands for a year, as the tile of the home says it: the acquittement's status, and the facts it rests on.
-- A function, because the server keeps its plan. Row-level security holds: it has no rights of its own.
create function cvec_standing(whose bigint, starting int, kinds text[]) returns text
language plpgsql stable as $$
begin
    return json_build_object(
      'status', (select status from cvec_acquittement
          where person_id = whose and year_start = starting and status <> 'cancelled'),
      'facts', (select coalesce(json_object_agg(kind, value), '{}') from students_fact
          where person_id = whose and year_start = starting and superseded_at is null and kind = any(kinds))
    )::text;
end $$;
