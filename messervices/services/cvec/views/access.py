"""An establishment asks for access, and the two persons it names confirm their address."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts import selectors as accounts_read
from messervices.foundations.accounts.rules import Rate
from messervices.look.views import too_many
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.forms import RegistrationForm, schools_like

ASK_NETWORK = Rate(20, 60 * 60)
"""How often a network may ask for an access: each one writes to two addresses."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: Any) -> HttpResponse:
    """Ask which establishment, which two persons, which daughters; then tell them to look at their mail."""
    form = RegistrationForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "cvec/register.html", {"form": form}, status=422 if form.is_bound else 200)
    network = accounts_read.network(request)
    if not accounts.take_rate(ASK_NETWORK, request.now, "cvec.register", network):
        wait = accounts_read.seconds_to_wait(ASK_NETWORK, request.now, "cvec.register", network)
        return too_many(request, actions.TooManyChecks(wait))
    actions.ask_registration(
        by=request.actor,
        establishment=form.establishment,
        persons=form.persons,
        daughters=form.daughters,
        language=(get_language() or "fr")[:2],
        link=f"{settings.SITE_URL}{reverse('cvec:nominee', args=['TOKEN'])}",
        now=request.now,
    )
    return redirect("cvec:registered")


@require_safe
def registered(request: Any) -> HttpResponse:
    """Say what happens now."""
    return render(request, "cvec/registered.html")


@require_GET
def schools(request: Any) -> JsonResponse:
    """Answer the field that searches an establishment, by UAI or by words: reference data."""
    found = schools_like(request.GET.get("q", "")[:80])
    response = JsonResponse({"results": [{"value": one.pk, "label": one.label, "hint": one.pk} for one in found]})
    response["Cache-Control"] = "public, max-age=600"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def nominee(request: Any, token: str) -> HttpResponse:
    """One of the two links. The button confirms, not the link: a mail program that opens it confirms nothing."""
    found = selectors.nominee_by_token(token, request.now)
    if found is None:
        return render(request, "cvec/nominee_dead.html", status=410)
    if request.method == "POST":
        found = actions.confirm_nominee(by=request.actor, token=token, now=request.now)
    both = all(one.confirmed_at for one in found.registration.nominees.all())
    return render(request, "cvec/nominee.html", {"nominee": found, "both": both, "demand": found.registration})
