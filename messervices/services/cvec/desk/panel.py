"""The CVEC's part of a student's whole picture."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments import selectors as payments
from messervices.kernel.actor import Actor
from messervices.kernel.manifest import Panel
from messervices.services.cvec import selectors
from messervices.services.cvec.states import Right


def panels(person_id: int, actor: Actor, now: datetime) -> list[Panel]:
    """The CVEC in a student's whole picture, at the agent's Crous: acquittements and payments (five queries)."""
    if not actor.may(Right.SEE):
        return []
    known = crous.current_year("cvec", now)
    context = {
        "rows": selectors.acquittements_seen(actor, person_id),
        "orders": [order for order in payments.payments_of(person_id, actor) if order.kind == "cvec"],
        "year": known,
        "known": selectors.knowledge_of(person_id, known) if known else None,
    }
    return [Panel(_("CVEC"), "cvec/desk/panel.html", context)]
