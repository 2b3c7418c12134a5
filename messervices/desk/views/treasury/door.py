"""What every page of the treasury begins with: whose money is looked at, and the parts that have a tab."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from messervices.desk.views.door import AgentRequest, show
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Crous

TABS = (
    ("treasury", _("Ensemble")),
    ("treasury_mismatches", _("Écarts")),
    ("treasury_files", _("Fichiers")),
    ("treasury_sheet", _("Journée")),
    ("treasury_period", _("Évolution")),
    ("treasury_transits", _("Comptes d’attente")),
    ("treasury_books", _("Grand livre")),
    ("treasury_accounts", _("Comptes")),
)


def office_of(request: AgentRequest) -> int:
    """The Crous whose money is looked at: the agent's, or the one chosen by an agent of several. 404 for another's."""
    wanted = request.GET.get("crous", "")
    chosen = int(wanted) if wanted.isdecimal() else None
    if chosen is None:
        return request.actor.office_id or offices_of(request)[0].pk
    if chosen not in {one.pk for one in offices_of(request)}:
        raise Http404
    return chosen


def offices_of(request: AgentRequest) -> list[Crous]:
    """The Crous that the agent may look at, by name."""
    return [one for one in crous.crous_list() if request.actor.national or one.pk in request.actor.crous_ids]


def draw(
    request: AgentRequest, template: str, crous_id: int, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Draw a page of the treasury, with its tabs and, for who has several Crous, the choice of one."""
    offices = offices_of(request)
    given = {
        "crous_id": crous_id, "crous_of": crous.crous_of(crous_id), "offices": offices if len(offices) > 1 else [],
        "tabs": TABS, "chosen": f"?crous={crous_id}" if len(offices) > 1 else "",
    }  # fmt: skip
    return show(request, f"treasury/{template}", given | (context or {}), status=status)
