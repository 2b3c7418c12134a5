"""Transfers that the bank carried out, or that came back: told to the room that made them, in the entry's transaction.

What that room refuses (another amount, debited already) stays unexplained, and is found as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from messervices.foundations.crous import selectors as crous
from messervices.foundations.payouts.actions import note_debited, note_returned
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.models import Entry
from messervices.foundations.treasury.states import Match
from messervices.kernel.action import inside_action
from messervices.kernel.errors import Refusal

BATCH = 200
_NO_CODE = "NARR"
_LONGEST_CODE = 4

_NAMED = """
    select e.id, e.amount_cents, e.booked_on, e.return_reason, f.message_id, f.run_id, l.number, l.payout_id, e.details
      from treasury_entry e
      join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
      left join lateral (
          select f.message_id, f.run_id from payouts_runfile f
           where f.message_id = any(e.refs) and f.crous_id = e.crous_id and f.sent_at is not null and e.amount_cents < 0
           order by f.message_id limit 1) f on true
      left join lateral (
          select l.number, l.payout_id from payouts_line l join payouts_runfile f on f.message_id = l.file_id
           where l.number = any(e.refs) and l.crous_id = e.crous_id and f.sent_at is not null
           order by l.number limit 1) l on true
     where e.crous_id = %(crous)s and e.match = '' and not e.notice and e.id > %(after)s
       and (f.message_id is not null or l.number is not null or exists (
           select from treasury_entry n join treasury_detail d on d.statement_id = n.statement_id
              and d.entry_number = n.number
            where n.account_id = e.account_id and n.amount_cents = e.amount_cents
              and (n.id = e.id or n.notice and n.bank_ref = e.bank_ref and e.bank_ref <> '')))
     order by e.id limit %(batch)s
"""
_DETAILS = """
    select d.amount_cents, d.return_reason, l.number, l.payout_id, l.run_id
      from treasury_entry e
      join lateral (
          select n.statement_id, n.number from treasury_entry n
           where n.account_id = e.account_id and n.amount_cents = e.amount_cents and n.details > 1
             and (n.id = e.id or n.notice and n.bank_ref = e.bank_ref and e.bank_ref <> '')
           order by n.notice, n.id limit 1) n on true
      join treasury_detail d on d.statement_id = n.statement_id and d.entry_number = n.number
      left join lateral (
          select l.number, l.payout_id, l.run_id from payouts_line l
           where l.number = any(d.refs) and l.crous_id = e.crous_id order by l.number limit 1) l on true
     where e.id = %s order by d.number
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry that names a file or a transfer of ours, or gathers several transactions."""

    pk: int
    amount_cents: int
    booked_on: date
    reason: str
    message_id: str | None
    run_id: int | None
    number: str | None
    payout_id: int | None
    details: int


@inside_action
def tell_transfers(*, crous_id: int, after: int, now: datetime) -> int:
    """Tell a batch of entries that name our transfers; gives the number of the last one, 0 when there are no more."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, {"crous": crous_id, "after": after, "batch": BATCH})
        named = [Named(*row) for row in cursor.fetchall()]
    for one in named:
        try:
            with transaction.atomic():
                _tell(one, crous_id, now)
        except Refusal:
            continue  # found as a mismatch, with what the two sides say
    return named[-1].pk if named else 0


def _tell(one: Named, crous_id: int, now: datetime) -> None:
    """Tell an entry whole, or raise ``Refusal`` and leave everything as it was."""
    office = crous.crous_of(crous_id)
    at = datetime.combine(one.booked_on, time(12), ZoneInfo(office.timezone))
    told: dict[str, Any] = {"bank_account": rules.suspense(office.slug), "at": at, "now": now}
    if one.message_id is not None and one.run_id is not None:
        if note_debited(reference=one.message_id, amount_cents=-one.amount_cents, **told):
            _mark(one, Match.RUN, one.run_id, now)
    elif one.number is not None and one.payout_id is not None:
        if _tell_one(one.number, one.amount_cents, one.reason, told):
            _mark(one, Match.PAYOUT if one.amount_cents < 0 else Match.RETURN, one.payout_id, now)
    else:
        _tell_details(one, told, now)


def _tell_details(one: Named, told: dict[str, Any], now: datetime) -> None:
    """Tell each transaction of a gathered entry; all of them are ours, or none is told."""
    with connection.cursor() as cursor:
        cursor.execute(_DETAILS, (one.pk,))
        rows: Sequence[tuple[int, str, str | None, int | None, int | None]] = cursor.fetchall()
    if not rows or any(number is None for _cents, _reason, number, _payout, _run in rows):
        return
    done = [_tell_one(str(number), cents, reason, told) for cents, reason, number, _payout, _run in rows]
    if not all(done):
        raise Refusal("told_before", "")
    match = Match.RUN if one.amount_cents < 0 else Match.RETURN
    _mark(one, match, (rows[0][4] if match == Match.RUN else rows[0][3]) or 0, now)


def _tell_one(number: str, cents: int, reason: str, told: dict[str, Any]) -> bool:
    if cents < 0:
        return bool(note_debited(reference=number, amount_cents=-cents, **told))
    code = reason if 0 < len(reason) <= _LONGEST_CODE else _NO_CODE
    return bool(note_returned(end_to_end_id=number, code=code, amount_cents=cents, **told))


def _mark(one: Named, match: Match, match_id: int, now: datetime) -> None:
    """Write what the entry is; its transfer was written by whoever was told."""
    Entry.objects.filter(pk=one.pk).update(match=match, match_id=match_id, matched_at=now, posted_at=now)
