"""Requests at the desk: what waits, one of them, the answer."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as readings
from messervices.foundations.documents import selectors as documents
from messervices.foundations.payouts import selectors as payouts
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.desk.door import for_agents, office
from messervices.services.cvec.forms import PaperForm, RefuseForm
from messervices.services.cvec.models import Request
from messervices.services.cvec.states import RequestKind, RequestStatus, Right


@require_safe
@for_agents(Right.DECIDE)
def requests(request: Any) -> HttpResponse:
    """What waits at the agent's Crous, oldest first, and the latest answers."""
    context = {
        "office": office(request.actor),
        "waiting": selectors.requests_waiting(request.actor),
        "decided": selectors.requests_decided(request.actor),
    }
    return render(request, "cvec/desk/requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents(Right.DECIDE)
def one_request(request: Any, pk: int) -> HttpResponse:
    """A request of the agent's Crous, with its papers; accept, refuse, or ask for one more paper.

    It is a part of the student's file: until that is open, the desk asks the reason, and counts.
    """
    asked = selectors.request_at_desk(request.actor, pk)
    if asked is None:
        raise Http404
    if not readings.has_open(request.actor, asked.person_id, request.now):
        return redirect("desk:file", asked.person.uuid)
    deed = next((word for word in ("accept", "refuse", "paper") if word in request.POST), "")
    refusing = RefuseForm(request.POST if deed == "refuse" else None)
    wanting = PaperForm(request.POST if deed == "paper" else None)
    if request.method == "POST":
        done = _decide(request, pk, deed, refusing, wanting)
        if done:
            messages.success(request, done)
            return redirect("cvec_desk:requests")
    audit.record_read(
        by=request.actor, person_id=asked.person_id, crous_id=asked.crous_id, what=f"cvec.request:{pk}",
        reason=gettext_noop("Étude d’une demande de CVEC"), now=request.now,
    )  # fmt: skip
    context = _context(request, asked) | {"refusing": refusing, "wanting": wanting}
    return render(request, "cvec/desk/request.html", context, status=422 if refusing.errors or wanting.errors else 200)


def _decide(request: Any, pk: int, deed: str, refusing: RefuseForm, wanting: PaperForm) -> str:
    """Do what the agent decided; give the sentence that says so, or nothing: the page shows what is wrong."""
    try:
        if deed == "accept":
            actions.accept_request(by=request.actor, request_id=pk, now=request.now)
            return _("La demande est acceptée : l’étudiant en est prévenu, avec sa lettre.")
        if deed == "refuse" and refusing.is_valid():
            actions.refuse_request(
                by=request.actor, request_id=pk, reason=refusing.cleaned_data["reason"], now=request.now
            )
            return _("La demande est refusée : l’étudiant lit la raison dans sa lettre.")
        if deed == "paper" and wanting.is_valid():
            actions.ask_paper(by=request.actor, request_id=pk, now=request.now, **wanting.cleaned_data)
            return _("La pièce est demandée à l’étudiant.")
    except Refusal as refusal:
        messages.error(request, str(refusal.sentence))
    return ""


def _context(request: Any, asked: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "office": office(request.actor),
        "asked": asked,
        "uploads": documents.uploads_of(asked.subject, asked.person_id).filter(paper__content__isnull=False),
        "open": asked.status in {RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS},
    }
    if asked.kind == RequestKind.REFUND:
        shown["details"] = payouts.details_in_force(person_id=asked.person_id)
        found = payouts.payout_of("cvec.refund", str(asked.acquittement_id))
        shown["transfers"] = [found] if found else []
    return shown
