"""The agents' pages: the CVEC of their Crous, and one of them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as readings
from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
from messervices.services.cvec import selectors
from messervices.services.cvec.desk.door import for_agents, office
from messervices.services.cvec.states import Motive, Right, Status

_PAGE = 50


@require_safe
@for_agents(Right.SEE)
def acquittements(request: Any) -> HttpResponse:
    """List the latest CVEC of a year at the agent's Crous, fifty at a time; no count over a whole Crous."""
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
        "office": office(request.actor),
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].pk if len(rows) > _PAGE else None,
        "year": year,
        "years": selectors.campaign_years(),
        "status": status,
        "statuses": Status.choices,
    }
    return render(request, "cvec/desk/list.html", context)


def _year(label: str) -> AcademicYear | None:
    try:
        return AcademicYear.of_label(label)
    except ValueError:
        return None


@require_safe
@for_agents(Right.SEE)
def acquittement(request: Any, pk: int) -> HttpResponse:
    """Show one CVEC of the agent's Crous; another Crous's is not there. Written before it is shown.

    It is a part of the student's file: until that is open, the desk asks the reason, and counts.
    """
    found = selectors.acquittement_at_desk(request.actor, pk)
    if found is None:
        raise Http404
    if not readings.has_open(request.actor, found.person_id, request.now):
        return redirect("desk:file", found.person.uuid)
    audit.record_read(
        by=request.actor, person_id=found.person_id, crous_id=found.crous_id, what=f"cvec.acquittement:{pk}",
        reason=gettext_noop("Consultation d’une CVEC"), now=request.now,
    )  # fmt: skip
    context = {
        "office": office(request.actor),
        "acquittement": found,
        "motive": Motive(found.motive).label if found.motive else "",
    }
    return render(request, "cvec/desk/one.html", context)
