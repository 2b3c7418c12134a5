"""The agents' pages: the CVEC of their Crous, and one of them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec import selectors
from messervices.services.cvec.states import Motive, Right, Status

_PAGE = 50


def _may_see(actor: Actor) -> None:
    if actor.kind != "agent" or not actor.may(Right.SEE):
        raise PermissionDenied


@require_safe
def acquittements(request: Any) -> HttpResponse:
    """List the latest CVEC of a year at the agent's Crous, fifty at a time; no count over a whole Crous."""
    _may_see(request.actor)
    year = _year(request.GET.get("year", "")) or crous.current_year("cvec", request.now)
    status = request.GET.get("status", "")
    before = request.GET.get("before", "")
    rows = (
        selectors.acquittements_at_desk(
            request.actor,
            year,
            status if status in Status.values else "",
            before=int(before) if before.isdecimal() and len(before) < 19 else None,  # noqa: PLR2004 - fits a bigint
            limit=_PAGE + 1,
        )
        if year
        else []
    )
    context = {
        "office": _office(request.actor),
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].pk if len(rows) > _PAGE else None,
        "year": year,
        "years": selectors.campaign_years(),
        "status": status,
        "statuses": Status.choices,
    }
    return render(request, "cvec/desk/list.html", context)


def _office(actor: Actor) -> str:
    """The name of the agent's office, for the header."""
    return crous.crous_of(actor.office_id).name if actor.office_id else _("Réseau national")


def _year(label: str) -> AcademicYear | None:
    try:
        return AcademicYear.of_label(label)
    except ValueError:
        return None


@require_safe
def acquittement(request: Any, pk: int) -> HttpResponse:
    """Open one CVEC of the agent's Crous; another Crous's is not there. The opening is written before it is shown."""
    _may_see(request.actor)
    found = selectors.acquittement_at_desk(request.actor, pk)
    if found is None:
        raise Http404
    audit.record_read(
        by=request.actor, person_id=found.person_id, crous_id=found.crous_id, what="cvec.acquittement",
        reason=f"Consultation de la CVEC {found.year}", now=request.now,
    )  # fmt: skip
    context = {
        "office": _office(request.actor),
        "acquittement": found,
        "motive": Motive(found.motive).label if found.motive else "",
    }
    return render(request, "cvec/desk/one.html", context)
