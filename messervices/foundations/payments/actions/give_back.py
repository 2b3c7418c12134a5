"""Give money back to the card: intent written, bank asked, outcome written. Never twice, and never guessed."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.actions import post
from messervices.foundations.notifications.actions import notify
from messervices.foundations.payments import rules
from messervices.foundations.payments.actions.settle import surplus_account
from messervices.foundations.payments.actions.watch import at_bank
from messervices.foundations.payments.models import Capture, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import NO_WAY_BACK, GivenBack, Handover, RefundRefusedByBank
from messervices.foundations.payments.states import REFUND_STEPS, RefundStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

PARTLY = "partly_given_back"
"""The bank gave back less than what is due, by another hand than ours."""


def give_back(*, refund_id: int, now: datetime) -> str:
    """Give a surplus back by the rail that took it; gives the refund's status. Run twice, it is given back once.

    Not an action: the network stands between its transactions. The bank is asked first whether it was done already,
    because an earlier call may have been cut after the bank did it. Raises ``ProviderUnavailable``: ask again later.
    """
    capture, queued_at = _send(refund_id=refund_id, now=now)
    if capture is None:
        return str(Refund.objects.values_list("status", flat=True).get(pk=refund_id))
    if not rail_named(capture.rail).terms.gives_back:
        _fail(refund_id=refund_id, detail=NO_WAY_BACK, now=now)
        return RefundStatus.FAILED
    try:
        done = _ask_for(capture, f"refund-{refund_id}-{queued_at:%Y%m%d%H%M%S}", now)
    except RefundRefusedByBank as refused:
        _fail(refund_id=refund_id, detail=str(refused), now=now)
        return RefundStatus.FAILED
    _confirm(refund_id=refund_id, done=done, now=now)
    return RefundStatus.GIVEN


def _ask_for(capture: Capture, key: str, now: datetime) -> GivenBack:
    """Have the bank give the money of a capture back, unless it did. Raises ``RefundRefusedByBank`` when it will not.

    Part of it given back by somebody else is a refusal too: an agent looks, nothing is added to it.
    """
    rail, attempt = rail_named(capture.rail), capture.attempt
    handover = Handover(
        attempt.number, attempt.bank_ref, attempt.amount_cents, attempt.begun_at, rail_ref=attempt.rail_ref
    )
    with at_bank(capture.rail, now):
        done = rail.given_back(handover, capture.rail_tx_id)
        if done is None:
            crash.point("payments.before_give_back")
            try:
                done = rail.give_back(capture.rail_tx_id, capture.amount_cents, key)
            except RefundRefusedByBank:
                done = rail.given_back(handover, capture.rail_tx_id)
                if done is None:
                    raise
            crash.point("payments.after_give_back")
    if done.amount_cents < capture.amount_cents:
        raise RefundRefusedByBank(PARTLY)
    return done


@action
def _send(*, refund_id: int, now: datetime) -> tuple[Capture | None, datetime]:
    """Write that the bank is about to be asked; ``None`` when it was answered, or another worker is asking now.

    With it, since when it was to be given back: an agent's retry is another request to the bank.
    """
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    if refund.status not in {RefundStatus.QUEUED, RefundStatus.SENDING}:
        return None, refund.queued_at
    if refund.status == RefundStatus.SENDING and refund.sent_at is not None and now - refund.sent_at < rules.LEASE:
        return None, refund.queued_at
    refund.status = REFUND_STEPS.target("send", refund.status)
    refund.sent_at = now
    refund.save(update_fields=["status", "sent_at"])
    return Capture.objects.select_related("attempt").get(pk=refund.capture_id), refund.queued_at


@action
def _confirm(*, refund_id: int, done: GivenBack, now: datetime) -> None:
    """Book what the bank gave back, and tell the student. The mirror of the capture's transfer, under its own key."""
    refund = Refund.objects.select_for_update(of=("self",)).select_related("capture__order").get(pk=refund_id)
    if refund.status == RefundStatus.GIVEN:
        return
    capture, order = refund.capture, refund.capture.order
    refund.status = REFUND_STEPS.target("confirm", refund.status)
    refund.rail_tx_id, refund.ended_at = done.tx_id, now
    refund.save(update_fields=["status", "rail_tx_id", "ended_at"])
    post(
        key=f"refund:{capture.rail}:{capture.rail_tx_id}",
        debit=surplus_account(capture.rail),
        credit=rail_named(capture.rail).receivable,
        amount_cents=refund.amount_cents,
        at=now,
        reason=order.label,
    )
    notify(
        person_id=refund.person_id,
        crous_id=refund.crous_id,
        kind="payments.given_back",
        params={"label": order.label, "amount_cents": refund.amount_cents},
        link=order.return_path,
        now=now,
    )
    record(
        by=Actor.system("bank"),
        verb="payments.give_back",
        subject=f"payments.order:{order.pk}",
        person_id=refund.person_id,
        crous_id=refund.crous_id,
        details={"amount_cents": refund.amount_cents},
        now=now,
    )


@action
def _fail(*, refund_id: int, detail: str, now: datetime) -> None:
    """Write that the bank said no: an agent looks."""
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.status = REFUND_STEPS.target("fail", refund.status)
    refund.detail, refund.ended_at = detail[:40], now
    refund.save(update_fields=["status", "detail", "ended_at"])


@inside_action
def lock_movable_refund(*, refund_id: int, by: Actor) -> Refund:
    """Lock a refund that its rail refused, with its order: an agent has it paid otherwise. Raises ``Refusal``."""
    refund = Refund.objects.select_for_update(of=("self",)).select_related("capture__order").get(pk=refund_id)
    if not by.may("payments:refund:retry") or refund.crous_id not in by.scope.crous:
        raise Refusal("not_yours", _("Vous ne pouvez pas relancer ce remboursement."))
    REFUND_STEPS.target("move", refund.status)
    return refund


@inside_action
def move_refund(refund: Refund, *, by: Actor, now: datetime) -> None:
    """Write that a locked refund leaves by another way: this rail is not asked any more. Twice is once."""
    if refund.status == RefundStatus.MOVED:
        return
    refund.status, refund.ended_at = REFUND_STEPS.target("move", refund.status), now
    refund.save(update_fields=["status", "ended_at"])
    record(
        by=by,
        verb="payments.move_refund",
        subject=f"payments.refund:{refund.pk}",
        person_id=refund.person_id,
        crous_id=refund.crous_id,
        now=now,
    )


@action
def retry_refund(*, refund_id: int, by: Actor, reason: str, now: datetime) -> None:
    """An agent has the bank asked again. Raises ``Refusal`` without the right, or when the refund has not failed."""
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    if not by.may("payments:refund:retry") or refund.crous_id not in by.scope.crous:
        raise Refusal("not_yours", _("Vous ne pouvez pas relancer ce remboursement."))
    refund.status = REFUND_STEPS.target("retry", refund.status)
    refund.queued_at, refund.ended_at = now, None
    refund.save(update_fields=["status", "queued_at", "ended_at"])
    jobs.enqueue("foundations.payments.tasks.give_back", refund_id=refund.pk)
    record(
        by=by,
        verb="payments.retry_refund",
        subject=f"payments.refund:{refund.pk}",
        person_id=refund.person_id,
        crous_id=refund.crous_id,
        reason=reason,
        now=now,
    )
