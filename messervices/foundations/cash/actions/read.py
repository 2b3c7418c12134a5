"""A file that is believed is read, a batch a transaction: each line is matched, and its money goes to settling.

Killed anywhere, reading goes on from the last batch that was written; nothing is read twice.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.conf import settings
from django.db import connection

from messervices.foundations.cash import rules, selectors
from messervices.foundations.cash.actions.receive import check_file
from messervices.foundations.cash.actions.suspense import hold
from messervices.foundations.cash.models import ReturnFile
from messervices.foundations.cash.providers.return_file import Taken, lines
from messervices.foundations.cash.states import FILE_STEPS, RAIL, SUSPENSE, FileStatus, LineStatus
from messervices.foundations.payments import actions as payments
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.money import Cents

A_BATCH = 5_000
A_JOB = 250
"""Lines written in one transaction, and lines that one job settles, each in a transaction of its own."""

_ALONE = "select pg_advisory_xact_lock(hashtext('cash.read'))"
"""Two files are never read at the same instant: an operation that stands in both is seen by the second."""

_NOTICES = """
    select reference, id, order_id, amount_cents, person_id, crous_id::int from cash_notice
     where reference = any(string_to_array(%s, ','))
"""
_OPERATIONS = """
    select number, paid_on, office, reference, amount_cents, fee_cents, operation from cash_line
     where first and operation = any(string_to_array(%s, ','))
"""
"""References and operations are digits and capitals: one text is written a hundred times faster than an array."""

_INSERT = """
    insert into cash_line (file_id, number, paid_on, due_on, office, reference, amount_cents, fee_cents, operation,
        first, status, notice_id, event_id, person_id, crous_id, read_at, decided_by, reason)
    select %(file)s, g.number, g.paid_on, g.due_on, g.office, g.reference, g.amount, g.fee, g.operation, g.first,
           g.status, g.notice, g.event, g.person, g.crous, %(now)s, '', ''
      from jsonb_to_recordset(%(rows)s::jsonb) as g (number int, paid_on date, due_on date, office text, reference text,
               amount bigint, fee bigint, operation text, first bool, status text, notice bigint, event bigint,
               person bigint, crous int)
"""


@dataclass(slots=True)
class _Found:
    """A line, and what is known of it."""

    taken: Taken
    status: LineStatus
    notice_id: int | None = None
    order_id: int | None = None
    event_id: int | None = None
    person_id: int | None = None
    crous_id: int = 0

    @property
    def is_first(self) -> bool:
        return self.status not in {LineStatus.REPEATED, LineStatus.CLASH}


def read_file(*, file_id: int, now: datetime, tell: Callable[[int, int], None] | None = None) -> str:
    """Check a file, then read it to its end, or until an agent stops it. Gives its status. May be run twice at once.

    ``tell`` is told how many lines are read, of how many. Not an action: it does one transaction for each batch.
    """
    status = check_file(file_id=file_id, now=now)
    crash.point("cash.after_check")
    if status != FileStatus.READING:
        return status
    kept = ReturnFile.objects.get(pk=file_id)
    raw, position = bytes(kept.raw), kept.lines_read
    while kept.status == FileStatus.READING:
        for batch in _batches(lines(raw, after=position)):
            position = read_batch(file_id=file_id, batch=batch, now=now)
            crash.point("cash.after_batch")
            if tell:
                tell(position, kept.lines_count)
            if position != batch[-1].number:  # stopped, or another worker reads it too
                break
        kept.refresh_from_db(fields=["status"])
    return str(kept.status)


def _batches(rows: Iterator[Taken]) -> Iterator[list[Taken]]:
    while batch := list(islice(rows, A_BATCH)):
        yield batch


@action
def read_batch(*, file_id: int, batch: Sequence[Taken], now: datetime) -> int:
    """Write the lines of a batch that follows what is written; give how far the file is read.

    A batch that does not follow (another worker was here, an agent stopped the reading) changes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
    kept = ReturnFile.objects.select_for_update().defer("raw").get(pk=file_id)
    if kept.status != FileStatus.READING or batch[0].number != kept.lines_read + 1:
        return kept.lines_read
    found = _match(batch)
    _send(found, now)
    crash.point("cash.in_batch")
    _write(kept.pk, found, now)
    for one in found:
        if one.status in SUSPENSE:
            hold(operation=one.taken.operation, amount_cents=one.taken.amount_cents, now=now)
    _queue(kept.pk, [one.taken.number for one in found if one.event_id])
    kept.lines_read, kept.moved_at = batch[-1].number, now
    if kept.lines_read == kept.lines_count:
        kept.status, kept.ended_at = FILE_STEPS.target("finish", kept.status), now
    kept.save(update_fields=["status", "lines_read", "moved_at", "ended_at"])
    crash.point("cash.before_commit")
    return kept.lines_read


def _match(batch: Sequence[Taken]) -> list[_Found]:
    """Say what each line is (two queries): known before, of no notice, of another amount, or of a notice of ours."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES, [",".join(one.reference for one in batch)])
        of = {row[0]: row[1:] for row in cursor.fetchall()}
    known = _known([one.operation for one in batch])
    return [_found(taken, of.get(taken.reference), known.get(taken.operation)) for taken in batch]


def _known(operations: list[str]) -> dict[str, bytes]:
    """Give what was said before of those of these operations that came before."""
    with connection.cursor() as cursor:
        cursor.execute(_OPERATIONS, [",".join(operations)])
        return {row[-1]: Taken(*row).evidence() for row in cursor.fetchall()}


def _found(taken: Taken, notice: tuple[int, int, int, int, int] | None, known: bytes | None) -> _Found:
    if notice is None:
        found = _Found(taken, LineStatus.UNKNOWN)
    else:
        pk, order_id, amount_cents, person_id, crous_id = notice
        fits = amount_cents == taken.amount_cents
        status = LineStatus.FITS if fits else LineStatus.OTHER_AMOUNT
        found = _Found(taken, status, pk, order_id, None, person_id, crous_id)
    if known is not None:
        found.status = LineStatus.REPEATED if known == taken.evidence() else LineStatus.CLASH
    return found


def _send(found: Iterable[_Found], now: datetime) -> None:
    """Hand the money that fits over to payments, as events to settle."""
    money = [one for one in found if one.status == LineStatus.FITS]
    if not money:
        return
    arrived = [
        payments.Arrived(
            number=one.taken.reference,
            bank_ref=rules.bank_ref(one.notice_id or 0),
            order_id=one.order_id or 0,
            amount_cents=Cents(one.taken.amount_cents),
            tx_id=one.taken.operation,
            at=rules.instant_of(one.taken.paid_on, settings.TIME_ZONE),
            raw=one.taken.evidence(),
        )
        for one in money
    ]
    for one, event_id in zip(money, payments.arrive(rail=RAIL, money=arrived, now=now), strict=True):
        one.event_id = event_id


def _write(file_id: int, found: Sequence[_Found], now: datetime) -> None:
    """Write the lines in one statement."""
    due: dict[tuple[date, int], date] = {}
    for one in found:
        key = one.taken.paid_on, one.crous_id
        due.setdefault(key, selectors.due_on(*key))
    rows = [
        {
            "number": one.taken.number, "paid_on": one.taken.paid_on.isoformat(),
            "due_on": due[one.taken.paid_on, one.crous_id].isoformat(), "office": one.taken.office,
            "reference": one.taken.reference, "amount": one.taken.amount_cents, "fee": one.taken.fee_cents,
            "operation": one.taken.operation, "first": one.is_first, "status": one.status.value,
            "notice": one.notice_id, "event": one.event_id, "person": one.person_id, "crous": one.crous_id,
        }
        for one in found
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"file": file_id, "now": now, "rows": json.dumps(rows)})


def _queue(file_id: int, numbers: Sequence[int]) -> None:
    """Queue the settling of lines, a stretch a job."""
    for place in range(0, len(numbers), A_JOB):
        stretch = numbers[place : place + A_JOB]
        jobs.enqueue("foundations.cash.tasks.settle_lines", file_id=file_id, first=stretch[0], last=stretch[-1])
