"""From "what is it" to the bank's door: four short pages, each harmless to open twice or to come back to."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments import selectors as payments
from messervices.foundations.students import selectors as students
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.forms import CityForm, SituationForm
from messervices.services.cvec.states import VALID, Motive
from messervices.services.cvec.views.doors import campaign_or_404, person_page

STEPS = (
    gettext_lazy("Ma situation"),
    gettext_lazy("Ma ville d’études"),
    gettext_lazy("Mon paiement"),
    gettext_lazy("Mon attestation"),
)


@require_safe
def home(request: Any) -> HttpResponse:
    """What the CVEC is, and where the reader stands for the current campaign."""
    if request.actor.kind == "establishment":
        return redirect("cvec:space")
    person_id = request.actor.person_id
    year = crous.current_year("cvec", request.now)
    campaign = selectors.campaign_of(year, request.now) if year else None
    mine = selectors.acquittements_of(person_id) if person_id else []
    context = {
        "campaign": campaign,
        "others": [other for other in crous.open_years("cvec", request.now) if other != year],
        "certificates": [one for one in mine if one.status in VALID],
        "current": next((one for one in mine if one.year == year and one.is_live), None),
        "known": selectors.knowledge_of(person_id, year) if person_id and year else None,
        "categories": rules.CATEGORIES,
    }
    return render(request, "cvec/home.html", context)


@require_safe
def situation(request: Any, year: AcademicYear) -> HttpResponse:
    """Three questions and their answer. Open to all; nothing is kept, so the answer has an address of its own."""
    campaign = campaign_or_404(year, request.now)
    form = SituationForm(request.GET) if request.GET else SituationForm()
    answer = form.answer() if form.is_bound and form.is_valid() else None
    context = {"campaign": campaign, "form": form, "answer": answer, "steps": STEPS}
    return render(request, "cvec/situation.html", context)


@require_GET
def communes(request: Any) -> JsonResponse:
    """Answer the field that searches a city: reference data, with the Crous that would manage the CVEC."""
    found = crous.communes_like(request.GET.get("q", "")[:80])
    rows = [
        {"value": one.code, "label": one.label, "hint": str(one.departement.crous or _("aucun Crous"))} for one in found
    ]
    response = JsonResponse({"results": rows})
    response["Cache-Control"] = "public, max-age=600"
    response["Vary"] = "Accept-Language, Cookie"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def city(request: Any, year: AcademicYear) -> HttpResponse:
    """Ask where the establishment is; what is known already stands in the field."""
    campaign = campaign_or_404(year, request.now)
    person_id = request.actor.person_id
    acquittement = selectors.acquittement_of(person_id, year)
    if acquittement and acquittement.status in VALID:
        return redirect("cvec:certificate", year=year)
    if request.method == "POST":
        form = CityForm(request.POST)
        if form.is_valid():
            try:
                actions.choose_city(
                    by=request.actor, person_id=person_id, year=year, code=form.cleaned_data["city"], now=request.now
                )
            except Refusal as refusal:  # the place has no Crous: said beside the field, where it can be changed
                form.add_error("city", str(refusal.sentence))
            else:
                return redirect("cvec:summary", year=year)
    else:
        form = CityForm(initial={"city": selectors.knowledge_of(person_id, year).commune})
    context = {"campaign": campaign, "form": form, "steps": STEPS, "acquittement": acquittement}
    return render(request, "cvec/city.html", context, status=422 if form.errors else 200)


@require_safe
@person_page
def summary(request: Any, year: AcademicYear) -> HttpResponse:
    """Say who will manage the CVEC, what is due and why, and how to pay; or where a payment under way stands."""
    campaign = campaign_or_404(year, request.now)
    person_id = request.actor.person_id
    acquittement = selectors.acquittement_of(person_id, year)
    if acquittement and acquittement.status in VALID:
        return redirect("cvec:certificate", year=year)
    known = selectors.knowledge_of(person_id, year)
    commune = crous.commune_of(known.commune) if known.commune else None
    if commune is None or commune.departement.crous is None:
        return redirect("cvec:city", year=year)
    context = {
        "campaign": campaign,
        "person": students.person_by_id(person_id),
        "commune": commune,
        "crous": commune.departement.crous,
        "known": known,
        "motive": Motive(known.motive).label if known.motive else "",
        "refund_until": selectors.refund_until(year),
        "payment": selectors.payment_under_way(acquittement),
        "order": acquittement.order if acquittement else None,
        "link": payments.live_link(acquittement.order_id) if acquittement and acquittement.order_id else None,
        "link_hours": payments.link_lasts(request.now) // timedelta(hours=1),
        "means": payments.means_now(campaign.amount_cents) if campaign.amount_cents is not None else [],
        "in_cash": selectors.in_cash(acquittement, year),
        "steps": STEPS,
    }
    return render(request, "cvec/summary.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def pay(request: Any, year: AcademicYear) -> HttpResponse:
    """Acknowledge: give the certificate to who owes nothing, lead the others to the means that they chose."""
    campaign_or_404(year, request.now)
    if request.method != "POST":
        return redirect("cvec:summary", year=year)
    acquittement = actions.open_acquittement(
        by=request.actor, person_id=request.actor.person_id, year=year, now=request.now
    )
    if acquittement.status in VALID:
        return redirect("cvec:certificate", year=year)
    # 307: the browser posts again, this time to the room of payments, which leads to the bank or makes a link.
    where = "pay:link_new" if request.POST.get("means") == "link" else "pay:go"
    return redirect(where, uuid=acquittement.order.uuid, preserve_request=True)
