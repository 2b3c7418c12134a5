"""A service hands over what is to be paid, or takes it back."""

import secrets
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from messervices.foundations.audit.actions import record
from messervices.foundations.payments.actions.link import close_link
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent, PayerLink
from messervices.foundations.payments.selectors import live_attempt
from messervices.foundations.payments.states import ORDER_STEPS, OrderStatus
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: numbers are read aloud at the desk
_LENGTH = 10


def _number() -> str:
    """Draw an order's number: ten signs, 49 bits; the database refuses the one in a hundred million that is taken."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


@inside_action
def start(
    *,
    kind: str,
    reference: str,
    person_id: int,
    crous_id: int,
    amount_cents: int,
    credit_account: str,
    label: str,
    return_path: str,
    now: datetime,
) -> Order:
    """Hand over something to be paid: everything that settling it will need. Called twice, gives the same order.

    ``kind`` is in the service's ``on_paid``; ``reference`` names the thing sold among those of that kind; ``label`` is
    read by the student and the bank; ``return_path`` is a path of ours. An open order whose amount, account or Crous
    changed follows, with its tries. Raises ``Refusal("payment_under_way")`` while the bank is at work on the old one.
    """
    found = Order.objects.select_for_update().filter(kind=kind, reference=reference).exclude(
        status=OrderStatus.CANCELLED
    ).first()  # fmt: skip
    if found is None:
        return Order.objects.create(
            number=_number(),
            kind=kind,
            reference=reference,
            person_id=person_id,
            crous_id=crous_id,
            amount_cents=amount_cents,
            credit_account=credit_account,
            label=label,
            return_path=return_path,
            created_at=now,
        )
    wanted = {"amount_cents": amount_cents, "credit_account": credit_account, "crous_id": crous_id, "label": label}
    if found.status == OrderStatus.OPEN and any(getattr(found, name) != value for name, value in wanted.items()):
        if live_attempt(found.pk) is not None:
            raise Refusal(
                "payment_under_way",
                _("Un paiement est en cours à la banque. Attendez sa réponse avant de changer votre demande."),
            )
        moved = found.crous_id != crous_id
        for name, value in wanted.items():
            setattr(found, name, value)
        found.save(update_fields=list(wanted))
        if moved:
            Attempt.objects.filter(order=found).update(crous_id=crous_id)
            PayerLink.objects.filter(order=found).update(crous_id=crous_id)
            OutsideEvent.objects.filter(attempt__order=found).update(crous_id=crous_id)
    return found


@inside_action
def cancel(*, order_id: int, by: Actor, reason: str, now: datetime) -> bool:
    """Withdraw an order that is no longer to be paid. Gives whether it was withdrawn now; ``False`` once it is paid.

    Money that still comes for it goes back to the card by itself.
    """
    order = Order.objects.select_for_update().get(pk=order_id)
    if order.status != OrderStatus.OPEN:
        return False
    order.status = ORDER_STEPS.target("cancel", order.status)
    order.cancelled_at = now
    order.save(update_fields=["status", "cancelled_at"])
    close_link(order_id=order.pk, step="cancel", by=by, now=now)
    record(
        by=by,
        verb="payments.cancel_order",
        subject=f"payments.order:{order.pk}",
        person_id=order.person_id,
        crous_id=order.crous_id,
        reason=reason,
        now=now,
    )
    return True
