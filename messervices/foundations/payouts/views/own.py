"""Mes coordonnées bancaires, mes virements."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.foundations.payouts import actions, selectors
from messervices.foundations.payouts.forms import BankDetailsForm
from messervices.foundations.payouts.views.door import proven
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as, of_establishment
from messervices.look import shell

_TELLINGS = Rate(8, 24 * 3600)
"""How often an account may be given in a day: more is a mistake or a thief."""


@require_http_methods(["GET", "HEAD", "POST"])
@proven
def details(request: Any) -> HttpResponse:
    """Show the account in force, last four only, and take another. ``?for=`` names an establishment of one's own."""
    establishment = _establishment(request)
    if establishment is None and request.actor.person_id is None:
        if request.actor.kind != "student":
            raise PermissionDenied
        return redirect(shell.address("portal:identity"))
    form = BankDetailsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _tell(request, form, establishment)
        except (Refusal, accounts.TooMany) as refused:
            form.add_error(None, str(refused.sentence) if isinstance(refused, Refusal) else refused)
    uai = establishment.uai if establishment else ""
    with acting_as(of_establishment(uai) if uai else request.actor.scope):
        history = selectors.details_history(person_id=request.actor.person_id, establishment_uai=uai)
    current = history[0] if history and history[0].superseded_at is None else None
    context = {
        "form": form,
        "current": current,
        "history": history[1:],
        "establishment": establishment,
        "next": _next(request),
    }
    return render(request, "payouts/details.html", context, status=422 if form.is_bound else 200)


def _establishment(request: Any) -> Establishment | None:
    """The establishment of the address, if the reader answers for it; ``None`` when none is named. Else: not found."""
    asked = request.GET.get("for", "")
    if not asked:
        return None
    held = {one.uai: one for one in crous.establishments_of_referent(request.user.pk)}
    if asked not in held:
        raise Http404
    return held[asked]


def _tell(request: Any, form: BankDetailsForm, establishment: Establishment | None) -> HttpResponse:
    """Hand over what was typed; say what happens next."""
    accounts.insist(_TELLINGS, request.now, "bank_details", request.user.pk)
    told = actions.tell_own_details(
        iban=form.cleaned_data["iban"], holder=form.cleaned_data["holder"], by=request.actor, now=request.now,
        establishment_uai=establishment.uai if establishment else "",
    )  # fmt: skip
    if told.told_at == request.now:
        messages.success(request, _("C’est enregistré. Nous vous écrivons pour le confirmer."))
    else:
        messages.info(request, _("C’était déjà votre compte : rien n’a changé."))
    return redirect(_next(request) or request.get_full_path())


def _next(request: Any) -> str:
    """Give the page of ours that sent the person here, if one did."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()) else ""


@require_safe
def payouts(request: Any) -> HttpResponse:
    """Every payout of the person, with its story."""
    if request.actor.kind == "anonymous":
        return redirect("account_login")
    if request.actor.person_id is None:
        raise Http404
    return render(request, "payouts/payouts.html", {"payouts": selectors.payouts_of(request.actor.person_id)})
