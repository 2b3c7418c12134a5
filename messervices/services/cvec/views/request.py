"""Asking for an exemption, or for one's money back: what is possible, what to complete, where it stands."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import selectors as documents
from messervices.foundations.payouts import selectors as payouts
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.forms import GroundForm
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import RequestKind, RequestStatus
from messervices.services.cvec.views.doors import campaign_or_404, person_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def refund(request: Any, year: AcademicYear) -> HttpResponse:
    """Have the CVEC back: who may, until when; the request under way, or the answer."""
    return _page(request, year, RequestKind.REFUND)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def exemption(request: Any, year: AcademicYear) -> HttpResponse:
    """Ask to be exempted on papers; the request under way, or the answer."""
    return _page(request, year, RequestKind.EXEMPTION)


def _page(request: Any, year: AcademicYear, kind: RequestKind) -> HttpResponse:
    campaign_or_404(year, request.now)
    person_id = request.actor.person_id
    asked = selectors.request_of(person_id, year, kind)
    form = GroundForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            actions.open_request(
                by=request.actor, person_id=person_id, year=year, kind=kind, ground=form.cleaned_data["ground"],
                words=form.cleaned_data["words"], now=request.now,
            )  # fmt: skip
        except Refusal as refusal:
            if refusal.next_url:
                raise
            form.add_error(None, str(refusal.sentence))
        else:
            return redirect(f"cvec:{kind}", year=year)
    acquittement = selectors.acquittement_of(person_id, year)
    context = _context(request, year, kind, asked, acquittement) | {"form": form}
    zone = crous.crous_of(asked.crous_id).timezone if asked else "Europe/Paris"
    with timezone.override(ZoneInfo(zone)):
        return render(request, "cvec/request/page.html", context, status=422 if form.errors else 200)


def _context(
    request: Any, year: AcademicYear, kind: RequestKind, asked: Request | None, acquittement: Acquittement | None
) -> dict[str, Any]:
    """What the page shows: what may be asked, or the request with its papers, its account and its transfer."""
    shown: dict[str, Any] = {"year": year, "kind": kind, "asked": asked, "acquittement": acquittement}
    if kind == RequestKind.REFUND:
        obstacle = selectors.refund_obstacle_of(acquittement, year, request.now)
        shown["obstacle"] = selectors.obstacle_words(obstacle, year) if obstacle else ""
        shown["until"] = selectors.refund_last_day(acquittement, year)
        shown["details"] = payouts.details_in_force(person_id=request.actor.person_id)
    elif acquittement is not None and acquittement.is_valid and (asked is None or asked.is_closed):
        shown["obstacle"] = selectors.obstacle_words(rules.Obstacle.VALID, year)
    if asked is None:
        return shown
    slots = selectors.slots_of(asked)
    shown["folder"] = documents.folder_of(
        request.actor, subject=asked.subject, person_id=asked.person_id, crous_id=asked.crous_id, slots=slots,
        return_path=request.path, is_open=asked.may_change,
    )  # fmt: skip
    if asked.settled_at or asked.status == RequestStatus.ACCEPTED:
        found = payouts.payout_of("cvec.refund", str(asked.acquittement_id))
        shown["transfers"] = [found] if found else []
    return shown


@require_POST
@person_page
def request_step(request: Any, year: AcademicYear, kind: str, step: str) -> HttpResponse:
    """Send the request, or take it back."""
    if kind not in RequestKind.values or step not in {"submit", "withdraw"}:
        raise Http404
    asked = selectors.request_of(request.actor.person_id, year, kind)
    if asked is None:
        raise Http404
    try:
        if step == "submit":
            sent = actions.submit_request(by=request.actor, request_id=asked.pk, now=request.now)
            done = _("Votre demande est envoyée.") if sent.decided_at is None else _("C’est accepté.")
        else:
            actions.withdraw_request(by=request.actor, request_id=asked.pk, now=request.now)
            done = _("Votre demande est retirée. Ses papiers sont détruits.")
    except Refusal as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, done)
    return redirect(f"cvec:{kind}", year=year)
