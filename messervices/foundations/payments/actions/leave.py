"""A try is left for another way of paying. The bank was asked before, or does not answer and the person says so.

What was left is still asked about until its form is dead: money that comes by it all the same is booked, or given back.
"""

from datetime import datetime

from messervices.foundations.payments import rules
from messervices.foundations.payments.actions.watch import at_bank
from messervices.foundations.payments.models import Attempt
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Handover
from messervices.foundations.payments.states import ATTEMPT_STEPS, AttemptStatus
from messervices.kernel.action import action
from messervices.kernel.errors import ProviderUnavailable

LEFT, NO_DOOR, CLOSED = "left", "no_door", "closed"
"""Why a try ended, in its ``detail``."""


def withdraw(attempt: Attempt, now: datetime) -> bool:
    """End a try that the bank says is not paid, for another bank's; have its page closed where the bank can do that.

    Gives whether it ended now. Not an action: the network stands before the transaction.
    """
    rail, detail = rail_named(attempt.rail), LEFT
    if rail.terms.calls:
        try:
            with at_bank(attempt.rail, now):
                closed = rail.close(
                    Handover(
                        number=attempt.number,
                        bank_ref=attempt.bank_ref,
                        amount_cents=attempt.amount_cents,
                        begun_at=attempt.begun_at,
                        rail_ref=attempt.rail_ref,
                    )
                )
        except ProviderUnavailable:
            closed = False
        detail = CLOSED if closed else LEFT
    return leave(attempt_id=attempt.pk, detail=detail, now=now)


@action
def leave(*, attempt_id: int, detail: str, now: datetime) -> bool:
    """End a try from which nobody has come back; give whether it ended now. It is asked about while it may be paid.

    ``NO_DOOR``: nobody was ever led to the bank by it, and nobody will be; there is nothing to ask.
    """
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    if attempt.status != AttemptStatus.BEGUN or (detail == NO_DOOR and attempt.door_url):
        return False
    attempt.status = ATTEMPT_STEPS.target("abandon", attempt.status)
    attempt.ended_at, attempt.detail, attempt.asked = now, detail[:40], 0
    attempt.ask_at = rules.next_question_at(0, now) if detail == LEFT else None
    attempt.save(update_fields=["status", "ended_at", "detail", "asked", "ask_at"])
    return True
