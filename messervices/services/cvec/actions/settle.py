"""Be confirmed by the bank."""

from datetime import datetime

from messervices.foundations.payments.states import Paid, Payer
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor
from messervices.services.cvec.actions.certify import certify, tell
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import STEPS


@inside_action
def confirm_payment(*, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
    """The bank has confirmed: give the certificate, inside the transaction that books the money (seven queries).

    Raises ``Refusal("step_closed")`` when nothing was due any more: then nothing at all is booked, and payments tries
    again; it cannot happen while an order that is open belongs to an acquittement that awaits it.
    """
    acquittement = Acquittement.objects.select_for_update(of=("self",)).select_related("person").get(pk=int(reference))
    acquittement.status = STEPS.target("pay", acquittement.status)
    acquittement.order_id = order_id
    acquittement.amount_cents, acquittement.settled_at = facts.amount_cents, now
    acquittement.by_third_party = facts.payer == Payer.THIRD_PARTY
    certify(acquittement, on=facts.taken_at, now=now)
    acquittement.save(update_fields=["status", "order", "amount_cents", "document", "settled_at", "by_third_party"])
    tell(acquittement, "cvec.confirm_payment", by=by, now=now)
