"""Sharing out at the desk: drawn by one, reviewed by another, then final; each share explained line by line."""

from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.desk.door import for_agents, office
from messervices.services.cvec.forms import ClassForm, DrawForm, RefuseForm
from messervices.services.cvec.models import Sharing
from messervices.services.cvec.states import SHARING_STEPS, Right, SharingStatus

_PAGE = 50


def _page(request: Any, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    shown = {"office": office(request.actor), "national": request.actor.national, **context}
    return render(request, f"cvec/desk/{template}.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents(Right.SHARE)
def sharings(request: Any) -> HttpResponse:
    """Every sharing out; at the national desk, the form that draws one."""
    form = DrawForm(request.POST or None, years=selectors.years_with_terms())
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.draw_sharing(
                by=request.actor, year=AcademicYear.of_label(form.cleaned_data["year"]),
                kind=form.cleaned_data["kind"], now=request.now,
            )  # fmt: skip
        except Refusal as refusal:  # said beside the form
            form.add_error(None, str(refusal.sentence))
        else:
            return redirect("cvec_desk:sharing", pk=made.pk)
    context = {"form": form, "sharings": selectors.sharings()}
    return _page(request, "sharings", context, status=422 if form.errors else 200)


def _sharing_or_404(pk: int) -> Sharing:
    found = selectors.sharing_of(pk)
    if found is None:
        raise Http404
    return found


@require_safe
@for_agents(Right.SHARE)
def sharing(request: Any, pk: int) -> HttpResponse:
    """One sharing out: its parameters, what the Crous keep, the shares; computed again as the page is opened."""
    found = _sharing_or_404(pk)
    done = found.status != SharingStatus.COUNTING
    rows = selectors.shares_at_desk(request.actor, found, after=request.GET.get("after", "")[:8], limit=_PAGE + 1)
    context = {
        "sharing": found,
        "as_of": selectors.last_instant(found.as_of),
        "terms": rules.Terms(**found.terms),
        "progress": selectors.progress_of_sharing(found),
        "wrong": selectors.replayed(found) if done and request.actor.national else None,
        "kept": selectors.kept_of(found),
        "per_head": int(Fraction(found.per_head)),
        "owed": selectors.still_owed(found) if found.status == SharingStatus.FINAL else 0,
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].establishment_id if len(rows) > _PAGE else "",
        "steps": SHARING_STEPS.open_steps(found.status) if request.actor.national else (),
        "own": found.made_by_id == request.actor.user_id,
        "drop": RefuseForm(),
    }
    return _page(request, "sharing", context)


@require_POST
@for_agents(Right.SHARE)
def step(request: Any, pk: int, step: str) -> HttpResponse:
    """Review, make final, drop with a reason, or order what waits for an account."""
    _sharing_or_404(pk)
    by_and_now = {"by": request.actor, "sharing_id": pk, "now": request.now}
    if step == "review":
        actions.review_sharing(**by_and_now)
        messages.success(request, _("Relu. Il reste à l’arrêter."))
    elif step == "finalise":
        actions.finalise_sharing(**by_and_now)
        messages.success(request, _("Arrêté : les lettres sont prêtes, les virements sont ordonnés."))
    elif step == "drop":
        form = RefuseForm(request.POST)
        if form.is_valid():
            actions.drop_sharing(**by_and_now, reason=form.cleaned_data["reason"])
            messages.success(request, _("Abandonné. Un autre partage peut être préparé."))
        else:
            messages.error(request, _("Dites pourquoi : la raison est gardée."))
    else:
        raise Http404
    return redirect("cvec_desk:sharing", pk=pk)


@require_safe
@for_agents(Right.SHARE)
def share(request: Any, pk: int) -> HttpResponse:
    """One share, explained: who was counted, at which rate, divided by how many; then each sum."""
    found = selectors.share_at_desk(request.actor, pk)
    if found is None:
        raise Http404
    groups = selectors.groups_of(found)
    lines = [{"group": one, "cents": one.heads * one.rate_cents // one.split} for one in groups]
    context = {"share": found, "sharing": found.sharing, "lines": lines}
    context |= {"per_head": int(Fraction(found.sharing.per_head))}
    return _page(request, "share", context)


@require_safe
@for_agents(Right.SHARE)
def letter(request: Any, pk: int) -> HttpResponse:
    """The letter of a share that is final."""
    found = selectors.share_at_desk(request.actor, pk)
    if found is None or found.letter is None:
        raise Http404
    response = HttpResponse(selectors.letter_pdf(found, request.now), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.letter["number"]}.pdf"'
    return response


@require_safe
@for_agents(Right.SHARE)
def classes(request: Any) -> HttpResponse:
    """Every establishment with its class, what says so and how sure that is."""
    return _page(request, "classes", {"rows": selectors.beneficiaries()})


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents(Right.SHARE)
def one_class(request: Any, uai: str) -> HttpResponse:
    """Class one establishment, from a source."""
    found = selectors.beneficiary_of(uai)
    if found is None:
        raise Http404
    form = ClassForm(request.POST or None, initial={"share_class": found.share_class})
    if request.method == "POST" and form.is_valid():
        actions.class_beneficiary(by=request.actor, uai=uai, now=request.now, **form.cleaned_data)
        messages.success(request, _("C’est classé : les prochains partages en tiennent compte."))
        return redirect("cvec_desk:classes")
    return _page(request, "class", {"found": found, "form": form}, status=422 if form.errors else 200)
