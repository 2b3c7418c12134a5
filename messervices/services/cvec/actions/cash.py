"""Pay the CVEC in cash at a post office."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.cash import actions as cash
from messervices.foundations.cash.models import Notice
from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import selectors
from messervices.services.cvec.actions.acknowledge import open_acquittement


def pay_in_cash(*, by: Actor, person_id: int, year: AcademicYear, now: datetime) -> Notice | None:
    """Give the notice with which a student pays the CVEC of a year; ``None`` when nothing is left to pay.

    Not an action: the CVEC is begun, as for a card, then the notice is made; twice gives the same. Raises ``Refusal``:
    those of ``open_acquittement`` and of ``cash.issue_notice``, and ``fee_unknown`` while the year's fee is not set.
    """
    fee_cents = crous.amount_of("cvec.cash_fee", year)
    if fee_cents is None:
        raise Refusal("fee_unknown", _("Les frais de La Poste ne sont pas encore connus pour cette année."))
    acquittement = open_acquittement(by=by, person_id=person_id, year=year, now=now)
    campaign = selectors.campaign_of(year, now)
    if acquittement.is_valid or acquittement.order_id is None or campaign is None:
        return None
    return cash.issue_notice(
        order_id=acquittement.order_id, fee_cents=fee_cents, closes_at=campaign.window.closes_at, by=by, now=now
    )
