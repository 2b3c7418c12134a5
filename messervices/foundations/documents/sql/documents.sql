-- What the database itself guarantees of papers: they never change, their files belong to them, their hash can be
-- computed again without the application.

create or replace function documents_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a document is cancelled, never deleted' using errcode = 'restrict_violation';
    end if;
    if old.cancelled_at is not null then
        raise exception 'document % is cancelled: nothing more happens to it', old.number using errcode = 'restrict_violation';
    end if;
    if (to_jsonb(new) - 'cancelled_at' - 'cancel_reason') <> (to_jsonb(old) - 'cancelled_at' - 'cancel_reason') then
        raise exception 'document % never changes after issue', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function documents_file_kept() returns trigger language plpgsql as $$
begin
    raise exception 'a sealed file is never changed nor deleted' using errcode = 'restrict_violation';
end $$;

create trigger documents_document_kept before update or delete on documents_document
    for each row execute function documents_kept();
create trigger documents_file_kept before update or delete on documents_documentfile
    for each row execute function documents_file_kept();
create trigger documents_paper_kept before update on documents_paper
    for each row execute function documents_file_kept();

-- A file has the person and the Crous of its document: the fence around the one is the fence around the other.
alter table documents_document add constraint document_whose unique (id, person_id, crous_id);
alter table documents_documentfile add constraint document_file_whose
    foreign key (document_id, person_id, crous_id) references documents_document (id, person_id, crous_id);

-- These bytes are compressed already.
alter table documents_documentfile alter column pdf set storage external;
alter table documents_paper alter column content set storage external;

-- The canonical writing of contents, as rules.canonical writes it: keys in the order of their bytes, no blanks. It calls
-- itself for what is nested only: most contents are flat, and the audit writes millions of them.
create or replace function documents_canonical(value jsonb) returns text language plpgsql immutable strict as $$
declare written text;
begin
    if jsonb_typeof(value) = 'object' then
        select '{' || coalesce(string_agg(to_json(key)::text || ':' || case
                when jsonb_typeof(inside.value) in ('object', 'array') then documents_canonical(inside.value)
                else inside.value::text end, ',' order by key collate "C"), '') || '}'
            into written from jsonb_each(value) as inside;
    elsif jsonb_typeof(value) = 'array' then
        select '[' || coalesce(string_agg(documents_canonical(inside.value), ',' order by place), '') || ']'
            into written from jsonb_array_elements(value) with ordinality as inside (value, place);
    else
        written := value::text;
    end if;
    return written;
end $$;

create or replace function documents_sha256(contents jsonb) returns bytea language sql immutable strict as $$
    select sha256(convert_to(documents_canonical(contents), 'UTF8'))
$$;
