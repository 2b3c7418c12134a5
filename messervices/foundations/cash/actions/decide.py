"""An agent looks at money that nothing explains: whose it is, whom to give it back to, or that it was not ours."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.cash import rules, selectors
from messervices.foundations.cash.actions.notices import new_reference
from messervices.foundations.cash.actions.suspense import release
from messervices.foundations.cash.models import Line, Notice
from messervices.foundations.cash.providers.return_file import Taken
from messervices.foundations.cash.states import (
    LINE_STEPS,
    RAIL,
    SUSPENSE,
    Ending,
    LineStatus,
    NoticeStatus,
    Right,
)
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.states import OrderStatus
from messervices.kernel import jobs
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents

_LONGEST_REASON = 200


@action
def match_line(*, line_id: int, order_number: str, by: Actor, reason: str, now: datetime) -> Line:
    """Say which order a line's money is for. It then pays that order, as if the reference had been right.

    Raises ``Refusal``: ``not_yours``, ``reason_missing``, ``step_closed``, ``order_unknown`` at the agent's Crous, or
    ``does_not_fit`` when the order is not open or asks another amount (then it is to be given back).
    """
    line = _line(line_id, by, reason)
    order = _order(order_number, by)
    if order.status != OrderStatus.OPEN or order.amount_cents != line.amount_cents:
        raise Refusal(
            "does_not_fit", _("Cette commande n’attend pas cette somme : vérifiez le numéro, ou rendez la somme.")
        )
    return _attach(line, order, "cash.match_line", by=by, reason=reason, now=now)


@action
def give_back_line(*, line_id: int, order_number: str, by: Actor, reason: str, now: datetime) -> Line:
    """Say to whom a line's money goes back: whoever has that order. It joins the sums to give back of payments.

    Raises ``Refusal`` as ``match_line``, and ``does_not_fit`` when the order awaits exactly that sum: it pays it.
    """
    line = _line(line_id, by, reason)
    order = _order(order_number or (line.notice.order.number if line.notice else ""), by)
    if order.status == OrderStatus.OPEN and order.amount_cents == line.amount_cents:
        raise Refusal("does_not_fit", _("Cette commande attend exactement cette somme : rapprochez-la."))
    return _attach(line, order, "cash.give_back_line", by=by, reason=reason, now=now)


@action
def close_line(*, line_id: int, by: Actor, reason: str, now: datetime) -> Line:
    """File a line whose money is not ours: La Banque Postale has taken it back, or the line said nothing new.

    Raises ``Refusal``: ``not_yours``, ``reason_missing``, ``step_closed``.
    """
    line = _line(line_id, by, reason)
    status = LINE_STEPS.target("close", line.status)
    if line.status in SUSPENSE:
        release(operation=line.operation, reason="La Poste, repris par La Banque Postale", now=now)
    line.status = status
    _decided(line, "cash.close_line", by=by, reason=reason, now=now)
    return line


def _line(line_id: int, by: Actor, reason: str) -> Line:
    """Give the line, locked, to an agent who may decide on it and says why."""
    line = (
        Line.objects.select_for_update(of=("self",))
        .select_related("notice__order")
        .filter(pk=line_id, crous_id__in=by.scope.crous)
        .first()
    )
    if line is None or not by.may(Right.DECIDE):
        raise Refusal("not_yours", _("Vous ne pouvez pas décider de cette somme."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la raison est gardée avec la décision."))
    return line


def _order(number: str, by: Actor) -> Order:
    """Give the order of that number, locked, at the agent's Crous."""
    wanted = number.replace(" ", "").upper()
    rows = Order.objects.select_for_update(of=("self",)).filter(number=wanted, crous_id__in=by.scope.crous)
    order = rows.first() if wanted else None
    if order is None:
        raise Refusal("order_unknown", _("Aucune commande de votre Crous ne porte ce numéro."))
    return order


@inside_action
def _attach(line: Line, order: Order, verb: str, *, by: Actor, reason: str, now: datetime) -> Line:
    """Make the money of a line an event about an order, by a notice made for it: settling decides what it does."""
    status = LINE_STEPS.target("match", line.status)
    notice = Notice.objects.create(
        order=order,
        person_id=order.person_id,
        crous_id=order.crous_id,
        reference=new_reference(),
        amount_cents=line.amount_cents,
        fee_cents=line.fee_cents,
        status=NoticeStatus.CANCELLED,
        ending=Ending.BY_HAND,
        issued_at=now,
        valid_until=now,
        ended_at=now,
    )
    said = Taken(
        line.number, line.paid_on, line.office, line.reference, line.amount_cents, line.fee_cents, line.operation
    )
    arrived = payments.Arrived(
        number=notice.reference,
        bank_ref=rules.bank_ref(notice.pk),
        order_id=order.pk,
        amount_cents=Cents(line.amount_cents),
        tx_id=line.operation,
        at=rules.instant_of(line.paid_on, settings.TIME_ZONE),
        raw=said.evidence(),
    )
    release(operation=line.operation, reason=order.label, now=now)
    (line.event_id,) = payments.arrive(rail=RAIL, money=[arrived], now=now)
    jobs.enqueue("foundations.payments.tasks.read_inbox", event_id=line.event_id)
    line.status, line.notice = LineStatus(status), notice
    line.person_id, line.crous_id = order.person_id, order.crous_id
    line.due_on = selectors.due_on(line.paid_on, order.crous_id)
    _decided(line, verb, by=by, reason=reason, now=now)
    return line


@inside_action
def _decided(line: Line, verb: str, *, by: Actor, reason: str, now: datetime) -> None:
    line.decided_at, line.decided_by, line.reason = now, by.label, reason.strip()[:_LONGEST_REASON]
    line.save()
    record(
        by=by, verb=verb, subject=f"cash.line:{line.pk}", now=now, person_id=line.person_id, crous_id=line.crous_id,
        reason=line.reason, details={"amount_cents": line.amount_cents},
    )  # fmt: skip
