"""The one place where money that came in is booked: either all of it happens, or none.

No paid order without its line in the ledger and without its service told; no line without an order. The path of a
payment is three queries and the service's call-back; a test counts them.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.actions import post
from messervices.foundations.notifications.actions import notify
from messervices.foundations.payments import rules
from messervices.foundations.payments.models import Attempt, Capture, OutsideEvent, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Facts
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import (
    ATTEMPT_STEPS,
    LINK_OVER,
    LIVE,
    QUESTIONS,
    AttemptStatus,
    Effect,
    EventStatus,
    OrderStatus,
    Paid,
    Payer,
    RefundReason,
)
from messervices.kernel import crash, jobs, manifest
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.money import Cents

_CLAIM = "select * from payments_claim_event(%s, %s)"
_BOOK = "select payments_book(%s, %s, %s, %s, %s, %s, %s, %s)"
_AHEAD = timedelta(minutes=10)
"""A bank's clock may be this much ahead of ours; a later date is not believed."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event claimed for reading, with the attempt and the order that it speaks of, both locked.

    ``attempt_id`` is ``None`` when we know no such attempt.
    """

    rail: str
    facts: Facts
    attempt_id: int | None
    attempt_status: str
    attempt_cents: int
    order_id: int
    order_status: str
    order_cents: int
    number: str
    kind: str
    reference: str
    person_id: int
    crous_id: int
    credit_account: str
    label: str
    link_id: int | None
    link_status: str | None


@action
def settle(*, event_id: int, now: datetime) -> str:
    """Read one outside event and do what it says, once. Gives its ``Effect``, "" when it was read already.

    A second reader of the same event finds nothing to claim; a second event of the same bank transaction finds it
    booked. Anything that fails leaves the event unread, to be read again.
    """
    crash.point("payments.before_claim")
    claimed = _claim(event_id, now)
    if claimed is None:
        return ""
    crash.point("payments.after_claim")
    if claimed.attempt_id is None:
        effect = Effect.UNKNOWN_ORDER
        OutsideEvent.objects.filter(pk=event_id).update(status=EventStatus.UNKNOWN, effect=effect)
    else:
        effect = _apply(event_id, claimed.attempt_id, claimed, now)
    crash.point("payments.before_commit")
    return effect


def _claim(event_id: int, now: datetime) -> Claimed | None:
    """Claim the event and lock its order, then its attempt (one query, ``sql/claim_by_link.sql``)."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, (event_id, now))
        row = cursor.fetchone()
    if row is None:
        return None
    rail, facts, *others = row
    return Claimed(rail, Facts(**(json.loads(facts) if isinstance(facts, str) else facts)), *others)


def _apply(event_id: int, attempt_id: int, claimed: Claimed, now: datetime) -> Effect:
    """Choose what the bank's word does to the attempt. Money counts whatever we had thought of the attempt."""
    facts = claimed.facts
    fits = rules.fits(
        amount_cents=claimed.attempt_cents,
        currency="EUR",
        said_cents=facts.amount_cents,
        said_currency=facts.currency,
    )
    if facts.outcome == Outcome.PAID and facts.tx_id and fits:
        return _take(event_id, claimed, now)
    attempt = Attempt.objects.select_related("order").get(pk=attempt_id)
    if facts.outcome == Outcome.PAID and facts.tx_id:
        return _question(event_id, attempt, Effect.OTHER_AMOUNT, now)
    if facts.outcome == Outcome.GIVEN_BACK:
        return _given_back(event_id, attempt, now)
    if facts.outcome in rules.END_STEPS:
        return _end(event_id, attempt, facts, now)
    if facts.outcome == Outcome.WAITING:
        if attempt.status in {AttemptStatus.BEGUN, AttemptStatus.UNCONFIRMED}:
            attempt.status = ATTEMPT_STEPS.target("wait", attempt.status)
            attempt.save(update_fields=["status"])
            return _note(event_id, attempt, Effect.WAITING)
        return _note(event_id, attempt, Effect.LATE)
    return _question(event_id, attempt, Effect.UNCLEAR, now)


def _take(event_id: int, claimed: Claimed, now: datetime) -> Effect:
    """Book the money: for the order when it is open, as a surplus to give back when it is not."""
    facts, why_surplus = claimed.facts, _why_surplus(claimed)
    taken_at = _believed(facts.at, now)
    booked = (event_id, claimed.attempt_id, claimed.rail, facts.tx_id, facts.amount_cents, why_surplus, taken_at, now)
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, booked)
        capture_id = cursor.fetchone()[0]
    if capture_id is None:
        return Effect.REPEATED
    crash.point("payments.after_book")
    post(
        key=f"capture:{claimed.rail}:{facts.tx_id}",
        debit=rail_named(claimed.rail).receivable,
        credit=surplus_account(claimed.rail) if why_surplus else claimed.credit_account,
        amount_cents=facts.amount_cents,
        at=now,
        reason=claimed.label,
    )
    crash.point("payments.after_ledger")
    if why_surplus:
        _send_back(claimed, capture_id, now)
        return Effect.SURPLUS
    _tell_service(claimed, taken_at, now)
    crash.point("payments.after_callback")
    return Effect.CAPTURED


def _tell_service(claimed: Claimed, taken_at: datetime, now: datetime) -> None:
    """Make the one call back: the service does its part in this very transaction."""
    manifest.paid_callback(claimed.kind)(
        order_id=claimed.order_id,
        reference=claimed.reference,
        facts=Paid(
            order_id=claimed.order_id,
            number=claimed.number,
            kind=claimed.kind,
            reference=claimed.reference,
            person_id=claimed.person_id,
            crous_id=claimed.crous_id,
            amount_cents=Cents(claimed.facts.amount_cents),
            rail=claimed.rail,
            rail_tx_id=claimed.facts.tx_id,
            taken_at=taken_at,
            payer=Payer.THIRD_PARTY if claimed.link_id else Payer.STUDENT,
        ),
        now=now,
        by=Actor.system(f"bank:{claimed.rail}"),
    )


def _why_surplus(claimed: Claimed) -> str:
    """Say why this money is not the order's, "" when it is.

    It came by a link that has ended, or for an order that is paid already, withdrawn, or of another amount since.
    """
    if claimed.link_status in LINK_OVER:
        return RefundReason.LINK_OVER.value
    if claimed.order_status == OrderStatus.PAID:
        return RefundReason.ALREADY_PAID.value
    if claimed.order_status == OrderStatus.CANCELLED:
        return RefundReason.ORDER_CLOSED.value
    return "" if claimed.order_cents == claimed.attempt_cents else RefundReason.AMOUNT_CHANGED.value


def surplus_account(rail: str) -> str:
    """The ledger account of money paid twice, until it is back on the card."""
    return f"payments:surplus:{rail}"


def _send_back(claimed: Claimed, capture_id: int, now: datetime) -> None:
    """Queue the way back of a surplus, and tell the student. The refund's row was written with the capture."""
    refund = Refund.objects.select_related("capture__order").get(capture_id=capture_id)
    order, amount_cents = refund.capture.order, refund.amount_cents
    jobs.enqueue("foundations.payments.tasks.give_back", refund_id=refund.pk)
    notify(
        person_id=order.person_id,
        crous_id=order.crous_id,
        kind="payments.surplus",
        params={
            "label": order.label,
            "amount_cents": amount_cents,
            "reason": refund.reason,
            "by_transfer": not rail_named(claimed.rail).terms.gives_back,
        },
        link=order.return_path,
        now=now,
    )
    record(
        by=Actor.system(f"bank:{claimed.rail}"),
        verb="payments.book_surplus",
        subject=f"payments.order:{order.pk}",
        person_id=order.person_id,
        crous_id=order.crous_id,
        details={"amount_cents": amount_cents, "reason": refund.reason},
        now=now,
    )


def _end(event_id: int, attempt: Attempt, facts: Facts, now: datetime) -> Effect:
    """The bank says there is no money. An end that concerns money already booked is a question for an agent."""
    if attempt.status in LIVE:
        attempt.status = ATTEMPT_STEPS.target(rules.END_STEPS[facts.outcome], attempt.status)
        attempt.ended_at, attempt.ask_at, attempt.detail = now, None, facts.detail[:40]
        attempt.save(update_fields=["status", "ended_at", "ask_at", "detail"])
        return _note(event_id, attempt, Effect.ENDED)
    if attempt.ask_at is not None:  # given up by us: now the bank says so too
        attempt.ask_at = None
        attempt.save(update_fields=["ask_at"])
    if facts.tx_id and Capture.objects.filter(rail=attempt.rail, rail_tx_id=facts.tx_id).exists():
        return _question(event_id, attempt, Effect.REVERSED, now)
    return _note(event_id, attempt, Effect.LATE)


def _given_back(event_id: int, attempt: Attempt, now: datetime) -> Effect:
    """Money left for the cardholder: ours when we asked for it, a question for an agent when we did not."""
    if Refund.objects.filter(capture__attempt=attempt).exists():
        return _note(event_id, attempt, Effect.GIVEN_BACK)
    return _question(event_id, attempt, Effect.REVERSED, now)


def _question(event_id: int, attempt: Attempt, effect: Effect, now: datetime) -> Effect:
    """Something does not fit: nothing is booked, an agent sees it, and the bank is asked again soon."""
    if attempt.status in LIVE:
        attempt.status = ATTEMPT_STEPS.target("doubt", attempt.status)
        attempt.ask_at = now
        attempt.save(update_fields=["status", "ask_at"])
        jobs.enqueue("foundations.payments.tasks.ask_bank", attempt_id=attempt.pk)
    order = attempt.order
    record(
        by=Actor.system("bank"),
        verb="payments.meet_incident",
        subject=f"payments.order:{order.pk}",
        person_id=order.person_id,
        crous_id=order.crous_id,
        reason=effect.value,
        now=now,
    )
    return _note(event_id, attempt, effect)


def _note(event_id: int, attempt: Attempt, effect: Effect) -> Effect:
    """Write on the event whose it is and what it did."""
    OutsideEvent.objects.filter(pk=event_id).update(
        status=EventStatus.INCIDENT if effect in QUESTIONS else EventStatus.DONE,
        effect=effect,
        attempt=attempt,
        person_id=attempt.person_id,
        crous_id=attempt.crous_id,
    )
    return effect


def _believed(at: str, now: datetime) -> datetime:
    """Give the bank's date, or ours when it gave none, or one that has not come yet."""
    try:
        said = datetime.fromisoformat(at)
    except ValueError:
        return now
    return said if said.tzinfo is not None and said <= now + _AHEAD else now
