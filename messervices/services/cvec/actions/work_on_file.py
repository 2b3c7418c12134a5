"""All the work on a file, portion by portion: whoever runs it, however often, goes on from where it stands."""

from datetime import datetime

from django.db import connection

from messervices.foundations.audit import actions as audit
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.services.cvec.actions.check_file import check_portion
from messervices.services.cvec.actions.read_file import read_portion
from messervices.services.cvec.models import RollFile
from messervices.services.cvec.states import RollStatus

_TOLD = 300
_CLAIM = """
    update cvec_rollentry set told_at = %s where id in (
        select id from cvec_rollentry where file_id = %s and told_at is null and until is null
         order by id limit %s for update skip locked)
    returning acquittement_id, person_id
"""
_WHERE = "select id, crous_id from cvec_acquittement where id = any(%s)"


def work_on_file(*, file_id: int, now: datetime) -> None:
    """Read, check and take a file, unless it is stopped, asks something, or is done."""
    while True:
        status = RollFile.objects.values_list("status", flat=True).get(pk=file_id)
        if status in (RollStatus.STORED, RollStatus.READING):
            read_portion(file_id=file_id, now=now)
        elif status == RollStatus.CHECKING:
            check_portion(file_id=file_id, now=now)
        else:
            return


def tell_listed(*, file_id: int, now: datetime) -> int:
    """Write in the timeline of each student that their establishment listed them; give how many. Twice tells once."""
    told = 0
    while portion := _tell_some(file_id=file_id, now=now):
        told += portion
    return told


@action
def _tell_some(*, file_id: int, now: datetime) -> int:
    """Tell a few hundred in a transaction: a deed holds its stream of the audit until the end."""
    file = RollFile.objects.select_related("filer").defer("content").get(pk=file_id)
    by = Actor(kind="establishment", user_id=file.user_id, label=file.filer.name[:200])
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, (now, file_id, _TOLD))
        persons = dict(cursor.fetchall())
        cursor.execute(_WHERE, (list(persons),))
        offices = dict(cursor.fetchall())
    rows = [(f"cvec.acquittement:{pk}", person_id, offices[pk]) for pk, person_id in sorted(persons.items())]
    audit.record_each(by=by, verb="cvec.list_student", rows=rows, now=now)
    return len(rows)
