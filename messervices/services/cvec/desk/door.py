"""The door of the agents' pages, and the office in their header."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from messervices.foundations.crous import selectors as crous
from messervices.kernel.actor import Actor

View = Callable[..., HttpResponse]


def for_agents(right: str) -> Callable[[View], View]:
    """Let in agents with the right; somebody not signed in goes to sign in, anybody else finds nothing here."""

    def mark(view: View) -> View:
        @never_cache
        @wraps(view)
        def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.actor.kind == "anonymous":
                return redirect_to_login(request.path)
            if request.actor.kind != "agent":
                raise Http404
            if not request.actor.may(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return door

    return mark


def office(actor: Actor) -> str:
    """The name of the agent's office, for the header."""
    return crous.crous_of(actor.office_id).name if actor.office_id else _("Réseau national")
