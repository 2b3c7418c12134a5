"""A student takes a notice to pay at a post office, gives it up, or lets it pass."""

import logging
import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.cash import rules, selectors
from messervices.foundations.cash.models import Notice
from messervices.foundations.cash.states import NOTICE_STEPS, Ending, NoticeStatus
from messervices.foundations.notifications.actions import notify
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.actions import ask_bank, close_other_means
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.states import OrderStatus
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable, Refusal

log = logging.getLogger(__name__)


def new_reference() -> str:
    """Draw a reference: 60 bits, so that no slip of a finger finds another one; the database refuses one taken."""
    return rules.reference_of(f"{secrets.randbelow(10**rules.BODY_DIGITS):0{rules.BODY_DIGITS}d}")


def issue_notice(
    *, order_id: int, fee_cents: int, closes_at: datetime | None, by: Actor, now: datetime
) -> Notice | None:
    """Give the notice to pay an open order in cash, made now if there is none. Twice gives the same.

    ``fee_cents`` is what La Poste keeps on top of the order's amount; the notice is valid for the days that the
    settings say, and not after ``closes_at``. Another means that was begun is closed: the bank is asked first, outside
    any transaction, and gives ``None`` when it says that all is paid. Raises ``Order.DoesNotExist`` for somebody else's
    order, ``Refusal``: ``cash_not_offered``, ``order_closed``, or ``payment_under_way`` while the bank is deciding.
    """
    live = payments.live_attempt(order_id)
    if live is not None:
        try:
            ask_bank(attempt_id=live.pk, now=now)
        except ProviderUnavailable as silence:
            # Whoever meets a silent bank may want cash for that very reason. The try is asked about all the same.
            log.warning("the bank does not answer: %s", silence)
    return _issue(order_id=order_id, fee_cents=fee_cents, closes_at=closes_at, by=by, now=now)


@action
def _issue(*, order_id: int, fee_cents: int, closes_at: datetime | None, by: Actor, now: datetime) -> Notice | None:
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id, person_id=by.person_id or 0)
    if order.status == OrderStatus.PAID:
        return None
    _refuse_unless_payable(order, now, closes_at)
    open_one = selectors.open_notice(order.pk)
    if open_one is not None:
        if now < open_one.valid_until:
            return open_one
        _end(open_one, "expire", Ending.TOO_LATE, now)
    close_other_means(order=order, live=payments.live_attempt(order.pk), by=by, now=now)
    made = Notice.objects.create(
        order=order,
        person_id=order.person_id,
        crous_id=order.crous_id,
        reference=new_reference(),
        amount_cents=order.amount_cents,
        fee_cents=fee_cents,
        issued_at=now,
        valid_until=rules.valid_until(now, days=settings.EFICASH_NOTICE_DAYS, closes_at=closes_at),
    )
    notify(
        person_id=order.person_id,
        crous_id=order.crous_id,
        kind="cash.notice",
        params={
            "label": order.label,
            "amount_cents": made.amount_cents,
            "fee_cents": made.fee_cents,
            "until": made.valid_until.isoformat(),
        },
        link=reverse("cash:notice", args=[made.uuid]),
        now=now,
    )
    _record(made, "cash.issue_notice", by=by, now=now)
    return made


def _refuse_unless_payable(order: Order, now: datetime, closes_at: datetime | None) -> None:
    if not selectors.is_offered():
        raise Refusal("cash_not_offered", _("Le paiement en espèces n’est pas proposé ici."))
    if order.status != OrderStatus.OPEN or (closes_at is not None and now >= closes_at):
        raise Refusal("order_closed", _("Cette demande n’est plus à payer. Ne versez rien à La Poste."))


@action
def cancel_notice(*, uuid: UUID, by: Actor, now: datetime) -> Notice:
    """A student chooses another means: the notice is given up. Twice is once; one that has ended stays as it is.

    Money that still comes is booked: it pays the order when nothing else has, and is given back otherwise. Raises
    ``Notice.DoesNotExist`` for somebody else's.
    """
    found = selectors.notice_of(uuid, by.person_id or 0)
    Order.objects.select_for_update(of=("self",)).get(pk=found.order_id)
    notice = Notice.objects.select_for_update(of=("self",)).select_related("order").get(pk=found.pk)
    if notice.status == NoticeStatus.OPEN:
        _end(notice, "cancel", Ending.GIVEN_UP, now)
        _record(notice, "cash.cancel_notice", by=by, now=now)
    return notice


@action
def expire_notice(*, notice_id: int, now: datetime) -> bool:
    """Let a notice pass, and tell the student. Gives whether it was done now."""
    notice = Notice.objects.select_for_update(of=("self",)).select_related("order").get(pk=notice_id)
    if notice.status != NoticeStatus.OPEN or now < notice.valid_until:
        return False
    _end(notice, "expire", Ending.TOO_LATE, now)
    notify(
        person_id=notice.person_id,
        crous_id=notice.crous_id,
        kind="cash.expired",
        params={"label": notice.order.label},
        link=notice.order.return_path,
        now=now,
    )
    _record(notice, "cash.expire_notice", by=Actor.system("cash"), now=now)
    return True


@inside_action
def _end(notice: Notice, step: str, why: Ending, now: datetime) -> None:
    notice.status = NOTICE_STEPS.target(step, notice.status)
    notice.ending, notice.ended_at = why, now
    notice.save(update_fields=["status", "ending", "ended_at"])


def _record(notice: Notice, verb: str, *, by: Actor, now: datetime) -> None:
    record(
        by=by, verb=verb, subject=f"cash.notice:{notice.pk}", now=now, person_id=notice.person_id,
        crous_id=notice.crous_id,
    )  # fmt: skip
