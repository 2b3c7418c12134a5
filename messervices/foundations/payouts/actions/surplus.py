"""A surplus that its own rail could not give back leaves by transfer."""

from datetime import datetime

from messervices.foundations.payments.actions.give_back import lock_movable_refund, move_refund
from messervices.foundations.payments.actions.settle import surplus_account
from messervices.foundations.payouts.actions.notices import ask_for_details
from messervices.foundations.payouts.actions.order import order_payout
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.selectors import details_in_force
from messervices.foundations.payouts.states import SURPLUS
from messervices.kernel.action import action
from messervices.kernel.actor import Actor


@action
def pay_refund(*, refund_id: int, by: Actor, now: datetime) -> Payout | None:
    """Have a refund that its rail refused paid by transfer, from the account where the surplus stands. Twice is once.

    ``None``: the person has given no account yet, and is asked for one; do it again once they have. Raises ``Refusal``:
    ``not_yours``, ``step_closed`` (it has not failed), and what ``order_payout`` refuses.
    """
    refund = lock_movable_refund(refund_id=refund_id, by=by)
    order = refund.capture.order
    details = details_in_force(person_id=refund.person_id)
    if details is None:
        ask_for_details(refund.person_id, label=order.label, amount_cents=refund.amount_cents, now=now)
        return None
    move_refund(refund, by=by, now=now)
    return order_payout(
        kind=SURPLUS,
        reference=str(refund.pk),
        person_id=refund.person_id,
        crous_id=refund.crous_id,
        amount_cents=refund.amount_cents,
        debit_account=surplus_account(refund.capture.rail),
        label=order.label,
        details_id=details.pk,
        by=by,
        now=now,
    )
