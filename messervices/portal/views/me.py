"""What the platform knows of a student, what happened, who looked, and what was written to them."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messervices.foundations.audit import selectors as audit
from messervices.foundations.crous import selectors as crous
from messervices.foundations.students import selectors as students
from messervices.portal import selectors
from messervices.portal.views.doors import person_page

_A_PAGE = 20
_LONGEST_HISTORY = 500


@require_safe
@person_page
def me(request: Any) -> HttpResponse:
    """Every fact with its source and date, and how to correct it."""
    person_id = request.actor.person_id
    person = students.person_by_id(person_id)
    if person is None:
        raise Http404
    identity, others = selectors.known_facts(person_id)
    shown = {
        "person": person,
        "number": selectors.number_of(person_id),
        "identity": identity,
        "others": others,
        "case": students.open_case_of(person_id),
        "offices": [crous.crous_of(number).name for number in person.crous_ids if number],
    }
    return render(request, "portal/me/me.html", shown)


@require_safe
@person_page
def history(request: Any) -> HttpResponse:
    """Everything that happened on the file, newest first."""
    told = set(selectors.told_verbs())
    deeds = [deed for deed in audit.deeds_of(request.actor.person_id, limit=_LONGEST_HISTORY) if deed.verb in told]
    page = Paginator(deeds, _A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/me/history.html", {"page": page})


@require_safe
@person_page
def reads(request: Any) -> HttpResponse:
    """Who opened the file: office, reason, date."""
    rows = audit.reads_of(request.actor.person_id, limit=_LONGEST_HISTORY)
    page = Paginator(
        [{"read": row, "office": crous.crous_of(row.crous_id).name if row.crous_id else ""} for row in rows], _A_PAGE
    ).get_page(request.GET.get("page"))
    return render(request, "portal/me/reads.html", {"page": page})
