"""Where an agent lands: what waits, and what they opened last."""

from django.http import HttpResponse

from messervices.desk import selectors
from messervices.desk.states import Right
from messervices.desk.views.door import AgentRequest, for_agents, show

_SHOWN = 8
_LAST = 6


@for_agents()
def home(request: AgentRequest) -> HttpResponse:
    """The piles of work, the numbers to decide, the last files."""
    cases = selectors.cases_of(request.actor, _SHOWN)
    return show(
        request,
        "home",
        {
            "cases": cases[:_SHOWN],
            "more_cases": len(cases) > _SHOWN,
            "may_decide": request.actor.may(Right.DECIDE_CASE),
            "queues": selectors.queues_of(request.actor),
            "bank": selectors.bank_waiting(request.actor),
            "cash": selectors.cash_waiting(request.actor),
            "payouts": selectors.payouts_queue(request.actor),
            "treasury": selectors.treasury_waiting(request.actor),
            "lately": selectors.persons_lately(request.actor, _LAST),
        },
    )


@for_agents()
def me(request: AgentRequest) -> HttpResponse:
    """What the agent may do, and what they opened last, as the students read it."""
    rights = selectors.known_rights()
    return show(
        request,
        "me",
        {
            "rights": [(code, rights.get(code, code)) for code in sorted(request.actor.rights)],
            "reads": selectors.persons_read_by(request.actor, 50),
        },
    )
