"""The whole at a glance: what does not fit, what waits, the last statements, the last files."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw, office_of
from messervices.foundations.treasury import selectors
from messervices.foundations.treasury.states import IMPORT, SEE

_FILES = 6


@require_GET
@for_agents(SEE)
def treasury(request: AgentRequest) -> HttpResponse:
    """What does not fit by kind, accounts that must clear, balances, files."""
    crous_id = office_of(request)
    piles = selectors.piles_of(request.actor, crous_id)
    context = {
        "piles": [pile for pile in piles if pile.count],
        "waiting": sum(pile.count for pile in piles),
        "transits": selectors.transits_of(crous_id, request.now),
        "balances": selectors.last_statement(crous_id),
        "files": selectors.files_of(request.actor, crous_id, _FILES),
        "may_import": request.actor.may(IMPORT),
        "here": "treasury",
    }
    return draw(request, "home", crous_id, context)
