-- Posting in one call: the key settles every race, the trigger moves the balances, nothing is ever edited.

create or replace function ledger_account(wanted text) returns bigint language plpgsql as $$
declare found_id bigint;
begin
    select id into found_id from ledger_account where path = wanted;
    if found_id is null then
        insert into ledger_account (path) values (wanted) on conflict (path) do nothing returning id into found_id;
        if found_id is null then
            select id into found_id from ledger_account where path = wanted;
        end if;
    end if;
    return found_id;
end $$;

-- True when the transfer was written now, false when the key had already moved the same money.
-- Another amount or other accounts under a known key is a bug of the caller, and raises.
create or replace function ledger_post(
    new_key text, debit_path text, credit_path text, cents bigint, moved_at timestamptz, why text, mirrored bigint)
    returns boolean language plpgsql as $$
declare
    debit_account bigint := ledger_account(debit_path);
    credit_account bigint := ledger_account(credit_path);
    written bigint;
begin
    insert into ledger_transfer (key, debit_id, credit_id, amount_cents, at, reason, mirrors_id)
    values (new_key, debit_account, credit_account, cents, moved_at, why, mirrored)
    on conflict (key) do nothing returning id into written;
    if written is not null then
        return true;
    end if;
    perform 1 from ledger_transfer
      where key = new_key and debit_id = debit_account and credit_id = credit_account and amount_cents = cents;
    if not found then
        raise exception 'ledger key % already moved other money', new_key using errcode = 'integrity_constraint_violation';
    end if;
    return false;
end $$;

create or replace function ledger_move() returns trigger language plpgsql security definer set search_path = public as $$
declare mine smallint := (pg_backend_pid() % 16)::smallint;
begin
    -- Always the lower account first: two transfers crossing each other must not wait in a circle.
    insert into ledger_balance (account_id, shard, cents)
    select account_id, mine, cents from (values
        (new.debit_id, -new.amount_cents), (new.credit_id, new.amount_cents)) as moved (account_id, cents)
    order by account_id
    on conflict (account_id, shard) do update set cents = ledger_balance.cents + excluded.cents;
    return null;
end $$;

create or replace function ledger_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only ever added to: write the mirror' using errcode = 'restrict_violation';
end $$;

create trigger ledger_transfer_move after insert on ledger_transfer for each row execute function ledger_move();
create trigger ledger_transfer_kept before update or delete on ledger_transfer for each row execute function ledger_refuse();
create trigger ledger_transfer_whole before truncate on ledger_transfer for each statement execute function ledger_refuse();
