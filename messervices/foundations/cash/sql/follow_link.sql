-- A payer's link is made for an order: another means is begun, and a notice still open is given up, as it is by a card.
create or replace function cash_link_made() returns trigger language plpgsql as $$
begin
    update cash_notice set status = 'cancelled', ending = 'other_means', ended_at = new.opened_at
     where order_id = new.order_id and status = 'open';
    return null;
end $$;
create or replace trigger cash_link_made after insert on payments_payerlink
    for each row execute function cash_link_made();
