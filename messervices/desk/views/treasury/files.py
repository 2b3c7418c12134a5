"""Files of the bank: brought, followed, read; their statements and settlements, line by line."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw, office_of
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.forms import FileForm
from messervices.foundations.treasury.models import File
from messervices.foundations.treasury.states import IMPORT, SEE, FileStatus
from messervices.kernel.errors import Refusal
from messervices.look import views as look

_FILES, _LINES = 60, 100
_MOVING = (FileStatus.KEPT, FileStatus.LOADING)


@require_http_methods(["GET", "POST"])
@for_agents(SEE)
def files(request: AgentRequest) -> HttpResponse:
    """The files of a Crous, the latest first, and the form that brings one."""
    crous_id = office_of(request)
    if request.method == "POST" and not request.actor.may(IMPORT):
        return look.forbidden(request)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound and form.is_valid():
        brought = form.cleaned_data["file"]
        try:
            kept = actions.keep_file(
                by=request.actor, crous_id=crous_id, name=brought.name, source=brought, now=request.now
            )
        except Refusal as refusal:
            form.add_error("file", str(refusal.sentence))
        else:
            if kept.received_at != request.now:
                messages.success(request, _("Nous avions déjà ce fichier : rien n’est compté deux fois."))
            return redirect("desk:treasury_file", kept.uuid)
    context = {
        "form": form, "files": selectors.files_of(request.actor, crous_id, _FILES), "here": "treasury_files",
        "may_import": request.actor.may(IMPORT),
    }  # fmt: skip
    return draw(request, "files", crous_id, context, status=422 if form.is_bound else 200)


def _file_or_404(request: AgentRequest, uuid: UUID) -> File:
    found = selectors.file_of(request.actor, uuid)
    if found is None:
        raise Http404
    return found


@require_GET
@for_agents(SEE)
def file(request: AgentRequest, uuid: UUID) -> HttpResponse:
    """One file: how far it is read, what it holds, or why it is refused."""
    found = _file_or_404(request, uuid)
    context = {
        "file": found, "moving": found.status in _MOVING, "mark": _mark(found), "here": "treasury_files",
        "statements": selectors.statements_of_file(found), "settlements": selectors.settlements_of_file(found),
    }  # fmt: skip
    return draw(request, "file", found.crous_id, context)


def _mark(found: File) -> str:
    """What the page shows of a file's progress, in one word."""
    return f"{found.status}-{found.lines_done}"


@require_GET
@for_agents(SEE)
def state(request: AgentRequest, uuid: UUID) -> HttpResponse:
    """Tell the page that shows a file whether it has moved on: 204 when not, else its address."""
    found = _file_or_404(request, uuid)
    if request.GET.get("shown") == _mark(found):
        return HttpResponse(status=204)
    return JsonResponse({"url": reverse("desk:treasury_file", args=[found.uuid])})


def _after(request: AgentRequest) -> int:
    asked = request.GET.get("after", "")
    return int(asked) if asked.isdecimal() and len(asked) < 9 else 0  # noqa: PLR2004 - fits an integer


@require_GET
@for_agents(SEE)
def statement(request: AgentRequest, pk: int) -> HttpResponse:
    """One statement: its balances, and its entries with what each was found to be."""
    found = selectors.statement_of(request.actor, pk)
    if found is None:
        raise Http404
    rows = selectors.entries_of(found, _after(request), _LINES + 1)
    more = rows[_LINES - 1].number if len(rows) > _LINES else None
    context = {"statement": found, "entries": rows[:_LINES], "more": more, "here": "treasury_files"}
    return draw(request, "statement", found.crous_id, context)


@require_GET
@for_agents(SEE)
def settlement(request: AgentRequest, pk: int) -> HttpResponse:
    """One settlement: what it announces, the bank's credit, and its transactions."""
    found = selectors.settlement_of(request.actor, pk)
    if found is None:
        raise Http404
    rows = selectors.lines_of(found, _after(request), _LINES + 1)
    more = rows[_LINES - 1].number if len(rows) > _LINES else None
    context = {
        "settlement": found, "lines": rows[:_LINES], "more": more, "credit": selectors.credit_of(found),
        "here": "treasury_files",
    }  # fmt: skip
    return draw(request, "settlement", found.crous_id, context)
