"""Taking a file that was checked: its good lines become the list, in one transaction, or nothing does."""

from datetime import datetime
from typing import Any

from django.db import connection

from messervices.kernel import crash, jobs
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor
from messervices.services.cvec.actions.receive_file import record
from messervices.services.cvec.models import RollFile, RollLine
from messervices.services.cvec.states import ROLL_STEPS

TELL = "services.cvec.tasks.tell_listed"
_MINUTES = "set local statement_timeout = '5min'"
_BY_HASH, _AS_BEFORE = "set local enable_nestloop = off", "set local enable_nestloop = on"
"""The lines of a file came seconds ago: the planner takes them for a few, and would compare each with each."""

_PAIRED = """
      from (select * from cvec_rollline where file_id = %(file)s and reason = '' offset 0) l
     cross join lateral (select * from cvec_rollentry x where x.acquittement_id = l.acquittement_id
        and x.establishment_id = l.uai and x.until is null offset 0) e
"""
"""Each good line with the entry of its student, found one by one in the unique index: ``offset 0`` keeps the planner
from joining two sets whose size it does not know yet."""

_CORRECT = (
    "update cvec_rollentry set until = greatest(%(now)s, since), ending = 'corrected', ended_by_id = %(file)s"  # noqa: S608 - parts of ours
    " where id = any(array(select e.id "
    + _PAIRED
    + " where e.filer_id = %(filer)s and (e.ine, e.number, e.birth_name, e.first_name, e.birth_on)"
    " is distinct from (l.ine, l.number, l.birth_name, l.first_name, l.birth_on)))"
)
_UNCHANGED = "select count(*) " + _PAIRED + " where e.filer_id = %(filer)s"
_ADD = """
    insert into cvec_rollentry (establishment_id, filer_id, crous_id, year_start, person_id, acquittement_id, file_id,
        line, ine, number, birth_name, first_name, birth_on, key, since, ending, told_at)
    select l.uai, %(filer)s, %(crous)s, %(year)s, a.person_id, a.id, %(file)s, l.line, l.ine, l.number, l.birth_name,
        l.first_name, l.birth_on, l.key, coalesce(before.since, %(now)s), '', before.told_at
      from cvec_rollline l join cvec_acquittement a on a.id = l.acquittement_id
      left join lateral (
        select e.since, coalesce(e.told_at, %(now)s) as told_at from cvec_rollentry e
         where e.person_id = a.person_id and e.acquittement_id = a.id and e.establishment_id = l.uai
           and e.ending = 'corrected' and e.ended_by_id = %(file)s limit 1) before on true
     where l.file_id = %(file)s and l.reason = ''
    on conflict (acquittement_id, establishment_id) where until is null do nothing
"""
"""A correction goes on from the day of the first listing, and the student is not told again. The other list of a mother
or a daughter may have been first, just now: that line is then refused by ``_OUTRUN``."""

_OUTRUN = (
    "update cvec_rollline set reason = 'already_listed' where id = any(array(select l.id "  # noqa: S608 - parts of ours
    + _PAIRED
    + " where e.filer_id <> %(filer)s))"
)
LISTED_BEFORE = (
    "update cvec_rollline set reason = 'doubled' where id = any(array(select l.id "  # noqa: S608 - parts of ours
    + _PAIRED
    + " where e.filer_id = %(filer)s))"
)
"""When the refused lines of a taken file are checked again they may add a student, never correct what came later."""

_GONE = """
    select e.id from cvec_rollentry e
     where e.filer_id = %(filer)s and e.year_start = %(year)s and e.until is null
       and e.establishment_id in (select distinct uai from cvec_rollline where file_id = %(file)s)
       and not exists (select from cvec_rollline l where l.file_id = %(file)s
           and l.acquittement_id = e.acquittement_id and (l.reason <> '' or l.uai = e.establishment_id))
       and not exists (select from cvec_rollline l where l.file_id = %(file)s and l.reason <> ''
           and l.ine <> '' and l.ine = e.ine)
       and not exists (select from cvec_rollline l where l.file_id = %(file)s and l.reason <> ''
           and l.key = e.key and l.birth_on is not distinct from e.birth_on)
"""
"""Who is no more in a whole list. A line that was refused still speaks of somebody: they stay until it is corrected."""

_REMOVE = """
    update cvec_rollentry set until = greatest(%(now)s, since), ending = 'removed', ended_by_id = %(file)s
     where id = any(%(gone)s)
"""
_SUPERSEDE = """
    with older as materialized (
        select o.id, o.uai, o.ine, o.number, o.key, o.birth_on from cvec_rollline o
          join cvec_rollfile f on f.id = o.file_id
         where f.roll_id = %(roll)s and f.id <> %(file)s and o.reason <> '' and o.superseded_by_id is null
    )
    update cvec_rollline set superseded_by_id = %(file)s where id in (
        select o.id from older o join cvec_rollline l on l.file_id = %(file)s and l.ine <> '' and l.ine = o.ine
        union
        select o.id from older o join cvec_rollline l on l.file_id = %(file)s and l.number <> '' and l.number = o.number
        union
        select o.id from older o join cvec_rollline l on l.file_id = %(file)s and l.key <> '' and l.key = o.key
           and l.birth_on is not distinct from o.birth_on
        union
        select o.id from older o where %(whole)s and o.uai in (
            select uai from cvec_rollline where file_id = %(file)s)
    )
"""


def to_be_removed(file: RollFile) -> int:
    """How many students the first taking of a whole list removes; nobody, for one that adds and corrects."""
    if not file.whole or file.taken_at is not None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_BY_HASH)
        gone = _gone(cursor, _values(file))
    return len(gone)


def _gone(cursor: Any, values: dict[str, Any]) -> list[int]:
    cursor.execute(_BY_HASH)
    cursor.execute(_GONE, values)
    gone = [pk for (pk,) in cursor.fetchall()]
    cursor.execute(_AS_BEFORE)
    return gone


def remaining(file: RollFile) -> int:
    """How many of its lines are refused."""
    return RollLine.objects.filter(file=file).exclude(reason="").count()


def _values(file: RollFile) -> dict[str, Any]:
    return {
        "file": file.pk, "filer": file.filer_id, "roll": file.roll_id, "crous": file.crous_id,
        "year": file.roll.year.start, "whole": file.whole and file.taken_at is None,
    }  # fmt: skip


@inside_action
def take(file: RollFile, *, now: datetime) -> None:
    """Make the list of what was checked: additions, corrections and removals, each kept with its date.

    The file and its list are locked. Lines that were good are not kept twice: the entry says all they said.
    """
    values = _values(file) | {"now": now}
    again = file.taken_at is not None
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES)
        cursor.execute(_CORRECT, values)
        corrected = cursor.rowcount
        cursor.execute(_UNCHANGED, values)
        unchanged = int(cursor.fetchone()[0])
        cursor.execute(_ADD, values)
        added = cursor.rowcount - corrected
        cursor.execute(_OUTRUN, values)
        if values["whole"]:
            cursor.execute(_REMOVE, values | {"gone": _gone(cursor, values)})
            file.removed = cursor.rowcount
        cursor.execute(_BY_HASH)
        cursor.execute(_SUPERSEDE, values)
        cursor.execute(_AS_BEFORE)
        crash.point("cvec.file_half_taken")
        cursor.execute("delete from cvec_rollline where file_id = %s and reason = ''", (file.pk,))
    file.added = (file.added if again else 0) + added
    file.corrected = (file.corrected if again else 0) + corrected
    file.unchanged = file.unchanged if again else unchanged
    file.bad = remaining(file)
    file.status, file.taken_at = ROLL_STEPS.target("take", file.status), file.taken_at or now
    file.save(update_fields=["status", "taken_at", "added", "corrected", "unchanged", "removed", "bad"])
    by = Actor(kind="establishment", user_id=file.user_id, label=file.user_label)
    record(
        file, "cvec.take_file", by=by, now=now, added=added, corrected=corrected, removed=file.removed, refused=file.bad
    )
    jobs.enqueue(TELL, file_id=file.pk)
