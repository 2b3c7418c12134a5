-- A notice follows its order, in the transaction that moves the order, whoever moves it.
--
-- Payments stands below this room and does not know it: a card tried, an exemption granted, a bank's notice read must all
-- end a notice that is still open, at that very instant and without one query more in the path of a payment. So the
-- database does it. The caller's own scope is in force: whoever may move the order may see its notice.

-- Another means is begun: the notice is given up. Money that still comes for it is booked as all money is.
create or replace function cash_other_means() returns trigger language plpgsql as $$
begin
    update cash_notice set status = 'cancelled', ending = 'other_means', ended_at = new.begun_at
     where order_id = new.order_id and status = 'open';
    return null;
end $$;
create or replace trigger cash_other_means after insert on payments_attempt
    for each row when (new.rail <> 'eficash') execute function cash_other_means();

-- The order moves: paid (by this notice, whatever had become of it, or otherwise), withdrawn, of another amount, or at
-- another Crous.
create or replace function cash_follow_order() returns trigger language plpgsql as $$
declare
    paying text;
begin
    if new.status = 'paid' and old.status <> 'paid' then
        select a.number into paying from payments_capture c join payments_attempt a on a.id = c.attempt_id
         where c.order_id = new.id and not c.surplus and c.rail = 'eficash';
        update cash_notice set
               status = case when reference = paying then 'paid' else 'cancelled' end,
               ending = case when reference = paying then '' else 'paid_otherwise' end,
               ended_at = new.paid_at
         where order_id = new.id and (status = 'open' or reference = paying);
    elsif new.status = 'cancelled' and old.status <> 'cancelled' then
        update cash_notice set status = 'cancelled', ending = 'not_due', ended_at = new.cancelled_at
         where order_id = new.id and status = 'open';
    end if;
    if new.amount_cents <> old.amount_cents then
        update cash_notice set status = 'cancelled', ending = 'amount_changed', ended_at = statement_timestamp()
         where order_id = new.id and status = 'open';
    end if;
    if new.crous_id <> old.crous_id then
        update cash_notice set crous_id = new.crous_id where order_id = new.id;
        update cash_line l set crous_id = new.crous_id from cash_notice n where n.order_id = new.id and l.notice_id = n.id;
    end if;
    return null;
end $$;
create or replace trigger cash_follow_order after update of status, amount_cents, crous_id on payments_order
    for each row execute function cash_follow_order();
