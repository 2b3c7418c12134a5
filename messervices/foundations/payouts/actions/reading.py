"""An agent who is about to confirm a payout reads the whole IBAN: written before it is shown."""

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record, record_read
from messervices.foundations.payouts.actions.tell import iban_of
from messervices.foundations.payouts.actions.weigh import details_of
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.states import APPROVE, PayoutStatus
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


@action
def read_iban(*, payout_id: int, by: Actor, now: datetime) -> str:
    """Give the IBAN of a payout that waits for a second person, and write who read it.

    Raises ``Refusal``: ``not_allowed``, ``not_waiting``.
    """
    payout = Payout.objects.get(pk=payout_id)
    if not by.may(APPROVE) or payout.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if payout.status != PayoutStatus.WAITING:
        raise Refusal("not_waiting", _("L’IBAN entier ne se lit que pour confirmer un virement qui attend."))
    if payout.person_id is not None:
        with translation.override("fr"):
            reason = _("Confirmation d’un virement")
        record_read(
            by=by, person_id=payout.person_id, crous_id=payout.crous_id, what="iban", reason=reason, now=now
        )  # fmt: skip
    record(
        by=by, verb="payouts.read_iban", subject=f"payouts.payout:{payout.pk}", person_id=payout.person_id,
        crous_id=payout.crous_id, now=now,
    )  # fmt: skip
    return iban_of(details_of(payout.details_id))
