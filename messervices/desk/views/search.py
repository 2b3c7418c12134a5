"""Finding a student. What was typed stays in the session: no name and no number is ever in an address."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from messervices.desk import actions, rules, selectors
from messervices.desk.states import Right
from messervices.desk.views.door import AgentRequest, for_agents, show

_TYPED = "desk_search"
_LONGEST = 200


@require_http_methods(["GET", "POST"])
@for_agents(Right.OPEN_FILE)
def search(request: AgentRequest) -> HttpResponse:
    """A POST keeps what was typed and comes back by a GET, so that "back" and "reload" work and repeat nothing."""
    if request.method == "POST":
        request.session[_TYPED] = " ".join(request.POST.get("q", "").split())[:_LONGEST]
        return redirect("desk:search")
    typed = request.session.get(_TYPED, "")
    if len(typed) < rules.SHORTEST_SEARCH:
        return show(request, "search", {"typed": typed, "too_short": bool(typed)})
    actions.count_search(by=request.actor, now=request.now)
    found = selectors.persons_like(typed, request.actor)
    most = selectors.MOST_FOUND
    return show(request, "search", {"typed": typed, "found": found[:most], "more": len(found) > most, "asked": True})
