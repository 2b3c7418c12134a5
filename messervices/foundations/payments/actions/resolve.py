"""An agent looks into what did not fit, and files it."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from messervices.foundations.audit.actions import record
from messervices.foundations.payments.models import Attempt, OutsideEvent
from messervices.foundations.payments.states import (
    ATTEMPT_STEPS,
    EVENT_STEPS,
    WAITING_FOR_AGENT,
    AttemptStatus,
)
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


@action
def close_event(*, event_id: int, by: Actor, reason: str, now: datetime) -> None:
    """File an unknown or doubtful notice, with the reason. The last one of a doubtful attempt frees the order.

    Nothing is booked by hand: money that is really there comes by a right notice, or by asking the bank. Raises
    ``Refusal`` without the right, for another Crous's event, without a reason, or when it is filed already.
    """
    event = OutsideEvent.objects.select_for_update(of=("self",)).defer("raw").get(pk=event_id)
    if not by.may("payments:event:close") or event.crous_id not in by.scope.crous:
        raise Refusal("not_yours", _("Vous ne pouvez pas classer cet avis."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi vous classez cet avis."))
    event.status = EVENT_STEPS.target("close", event.status)
    event.closed_at, event.reason = now, reason.strip()[:200]
    event.save(update_fields=["status", "closed_at", "reason"])
    if event.attempt_id is not None:
        _free(event.attempt_id, now)
    record(
        by=by,
        verb="payments.close_event",
        subject=f"payments.event:{event.pk}",
        person_id=event.person_id,
        crous_id=event.crous_id,
        reason=event.reason,
        now=now,
    )


def _free(attempt_id: int, now: datetime) -> None:
    """End a doubtful attempt about which nothing is open any more: the student may try again."""
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    still_open = OutsideEvent.objects.filter(attempt=attempt, status__in=WAITING_FOR_AGENT).exists()
    if attempt.status != AttemptStatus.DOUBTFUL or still_open:
        return
    attempt.status = ATTEMPT_STEPS.target("expire", attempt.status)
    attempt.ended_at, attempt.ask_at = now, None
    attempt.save(update_fields=["status", "ended_at", "ask_at"])
