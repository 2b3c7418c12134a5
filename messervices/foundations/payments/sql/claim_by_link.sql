-- Claiming an outside event, and locking what it speaks of, in one call: the order first, then the attempt, as everybody
-- who locks both. No row: the event was claimed before. A row without attempt_id: we know no such attempt. A payer's link
-- changes under its order's lock alone: where it stands is read here for the whole transaction. Another name than that of
-- claim.sql, which the release before still calls while this one is put in its place.
create or replace function payments_claim_event(the_event bigint, now timestamptz)
    returns table (
        rail text, facts jsonb, attempt_id bigint, attempt_status text, attempt_cents bigint, order_id bigint,
        order_status text, order_cents bigint, number text, kind text, reference text, person_id bigint, crous_id int,
        credit_account text, label text, link_id bigint, link_status text)
    language plpgsql as $$
#variable_conflict use_column
declare
    the_order bigint;
begin
    update payments_outsideevent e set status = 'done', read_at = now
     where e.id = the_event and e.status = 'new' returning e.rail, e.facts into payments_claim_event.rail, payments_claim_event.facts;
    if not found then
        return;
    end if;
    select a.order_id into the_order from payments_attempt a
     where a.number = payments_claim_event.facts ->> 'number' and a.rail = payments_claim_event.rail;
    if the_order is null then
        return next;
        return;
    end if;
    perform from payments_order o where o.id = the_order for update;
    return query
    select payments_claim_event.rail, payments_claim_event.facts, a.id, a.status::text, a.amount_cents, o.id, o.status::text,
           o.amount_cents, o.number::text, o.kind::text, o.reference::text, o.person_id, o.crous_id::int,
           o.credit_account::text, o.label::text, l.id, l.status::text
      from payments_attempt a join payments_order o on o.id = a.order_id left join payments_payerlink l on l.id = a.link_id
     where a.number = payments_claim_event.facts ->> 'number' for update of a;
end $$;
