"""Close what was begun and never paid."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.payments import actions as payments
from messervices.foundations.payments import selectors as bank
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.services.cvec.actions.row import held, record
from messervices.services.cvec.states import STEPS, Status


@action
def close_unpaid(*, by: Actor, person_id: int, year: AcademicYear, now: datetime) -> bool:
    """Close what was begun and never paid, once its campaign is over. Tells whether it was closed.

    While the bank may still say that it was paid it is left for another night: payments asks the bank meanwhile.
    """
    acquittement = held(person_id, year)
    if acquittement.status != Status.AWAITING_PAYMENT:
        return False
    if acquittement.order_id is not None:
        if bank.live_attempt(acquittement.order_id) is not None:
            return False
        payments.cancel(order_id=acquittement.order_id, by=by, reason=_("La campagne est terminée."), now=now)
    acquittement.status = STEPS.target("cancel", acquittement.status)
    acquittement.save(update_fields=["status"])
    record(acquittement, "cvec.close_unpaid", by=by, now=now)
    return True
