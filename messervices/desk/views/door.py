"""The door of every page of the desk: who may enter, in which office, and which files are open."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from messervices.desk import rules, selectors
from messervices.foundations.students.models import Person
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.look import views as look

_OPEN = "desk_open"
_MOST_OPEN = 30


class AgentRequest(HttpRequest):
    """A request that the middleware has told who acts, and when."""

    actor: Actor
    now: datetime


View = Callable[..., HttpResponse]


def for_agents(right: str = "") -> Callable[[View], View]:
    """Let agents in, with a right when one is named.

    Somebody not signed in goes to sign in and comes back; a student or an establishment finds nothing here; an agent
    without the right reads that it is missing. A refusal is shown on the desk's own page.
    """

    def mark(view: View) -> View:
        @never_cache
        @wraps(view)
        def door(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.actor.kind == "anonymous":
                return redirect_to_login(request.path)
            if request.actor.kind != "agent":
                raise Http404
            if right and not request.actor.may(right):
                return look.forbidden(request)
            try:
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                status = 429 if refusal.code == "too_many" else 409
                return show(request, "refused", {"refusal": refusal}, status=status)

        return door

    return mark


def show(
    request: AgentRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Draw a page of the desk with the agent's office in its header."""
    office = selectors.office_of(request.actor)
    return render(request, f"desk/{template}.html", {"office": office, **(context or {})}, status=status)


def person_or_404(request: AgentRequest, uuid: UUID) -> Person:
    """The person of the address. Another Crous's person and nobody's are the same 404."""
    person = selectors.person_for(uuid, request.actor)
    if person is None:
        raise Http404
    return person


def opening_of(request: AgentRequest, person: Person) -> rules.Opening | None:
    """The opening of this file in this session, if its reason still holds."""
    kept = request.session.get(_OPEN, {}).get(str(person.pk))
    if kept is None:
        return None
    opening = rules.Opening(kept[0], datetime.fromisoformat(kept[1]))
    return opening if rules.still_open(opening.opened_at, request.now) else None


def remember_opening(request: AgentRequest, person: Person, reason: str) -> rules.Opening:
    """Keep in the session that this file was opened, for which reason."""
    kept = dict(request.session.get(_OPEN, {}))
    kept.pop(str(person.pk), None)
    kept[str(person.pk)] = [reason, request.now.isoformat()]
    request.session[_OPEN] = dict(list(kept.items())[-_MOST_OPEN:])
    return rules.Opening(reason, request.now)
