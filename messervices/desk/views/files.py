"""A student's file: opened for a reason, written before it is shown, then the whole picture."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from messervices.desk import actions, rules, selectors
from messervices.desk.forms import OpenForm
from messervices.desk.states import CASE_REASON, Right
from messervices.desk.views.door import (
    AgentRequest,
    for_agents,
    opening_of,
    person_or_404,
    remember_opening,
    show,
)
from messervices.foundations.audit import selectors as audit
from messervices.foundations.audit.states import FILE
from messervices.foundations.documents import selectors as documents
from messervices.foundations.notifications import selectors as notifications
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Person
from messervices.foundations.treasury.states import SEE as SEE_TREASURY

_FEW = 5
_QUEUE = 6
_MANY = 50


def opened(request: AgentRequest, person: Person) -> rules.Opening | None:
    """The opening in force, or the one that the agent's own queue gives a reason for; ``None``: ask the agent."""
    opening = opening_of(request, person)
    if opening is not None:
        return opening
    if request.actor.may(Right.DECIDE_CASE) and students.open_case_of(person.pk) is not None:
        return begin(request, person, case_reason())
    return None


def case_reason() -> str:
    """The reason of a number's case, as it is kept: in French."""
    with translation.override("fr"):
        return str(CASE_REASON)


def begin(request: AgentRequest, person: Person, reason: str) -> rules.Opening:
    """Write the reading, then keep it in the session."""
    actions.count_file(by=request.actor, now=request.now)
    actions.open_file(by=request.actor, person=person, what=FILE, reason=reason, now=request.now)
    return remember_opening(request, person, reason)


@require_POST
@for_agents(Right.OPEN_FILE)
def open_file(request: AgentRequest, uuid: UUID) -> HttpResponse:
    """Take the reason, write the reading, go to the file. A second click finds the file open and writes nothing."""
    person = person_or_404(request, uuid)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _ask(request, person, form, status=422)
    if opening_of(request, person) is None:
        begin(request, person, form.sentence())
    return redirect("desk:file", uuid)


def _ask(request: AgentRequest, person: Person, form: OpenForm, status: int = 200) -> HttpResponse:
    """Ask the reason; the page shows no more than the list of results did."""
    offices = selectors.offices_of(person.crous_ids)
    return show(request, "reason", {"person": person, "form": form, "offices": offices}, status=status)


@require_GET
@for_agents(Right.OPEN_FILE)
def file(request: AgentRequest, uuid: UUID, part: str = "") -> HttpResponse:
    """One part of a file; the page of the reason while there is none."""
    return shown(request, person_or_404(request, uuid), part)


def shown(
    request: AgentRequest, person: Person, part: str, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Draw one part of a file, once its opening is written; ask the reason while there is none."""
    opening = opened(request, person)
    if opening is None:
        return _ask(request, person, OpenForm())
    context = {
        "person": person,
        "opening": opening,
        "part": part,
        "tabs": [
            (name, label, reverse(f"desk:file_{name}" if name else "desk:file", args=[person.uuid]))
            for name, label in TABS
        ],
        "picture": selectors.picture_of(person, request.now),
        "cases": selectors.cases_of(request.actor, _QUEUE),
    }
    drawn = context | PARTS[part](request, person) | (more or {})
    return show(request, f"file/{part or 'whole'}", drawn, status=status)


def _whole(request: AgentRequest, person: Person) -> dict[str, Any]:
    return {
        "facts": selectors.facts_in_words(students.facts_of(person.pk)),
        "numbers": selectors.numbers_of(person),
        "panels": selectors.panels_of(person.pk, request.actor, request.now),
        "happened": selectors.timeline_of(person, request.actor, _FEW),
        "reads": audit.reads_of(person.pk, _FEW),
        "orders": selectors.orders_of(person, request.actor, _FEW),
        "documents": selectors.documents_of(person, request.actor, _FEW),
        "papers": documents.papers_of(person.pk)[:_FEW],
        "messages": notifications.inbox_of(person.pk, _FEW),
        "may_correct": request.actor.may(Right.CORRECT_FACT),
    }


def _nothing(_request: AgentRequest, _person: Person) -> dict[str, Any]:
    return {}


def _facts(request: AgentRequest, person: Person) -> dict[str, Any]:
    return {
        "facts": selectors.facts_in_words(person.facts.all()),
        "numbers": selectors.numbers_of(person),
        "may_correct": request.actor.may(Right.CORRECT_FACT),
    }


def _payments(request: AgentRequest, person: Person) -> dict[str, Any]:
    return {
        "orders": selectors.payments_in_full(person, request.actor),
        "may_follow": request.actor.may(SEE_TREASURY),
    }


def _papers(request: AgentRequest, person: Person) -> dict[str, Any]:
    return {
        "documents": selectors.documents_of(person, request.actor, _MANY),
        "papers": documents.papers_of(person.pk)[:_MANY],
    }


def _messages(_request: AgentRequest, person: Person) -> dict[str, Any]:
    return {
        "messages": selectors.messages_of(person, _MANY),
        "address_dead": notifications.is_unreachable(person.pk),
    }


def _timeline(request: AgentRequest, person: Person) -> dict[str, Any]:
    return {"happened": selectors.timeline_of(person, request.actor)}


def _reads(_request: AgentRequest, person: Person) -> dict[str, Any]:
    return {"reads": audit.reads_of(person.pk)}


PARTS: dict[str, Callable[[AgentRequest, Person], dict[str, Any]]] = {
    "": _whole,
    "case": _whole,
    "facts": _facts,
    "payments": _payments,
    "papers": _papers,
    "messages": _messages,
    "timeline": _timeline,
    "reads": _reads,
    "correct": _nothing,
    "preview": _nothing,
}
"""What each part of a file asks for."""

TABS = (
    ("", _("Ensemble")),
    ("facts", _("Informations")),
    ("payments", _("Paiements")),
    ("papers", _("Documents")),
    ("messages", _("Messages")),
    ("timeline", _("Fil")),
    ("reads", _("Lectures")),
)
"""The parts that have a tab."""
