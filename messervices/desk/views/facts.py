"""Correcting a part of the identity: typed, seen before and after, then done."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messervices.desk import actions, selectors
from messervices.desk.forms import CorrectForm
from messervices.desk.states import NUMBER, Right
from messervices.desk.views import files
from messervices.desk.views.door import AgentRequest, for_agents, person_or_404
from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import selectors as documents
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Person
from messervices.foundations.students.states import IDENTITY_KINDS, FactKind
from messervices.kernel.errors import Refusal


@require_http_methods(["GET", "POST"])
@for_agents(Right.CORRECT_FACT)
def correct(request: AgentRequest, uuid: UUID, kind: str) -> HttpResponse:
    """The form; then, once it has sense, before and after; then the deed. The file has to be open for a reason."""
    person = person_or_404(request, uuid)
    if kind not in (*IDENTITY_KINDS, NUMBER):
        raise Http404
    if files.opened(request, person) is None:
        return redirect("desk:file", uuid)
    now_kept = _kept(person, kind)
    form = CorrectForm(
        request.POST or None,
        request.FILES or None,
        kind=kind,
        language=get_language() or "fr",
        today=request.now.date(),
        papers=documents.papers_of(person.pk),
        initial=_initial(kind, now_kept),
    )
    label = _("INE") if kind == NUMBER else FactKind(kind).label
    context = {"form": form, "kind": kind, "label": label, "before": selectors.value_in_words(kind, now_kept)}
    if request.method == "GET" or not form.is_valid():
        return files.shown(request, person, "correct", context, status=422 if form.is_bound else 200)
    return _go_on(request, person, form, context)


def _go_on(request: AgentRequest, person: Person, form: CorrectForm, context: dict[str, Any]) -> HttpResponse:
    """Keep the proof and show before and after; or, once confirmed, correct."""
    data, kind = form.cleaned_data, context["kind"]
    try:
        paper_id = _proof(request, person, form)
    except Refusal as refusal:
        form.add_error("proof", str(refusal.sentence))
        return files.shown(request, person, "correct", context, status=422)
    if "confirmed" not in request.POST:
        typed = {name: value for name, value in request.POST.items() if name not in {"csrfmiddlewaretoken", "paper"}}
        seen = {
            "after": selectors.value_in_words(kind, form.stored()),
            "typed": typed | {"paper": str(paper_id), "confirmed": "yes"},
            "paper": next(paper for paper in documents.papers_of(person.pk) if paper.pk == paper_id),
            "reason": data["reason"],
        }
        return files.shown(request, person, "preview", context | seen)
    done = actions.correct_fact(
        by=request.actor, person=person, kind=kind, value=form.stored(), reason=data["reason"], paper_id=paper_id,
        now=request.now,
    )  # fmt: skip
    messages.success(
        request,
        _("C’est corrigé : la personne en est prévenue.") if done else _("C’était déjà corrigé : rien n’a changé."),
    )
    return redirect("desk:file", person.uuid)


def _proof(request: AgentRequest, person: Person, form: CorrectForm) -> int:
    """The proof given: kept now, or chosen among those of the file. Raises ``Refusal`` for a file that is none."""
    given = form.cleaned_data["proof"]
    if not given:
        return int(form.cleaned_data["paper"])
    content = given.read(settings.UPLOAD_MAX_BYTES + 1)
    return actions.keep_proof(by=request.actor, person=person, name=given.name, content=content, now=request.now).pk


def _kept(person: Person, kind: str) -> Any:
    """What is kept today: the number, or the fact's value."""
    if kind == NUMBER:
        return person.ine
    fact = students.fact(person.pk, kind, None)
    return fact.value if fact else ""


def _initial(kind: str, value: Any) -> dict[str, Any]:
    if kind == FactKind.BIRTH_PLACE and isinstance(value, dict):
        return {name: value.get(name, "") for name in ("commune", "place", "country")}
    return {"value": value}


@require_GET
@for_agents(Right.CORRECT_FACT)
def communes(request: AgentRequest) -> JsonResponse:
    """Answer the field that searches a commune."""
    found = crous.communes_like(request.GET.get("q", "")[:80])
    results = [{"value": one.code, "label": one.label, "hint": one.departement.name} for one in found]
    return JsonResponse({"results": results})
