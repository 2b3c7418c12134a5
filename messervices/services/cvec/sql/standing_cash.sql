-- Where somebody stands for a year, and the notice that they may still pay at a post office. Replaces standing.sql's.
create or replace function cvec_standing(whose bigint, starting int, kinds text[]) returns text
language plpgsql stable as $$
begin
    return json_build_object(
      'status', (select status from cvec_acquittement
          where person_id = whose and year_start = starting and status <> 'cancelled'),
      'facts', (select coalesce(json_object_agg(kind, value), '{}') from students_fact
          where person_id = whose and year_start = starting and superseded_at is null and kind = any(kinds)),
      'notice', (select json_build_array(n.uuid, n.valid_until) from cvec_acquittement a
          join cash_notice n on n.order_id = a.order_id and n.status = 'open'
          where a.person_id = whose and a.year_start = starting and a.status = 'awaiting_payment')
    )::text;
end $$;
