-- Facts and claims, each settled by one statement.

-- A new value supersedes the current one; the same value from the same source changes nothing. True when written.
create or replace function students_record_fact(
    who bigint, what text, which smallint, val jsonb, origin text, how_sure text, since timestamptz, why text,
    proof bigint) returns boolean language plpgsql as $$
begin
    perform 1 from students_fact where person_id = who and kind = what and year_start is not distinct from which
        and superseded_at is null and value = val and source = origin and certainty = how_sure;
    if found then
        return false;
    end if;
    update students_fact set superseded_at = since
      where person_id = who and kind = what and year_start is not distinct from which and superseded_at is null;
    insert into students_fact (person_id, kind, year_start, value, source, certainty, known_at, reason, paper_id)
    values (who, what, which, val, origin, how_sure, since, why, proof);
    return true;
end $$;

-- Claim a number: held by the person when nobody holds it, disputed otherwise. Sixty-four claims at once: one holder.
create or replace function students_claim(
    who bigint, how text, num text, wanted text, origin text, since timestamptz) returns text language plpgsql as $$
declare given text;
begin
    insert into students_identifier (person_id, scheme, value, status, source, known_at)
    values (who, how, num, wanted, origin, since)
    on conflict (value) where status in ('declared', 'to_verify', 'verified') do nothing
    returning status into given;
    if given is null then
        insert into students_identifier (person_id, scheme, value, status, source, known_at)
        values (who, how, num, 'disputed', origin, since) returning status into given;
    end if;
    return given;
end $$;

create sequence if not exists students_provisional_serial;
