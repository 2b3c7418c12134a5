-- What the database itself guarantees of files handed in: nothing can be read without a clean verdict, nothing that was
-- settled comes back, what was shredded stays shredded, and every part belongs to one person.

drop trigger documents_paper_kept on documents_paper;

-- Papers of before there was a quarantine go into it: their bytes wait for a verdict as everybody's do.
do $$
declare one record; folder bigint; handed_in bigint;
begin
    perform set_config('app.crous', (select array_agg(place)::text from generate_series(0, 99) place), true);
    for one in select p.*, coalesce(s.crous_ids[1], 0) as office
                 from documents_paper p join students_person s on s.id = p.person_id loop
        insert into documents_folder (subject, person_id, crous_id)
            values ('desk.paper:' || one.id, one.person_id, one.office) returning id into folder;
        insert into documents_upload (uuid, folder_id, person_id, crous_id, slot, identity, purpose, name, status, reason,
                                      raw, size, sha256, received_at, shred_on)
            values (gen_random_uuid(), folder, one.person_id, one.office, 'proof', false, '', one.name, 'received', '',
                    one.content, one.size, one.sha256, one.received_at, current_date + 183) returning id into handed_in;
        update documents_paper set upload_id = handed_in, content = null where id = one.id;
    end loop;
    perform set_config('app.crous', '', true);
end $$;
set constraints all immediate;

-- One statement cannot read a paper before its upload is clean: the bytes are refused.
create function documents_paper_readable() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.shredded_at is not null then
            raise exception 'paper % is shredded', old.id using errcode = 'restrict_violation';
        end if;
        if old.content is not null and new.content is not null then
            raise exception 'the bytes of a paper never change' using errcode = 'restrict_violation';
        end if;
        if (new.upload_id, new.person_id, new.uuid, new.received_at)
           is distinct from (old.upload_id, old.person_id, old.uuid, old.received_at) then
            raise exception 'paper % stays whose it is', old.id using errcode = 'restrict_violation';
        end if;
    end if;
    if new.content is not null
       and not exists (select from documents_upload where id = new.upload_id and status = 'clean') then
        raise exception 'no paper without a clean verdict' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create function documents_upload_kept() returns trigger language plpgsql as $$
begin
    if (new.uuid, new.folder_id, new.person_id, new.crous_id, new.slot, new.identity, new.size, new.sha256, new.received_at)
       is distinct from
       (old.uuid, old.folder_id, old.person_id, old.crous_id, old.slot, old.identity, old.size, old.sha256, old.received_at)
    then
        raise exception 'upload % stays what it is', old.id using errcode = 'restrict_violation';
    end if;
    if old.raw is null and new.raw is not null or old.raw is distinct from new.raw and new.raw is not null then
        raise exception 'quarantine is entered once' using errcode = 'restrict_violation';
    end if;
    if new.status is distinct from old.status and not (
        old.status in ('received', 'checking')
        or old.status = 'clean' and new.status in ('replaced', 'withdrawn', 'shredded')
        or old.status = 'refused' and new.status in ('replaced', 'withdrawn', 'shredded')
        or old.status in ('replaced', 'withdrawn') and new.status = 'shredded'
    ) then
        raise exception 'upload % does not go from % to %', old.id, old.status, new.status
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger documents_paper_kept before insert or update on documents_paper
    for each row execute function documents_paper_readable();
create trigger documents_upload_kept before update on documents_upload
    for each row execute function documents_upload_kept();

alter table documents_folder add constraint folder_whose unique (id, person_id, crous_id);
alter table documents_upload add constraint upload_folder_whose
    foreign key (folder_id, person_id, crous_id) references documents_folder (id, person_id, crous_id);
alter table documents_upload add constraint upload_whose unique (id, person_id);
alter table documents_paper add constraint paper_upload_whose
    foreign key (upload_id, person_id) references documents_upload (id, person_id);

-- What came is compressed already, as a rule.
alter table documents_upload alter column raw set storage external;

do $$ declare who text; begin
    foreach who in array array['msv_app', 'msv_worker'] loop
        if exists (select from pg_roles where rolname = who) then
            execute format('grant update (content, name, media_type, pages, identity, purpose, size, sha256, shredded_at)'
                           ' on documents_paper to %I', who);
        end if;
    end loop;
end $$;
