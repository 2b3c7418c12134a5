"""Establishments at the desk: who asks for access, which daughters are declared, which lists came in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.desk.door import for_agents, office
from messervices.services.cvec.forms import RefuseForm
from messervices.services.cvec.states import Right


@require_safe
@for_agents(Right.ADMIT)
def establishments(request: Any) -> HttpResponse:
    """What waits for an answer, and the lists of a year at the agent's Crous."""
    year = _year(request.GET.get("year", "")) or selectors.filing_year(request.now)
    context = {
        "office": office(request.actor),
        "demands": selectors.registrations_waiting(request.actor),
        "affiliations": selectors.affiliations_waiting(request.actor),
        "year": year,
        "years": selectors.filing_years(),
        "rolls": selectors.rolls_at_desk(request.actor, year) if year else [],
    }
    return render(request, "cvec/desk/establishments.html", context)


def _year(label: str) -> AcademicYear | None:
    try:
        return AcademicYear.of_label(label)
    except ValueError:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents(Right.ADMIT)
def registration(request: Any, pk: int) -> HttpResponse:
    """A demand with its two persons and its daughters; the answer."""
    demand = selectors.registration_at_desk(request.actor, pk)
    if demand is None:
        raise Http404
    form = RefuseForm(request.POST if "refuse" in request.POST else None)
    if request.method == "POST" and "accept" in request.POST:
        actions.accept_registration(
            by=request.actor, registration_id=pk, daughters=request.POST.getlist("daughter"), now=request.now
        )
        messages.success(request, _("L’accès est ouvert : les deux référents en sont prévenus par e-mail."))
        return redirect("cvec_desk:establishments")
    if form.is_bound and form.is_valid():
        actions.refuse_registration(
            by=request.actor, registration_id=pk, reason=form.cleaned_data["reason"], now=request.now
        )
        messages.success(request, _("La demande est refusée : les deux référents lisent la raison."))
        return redirect("cvec_desk:establishments")
    context = {
        "office": office(request.actor),
        "demand": demand,
        "nominees": list(demand.nominees.all()),
        "daughters": selectors.establishments_named(demand.daughters),
        "held": crous.referents_of(demand.establishment_id),
        "form": form,
    }
    return render(request, "cvec/desk/registration.html", context, status=422 if form.errors else 200)


@require_POST
@for_agents(Right.ADMIT)
def affiliation(request: Any, pk: int) -> HttpResponse:
    """Validate a daughter that was declared, or refuse it with the reason."""
    found = selectors.affiliation_at_desk(request.actor, pk)
    if found is None:
        raise Http404
    accepted = "accept" in request.POST
    form = RefuseForm(request.POST)
    if not accepted and not form.is_valid():
        messages.error(request, _("Dites pourquoi : l’établissement lira la raison."))
        return redirect("cvec_desk:establishments")
    actions.decide_affiliation(
        by=request.actor, affiliation_id=pk, accepted=accepted,
        reason="" if accepted else form.cleaned_data["reason"], now=request.now,
    )  # fmt: skip
    done = _("L’établissement est rattaché.") if accepted else _("Le rattachement est refusé.")
    messages.success(request, done)
    return redirect("cvec_desk:establishments")
