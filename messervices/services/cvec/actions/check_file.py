"""Checking the lines of a file against the certificates: set-based, some thousand lines a transaction."""

from datetime import datetime

from django.db import connection

from messervices.foundations.students.states import HOLDING
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.actions.receive_file import locked
from messervices.services.cvec.actions.take_file import LISTED_BEFORE, remaining, take, to_be_removed
from messervices.services.cvec.models import RollFile
from messervices.services.cvec.states import AT_READING, ROLL_STEPS, VALID, BadLine, RollStatus

PORTION = 10_000

_JUDGE = """
    with mine as materialized (
        select id, uai, number, ine, letters from cvec_rollline
         where file_id = %(file)s and line > %(after)s and line <= %(upto)s and reason <> all(%(final)s)
           and superseded_by_id is null
    ), judged as (
        select m.id, f.acquittement_id, case
            when m.uai <> all(%(known)s) then 'uai_unknown'
            when m.uai <> all(%(allowed)s) then 'uai_not_yours'
            when f.acquittement_id is null and m.number <> '' then 'number_unknown'
            when f.acquittement_id is null then 'ine_unknown'
            when f.year_start <> %(year)s then 'other_campaign'
            when f.cancelled_at is not null or f.status <> all(%(valid)s) then 'cancelled'
            when m.letters <> f.letters and not (m.number <> '' and m.ine <> '' and exists (
                select from students_identifier i where i.value = m.ine and i.person_id = f.person_id))
                then 'name_mismatch'
            when exists (select from cvec_rollentry e where e.acquittement_id = f.acquittement_id
                and e.establishment_id = m.uai and e.until is null and e.filer_id <> %(filer)s) then 'already_listed'
            else '' end as reason
          from mine m left join lateral (
            select a.id as acquittement_id, a.person_id, a.year_start, a.status, d.cancelled_at,
                   d.contents ->> 'letters' as letters
              from documents_document d join cvec_acquittement a on a.document_id = d.id
             where m.number <> '' and d.number = m.number and d.kind = 'cvec.attestation'
            union all (
            select a.id, a.person_id, a.year_start, a.status, d.cancelled_at, d.contents ->> 'letters'
              from students_identifier i
              join cvec_acquittement a on a.person_id = i.person_id
              join documents_document d on d.id = a.document_id
             where m.number = '' and i.value = m.ine and i.status = any(%(holding)s)
             order by a.year_start = %(year)s desc, a.status = any(%(valid)s) desc, a.year_start desc limit 1)
        ) f on true
    )
    update cvec_rollline l set reason = j.reason, acquittement_id = j.acquittement_id
      from judged j where l.id = j.id
"""
"""A number says whose certificate it is, and five letters or the INE that it is theirs; without a number the INE says
it, and the letters are asked too: an INE alone would tell who paid to whoever types it. Line by line (``lateral``): the
planner takes lines that came seconds ago for a few, and a join of their sets would compare each with each."""

_DOUBLED = """
    update cvec_rollline set reason = 'doubled' where id = any(array(
        select id from (select id, row_number() over (partition by uai, acquittement_id order by line) as place
            from cvec_rollline where file_id = %s and reason = '') d where place > 1))
"""


@action
def check_portion(*, file_id: int, now: datetime) -> None:
    """Check the next lines; at the end, take the file, or ask when it would remove somebody."""
    file = locked(file_id)
    if file.status != RollStatus.CHECKING:
        return
    if file.lines_checked < file.physical_lines:
        _check(file)
        file.lines_checked = min(file.lines_checked + PORTION, file.physical_lines)
        file.save(update_fields=["lines_checked"])
        crash.point("cvec.file_portion_checked")
        return
    with connection.cursor() as cursor:
        cursor.execute(_DOUBLED, (file.pk,))
        if file.taken_at is not None:
            cursor.execute(LISTED_BEFORE, {"file": file.pk, "filer": file.filer_id})
    file.removed = to_be_removed(file)
    if file.removed and file.confirmed_at is None:
        file.bad = remaining(file)
        file.status = ROLL_STEPS.target("ask", file.status)
        file.save(update_fields=["status", "bad", "removed"])
        return
    take(file, now=now)
    crash.point("cvec.file_taken")


def _check(file: RollFile) -> None:
    """Judge a portion by one statement, then look again at the names that did not match."""
    after = file.lines_checked
    portion = {"file": file.pk, "after": after, "upto": after + PORTION}
    known = selectors.current_uais()
    with connection.cursor() as cursor:
        cursor.execute(
            _JUDGE,
            portion
            | {
                "final": list(AT_READING),
                "holding": list(HOLDING),
                "valid": list(VALID),
                "year": file.roll.year.start,
                "filer": file.filer_id,
                "known": list(set(known.values())),
                "allowed": selectors.filed_uais(file.filer_id),
            },
        )
    _forgive_names(portion)


_MISNAMED = """
    select l.id, l.letters, d.contents ->> 'birth_name', d.contents ->> 'usual_name', p.birth_name, p.usual_name,
           exists (select from cvec_rollentry e where e.acquittement_id = a.id and e.establishment_id = l.uai
                   and e.until is null and e.filer_id <> l.filer_id)
      from cvec_rollline l
      join cvec_acquittement a on a.id = l.acquittement_id
      join documents_document d on d.id = a.document_id
      join students_person p on p.id = a.person_id
     where l.file_id = %(file)s and l.line > %(after)s and l.line <= %(upto)s and l.reason = 'name_mismatch'
"""
_FORGIVE = """
    update cvec_rollline l set reason = r.reason from unnest(%s::bigint[], %s::text[]) as r (id, reason)
     where l.id = r.id
"""


def _forgive_names(portion: dict[str, int]) -> None:
    """Accept a name in use, or a name that was corrected since: the rule that the verification follows."""
    with connection.cursor() as cursor:
        cursor.execute(_MISNAMED, portion)
        right = {
            line_id: BadLine.ALREADY_LISTED if listed else ""
            for line_id, letters, *names, listed in cursor.fetchall()
            if rules.letters_match(letters, *(name or "" for name in names))
        }
        if right:
            cursor.execute(_FORGIVE, (list(right), list(right.values())))
