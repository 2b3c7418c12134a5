"""An establishment verifies a certificate: by number and letters, or by the QR."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.look.views import too_many
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.forms import VerifyForm
from messervices.services.cvec.models import Acquittement


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: Any) -> HttpResponse:
    """Ask for the number and the letters; say whether the certificate is valid. Posted: neither is in an address."""
    if request.method != "POST" or "number" not in request.POST:
        return _page(request, VerifyForm())
    form = VerifyForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    asked = form.cleaned_data["asked"]
    try:
        actions.take_turn(network=accounts.network(request), number=asked.number, now=request.now)
    except actions.TooManyChecks as wait:
        return too_many(request, wait)
    found = selectors.certified(asked.number)
    if found and not rules.letters_match(asked.letters, *selectors.names_of(found)):
        found = None
    return _answer(request, asked.number, found)


@never_cache
@require_safe
def scan(request: Any, number: str) -> HttpResponse:
    """Open the address of a QR: the key in it stands for the letters. Without its key, the letters are asked."""
    asked = selectors.asked(number)
    key = request.GET.get("k", "")[:40]
    if not asked.number or not rules.scan_key_is_right(asked.number, key, settings.DOCUMENT_NUMBER_KEY):
        return _page(request, VerifyForm(initial={"number": asked.number or number[:80]}))
    try:
        actions.take_turn(network=accounts.network(request), number=asked.number, now=request.now)
    except actions.TooManyChecks as wait:
        return too_many(request, wait)
    return _answer(request, asked.number, selectors.certified(asked.number))


def _establishments(request: Any) -> list[Establishment]:
    if request.actor.kind != "establishment":
        return []
    return crous.establishments_of_referent(request.actor.user_id)


def _acting_for(request: Any, mine: list[Establishment]) -> Establishment | None:
    """The establishment that a referent of several chose on the page; else their first."""
    chosen = request.POST.get("for") or request.GET.get("for")
    return next((one for one in mine if one.pk == chosen), mine[0] if mine else None)


def _answer(request: Any, number: str, found: Acquittement | None) -> HttpResponse:
    """Show what was found, and nothing more than an enrolment needs; write it in the establishment's history."""
    mine = _establishments(request)
    acting = _acting_for(request, mine)
    if acting:
        actions.note_check(by=request.actor, establishment=acting, number=number, found=found, now=request.now)
    return _page(request, VerifyForm(), mine=mine, verdict=selectors.verdict_of(number, found))


def _page(
    request: Any,
    form: VerifyForm,
    *,
    mine: list[Establishment] | None = None,
    verdict: selectors.Verdict | None = None,
) -> HttpResponse:
    mine = _establishments(request) if mine is None else mine
    acting = _acting_for(request, mine)
    context = {
        "form": form,
        "verdict": verdict,
        "establishments": mine,
        "acting": acting,
        "checks": selectors.checks_of(acting.pk) if acting else [],
    }
    return render(request, "cvec/verify.html", context, status=422 if form.errors else 200)
