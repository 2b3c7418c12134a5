-- The chain of deeds. A transaction writes in one stream, chosen by its number: it locks one head, so two deeds of
-- two transactions never wait for each other in a circle. Recipe 1: sha256 of the previous hash and the row as text.

create or replace function audit_recipe_1(d audit_deed) returns bytea language sql immutable as $$
    select sha256(d.previous || convert_to(jsonb_build_array(
        d.stream, d.seq, to_char(d.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), d.actor_kind, d.actor_id,
        d.actor_label, d.verb, d.subject, d.person_id, d.crous_id, d.reason, d.details, d.recipe)::text, 'UTF8'))
$$;

create or replace function audit_chain() returns trigger language plpgsql security definer set search_path = public as $$
begin
    new.stream := (pg_current_xact_id()::text::bigint % 64)::smallint;
    update audit_head set seq = seq + 1 where stream = new.stream returning seq, hash into new.seq, new.previous;
    if not found then
        insert into audit_head (stream, seq, hash) values (new.stream, 1, '') on conflict (stream) do nothing;
        if found then
            new.seq := 1;
            new.previous := '';
        else
            update audit_head set seq = seq + 1 where stream = new.stream returning seq, hash into new.seq, new.previous;
        end if;
    end if;
    new.recipe := 1;
    new.hash := audit_recipe_1(new);
    update audit_head set hash = new.hash where stream = new.stream;
    return new;
end $$;

create or replace function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger audit_deed_chain before insert on audit_deed for each row execute function audit_chain();
create trigger audit_deed_kept before update or delete on audit_deed for each row execute function audit_refuse();
create trigger audit_deed_whole before truncate on audit_deed for each statement execute function audit_refuse();
create trigger audit_read_kept before update or delete on audit_read for each row execute function audit_refuse();
create trigger audit_read_whole before truncate on audit_read for each statement execute function audit_refuse();

create or replace function audit_record(
    at timestamptz, actor_kind text, actor_id bigint, actor_label text, verb text, subject text,
    person_id bigint, crous_id int, reason text, details jsonb) returns void language sql as $$
    insert into audit_deed (stream, seq, at, actor_kind, actor_id, actor_label, verb, subject, person_id, crous_id,
                            reason, details, recipe, previous, hash)
    values (0, 0, at, actor_kind, actor_id, actor_label, verb, subject, person_id, coalesce(crous_id, 0),
            reason, details, 1, '', '')
$$;

-- Breaks of the chain: a hash that the row does not give, a previous that is not the one before, a hole, a cut tail.
create or replace function audit_breaks() returns bigint language sql stable security definer set search_path = public as $$
    select (select count(*) from (
                select d.*, lag(d.hash, 1, ''::bytea) over w as before, lag(d.seq, 1, 0::bigint) over w as place_before
                from audit_deed d window w as (partition by d.stream order by d.seq)) c
            where c.previous <> c.before or c.seq <> c.place_before + 1
               or c.hash <> audit_recipe_1((c.id, c.stream, c.seq, c.at, c.actor_kind, c.actor_id, c.actor_label, c.verb,
                    c.subject, c.person_id, c.crous_id, c.reason, c.details, c.recipe, c.previous, c.hash)::audit_deed))
         + (select count(*) from audit_head h
            left join lateral (select hash, seq from audit_deed d where d.stream = h.stream order by seq desc limit 1) t on true
            where t.hash is distinct from h.hash or t.seq is distinct from h.seq)
$$;
