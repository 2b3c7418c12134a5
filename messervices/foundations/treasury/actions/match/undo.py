"""What was explained by hand and came after all is undone by mirrors of the hand's transfers: nothing is edited."""

from datetime import datetime

from django.db import connection

from messervices.foundations.ledger.actions import mirror
from messervices.foundations.treasury.models import Adjustment, Entry, Mismatch, Settlement, SettlementLine
from messervices.foundations.treasury.rules import Stake, adjusting
from messervices.foundations.treasury.states import MISMATCH_STEPS
from messervices.kernel.action import inside_action

_CAME = """
    select m.id from treasury_mismatch m where m.crous_id = %s and m.posted and (
        m.captured_cents > 0 and exists (
            select from treasury_settlementline l where l.capture_id = m.capture_id and l.kind = 'payment')
        or m.captured_cents < 0 and exists (select from treasury_settlementline l where l.refund_id = m.refund_id)
        or m.line_cents <> 0 and exists (
            select from treasury_settlementline l where l.id = m.line_id and l.matched_at is not null)
        or m.entry_cents <> 0 and exists (select from treasury_entry e where e.id = m.entry_id and e.match <> '')
        or m.credit_cents <> 0 and exists (
            select from treasury_entry e where e.match = 'settlement' and e.match_id = m.settlement_id))
     order by m.id
"""


@inside_action
def undo_explained(*, crous_id: int, now: datetime) -> int:
    """Undo what an agent explained by hand and that is matched by now; gives how many. Done twice, it is done once."""
    with connection.cursor() as cursor:
        cursor.execute(_CAME, (crous_id,))
        numbers = [row[0] for row in cursor.fetchall()]
    for mismatch in Mismatch.objects.select_for_update(of=("self",)).filter(pk__in=numbers):
        _undo(mismatch, now)
    return len(numbers)


def _undo(mismatch: Mismatch, now: datetime) -> None:
    stake = Stake(mismatch.captured_cents, mismatch.line_cents, mismatch.entry_cents, mismatch.credit_cents)
    for one in adjusting(stake, mismatch.rail, ""):
        mirror(key=f"adjust:{mismatch.pk}:{mismatch.rounds}:{one.word}", at=now, reason=mismatch.kind)
    Adjustment.objects.create(
        mismatch=mismatch, crous_id=mismatch.crous_id, rail=mismatch.rail, round=mismatch.rounds, undoes=True, at=now,
        captured_cents=-stake.captured_cents, line_cents=-stake.line_cents, entry_cents=-stake.entry_cents,
        credit_cents=-stake.credit_cents,
    )  # fmt: skip
    set_adjusted(mismatch, None)
    mismatch.status = MISMATCH_STEPS.target("clear", mismatch.status)
    mismatch.posted, mismatch.ended_at = False, now
    mismatch.save(update_fields=["status", "posted", "ended_at"])


@inside_action
def set_adjusted(mismatch: Mismatch, at: datetime | None) -> None:
    """Mark (or unmark) what a mismatch is about as explained by hand: it waits nowhere any more."""
    if mismatch.line_cents:
        SettlementLine.objects.filter(pk=mismatch.line_id or 0).update(adjusted_at=at)
    if mismatch.entry_cents:
        Entry.objects.filter(pk=mismatch.entry_id or 0).update(adjusted_at=at)
    if mismatch.credit_cents:
        Settlement.objects.filter(pk=mismatch.settlement_id or 0).update(adjusted_at=at)
