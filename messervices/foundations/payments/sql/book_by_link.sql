-- Booking money in one call. Run by actions.settle, inside its transaction, with the order and the attempt locked.

-- Gives the capture's number, or null when this transaction of the bank was booked before: then nothing changes but the
-- event. A surplus (the order is not open, or the payer's link has ended) touches the attempt alone, and queues its way
-- back. Once the order is paid its live link ends too: paid, or cancelled when the money did not come by it.
create or replace function payments_book(
    the_event bigint, the_attempt bigint, the_rail text, the_tx text, cents bigint, why_surplus text,
    taken timestamptz, booked timestamptz) returns bigint language plpgsql as $$
declare
    written bigint;
begin
    insert into payments_capture (order_id, attempt_id, event_id, person_id, crous_id, rail, rail_tx_id, amount_cents,
        surplus, taken_at, booked_at)
    select a.order_id, a.id, the_event, a.person_id, a.crous_id, the_rail, the_tx, cents, why_surplus <> '', taken, booked
      from payments_attempt a where a.id = the_attempt
    on conflict do nothing returning id into written;

    if written is null then
        -- Only the same transaction may conflict. Anything else is a bug, and must not pass for a repetition.
        perform 1 from payments_capture where rail = the_rail and rail_tx_id = the_tx;
        if not found then
            raise exception 'capture %:% conflicts with another', the_rail, the_tx
                using errcode = 'integrity_constraint_violation';
        end if;
        update payments_outsideevent e set status = 'done', effect = 'repeated', attempt_id = a.id,
            person_id = a.person_id, crous_id = a.crous_id
          from payments_attempt a where e.id = the_event and a.id = the_attempt;
        return null;
    end if;

    update payments_attempt set status = 'captured', ended_at = coalesce(ended_at, booked), ask_at = null
     where id = the_attempt;
    if why_surplus = '' then
        update payments_order o set status = 'paid', captured_cents = cents, paid_at = booked
          from payments_attempt a where a.id = the_attempt and o.id = a.order_id and o.status = 'open';
        if not found then
            raise exception 'order of attempt % is not open', the_attempt using errcode = 'integrity_constraint_violation';
        end if;
        update payments_payerlink l set status = case when l.id = a.link_id then 'paid' else 'cancelled' end,
            ended_at = booked
          from payments_attempt a where a.id = the_attempt and l.order_id = a.order_id and l.status in ('open', 'accepted');
    else
        insert into payments_refund (capture_id, person_id, crous_id, amount_cents, reason, status, rail_tx_id, detail,
            queued_at)
        select c.id, c.person_id, c.crous_id, c.amount_cents, why_surplus, 'queued', '', '', booked
          from payments_capture c where c.id = written;
    end if;
    update payments_outsideevent e set status = 'done', effect = case when why_surplus = '' then 'captured' else 'surplus' end,
        attempt_id = a.id, person_id = a.person_id, crous_id = a.crous_id
      from payments_attempt a where e.id = the_event and a.id = the_attempt;
    return written;
end $$;
