"""Pages to find one's way: the two homes, the services, the search, the standing texts."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from messervices.foundations.crous import selectors as crous
from messervices.kernel.manifest import Tile
from messervices.look.shell import address
from messervices.portal import selectors

_LONGEST_SEARCH = 100
DESK_HOME = "desk:home"


@require_safe
def home(request: Any) -> HttpResponse:
    """The front door: what can be done here; or, signed in, what to do next."""
    actor = request.actor
    if actor.kind == "student":
        return _signed_in(request)
    if actor.kind == "agent" and address(DESK_HOME) != "/":
        return redirect(DESK_HOME)
    now = request.now
    shown = {
        "sections": selectors.sections(now),
        "fronts": selectors.fronts(now),
        "announcements": selectors.announcements(actor, now),
        "now": now,
    }
    return render(request, "portal/home/public.html", shown)


def _signed_in(request: Any) -> HttpResponse:
    """Next step first, then the tiles, what happened, messages, and what we know. At most three queries in all."""
    actor, now = request.actor, request.now
    shown: dict[str, Any] = {
        "now": now,
        "first_name": actor.label.split(" ")[0] if actor.person_id else "",
        "office": crous.crous_of(actor.crous_ids[0]).name if actor.crous_ids else "",
        "announcements": selectors.announcements(actor, now),
    }
    if actor.person_id is None:
        shown |= {"next": _who_are_you(), "tiles": [], "known": None}
        return render(request, "portal/home/signed_in.html", shown)
    tiles = selectors.tiles_of(actor.person_id, now)
    known = selectors.home_of(actor.person_id, request.user.email)
    urgent = tiles[0] if tiles and tiles[0].urgency > 0 else None
    shown |= {
        "next": urgent,
        "tiles": tiles,
        "known": known,
        "unread": known["unread"],
        "address_dead": known["address_dead"],
    }
    return render(request, "portal/home/signed_in.html", shown)


def _who_are_you() -> Tile:
    """The first step of everybody."""
    return Tile(
        title=_("Dites-nous qui vous êtes"),
        sentence=_("Une seule fois, en trois minutes : nom, naissance, INE si vous en avez un."),
        url=reverse("portal:identity"),
        action_label=_("Commencer"),
        fam="help",
        icon="user",
        urgency=1,
    )


@require_safe
def services(request: Any) -> HttpResponse:
    """All services, by section, for those who are signed in too."""
    shown = {"sections": selectors.sections(request.now)}
    return render(request, "portal/services.html", shown)


@require_safe
def search(request: Any) -> HttpResponse:
    """Find a service, a page or an outside site by a word."""
    text = request.GET.get("q", "").strip()[:_LONGEST_SEARCH]
    found = selectors.search(text, request.now) if text else []
    return render(request, "portal/search.html", {"text": text, "found": found, "sections": selectors.SECTIONS})


@require_safe
def page(request: Any, name: str) -> HttpResponse:
    """One of the standing texts: help, fraud, accessibility, data, legal notice."""
    return render(request, f"portal/pages/{name}.html", {"demo": settings.DEMO, "now": request.now})


@require_safe
def status(request: Any) -> HttpResponse:
    """Say what can be said: this page was drawn, and reference data are at hand. Nothing is guessed about the rest."""
    return render(request, "portal/pages/status.html", {"now": request.now})
