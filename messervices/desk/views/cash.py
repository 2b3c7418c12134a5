"""What the post offices took: files brought and followed, and sums that nothing explains, each with its next step."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messervices.desk.forms import LineForm, ReturnFileForm
from messervices.desk.states import CASH_FILES, CASH_LINES
from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.foundations.cash import actions, selectors
from messervices.foundations.cash.models import Line, ReturnFile
from messervices.foundations.cash.states import SUSPENSE, UNFINISHED, WAITING, Fault, FileStatus, Origin
from messervices.kernel.errors import Refusal

_ALREADY = gettext_lazy("C’était déjà fait : rien n’a changé.")
_SHOWN = 100
_FILES = 60


@require_GET
@for_agents(CASH_LINES)
def cash(request: AgentRequest) -> HttpResponse:
    """The sums to look at, the most urgent first, and those whose certificate is late."""
    context = {
        "lines": selectors.lines_waiting(request.actor, _SHOWN),
        "late": selectors.lines_late(request.actor, request.now, _SHOWN),
        "shown": _SHOWN,
        "may_import": request.actor.may(CASH_FILES),
    }
    return show(request, "cash/list", context)


@require_http_methods(["GET", "POST"])
@for_agents(CASH_LINES)
def line(request: AgentRequest, pk: int) -> HttpResponse:
    """One sum: what the counter said, what we know, and the decision."""
    found = selectors.line_for(pk, request.actor)
    if found is None:
        raise Http404
    if request.method == "POST" and found.status not in WAITING:  # a second click, or another agent was faster
        messages.success(request, _ALREADY)
        return redirect("desk:cash")
    asked = {"in_suspense": found.status in SUSPENSE, "has_order": found.notice_id is not None}
    form = LineForm(request.POST or None, **asked)
    if request.method == "POST" and form.is_valid() and _decide(request, found, form):
        return redirect("desk:cash")
    context = {"line": found, "form": form, "waits": found.status in WAITING}
    return show(request, "cash/line", context, status=422 if form.is_bound else 200)


def _decide(request: AgentRequest, found: Line, form: LineForm) -> bool:
    """Do what was decided; a second click finds it done. What cannot be is said beside the field."""
    data = form.cleaned_data
    given: dict[str, Any] = {
        "line_id": found.pk, "by": request.actor, "reason": data["note"], "now": request.now,
    }  # fmt: skip
    deeds: dict[str, tuple[Callable[..., Line], str]] = {
        "match": (actions.match_line, _("C’est rapproché : le paiement s’enregistre.")),
        "give_back": (actions.give_back_line, _("C’est noté : la somme rejoint celles à rendre.")),
        "close": (actions.close_line, _("C’est classé, avec votre note.")),
    }
    deed, said = deeds[data["deed"]]
    if data["deed"] != "close":
        given["order_number"] = data["order_number"]
    try:
        deed(**given)
    except Refusal as refusal:
        if refusal.code in {"order_unknown", "does_not_fit"}:
            form.add_error("order_number", str(refusal.sentence))
            return False
        if refusal.code != "step_closed":
            raise
        said = str(_ALREADY)
    messages.success(request, said)
    return True


@require_http_methods(["GET", "POST"])
@for_agents(CASH_FILES)
def files(request: AgentRequest) -> HttpResponse:
    """The files, and the form that brings one."""
    form = ReturnFileForm(request.POST, request.FILES) if request.method == "POST" else ReturnFileForm()
    if request.method == "POST" and form.is_valid():
        try:
            brought = form.cleaned_data["file"]
            received = actions.receive_file(
                raw=brought.read(), name=brought.name, origin=Origin.UPLOAD, by=request.actor, now=request.now
            )
        except Refusal as refusal:
            form.add_error("file", str(refusal.sentence))
        else:
            if received.known:
                messages.success(request, _("Nous avions déjà ce fichier : rien n’a été compté deux fois."))
            return redirect("desk:cash_file", pk=received.file.pk)
    context = {"form": form, "files": selectors.files(request.actor, _FILES), "missing": selectors.missing_numbers()}
    return show(request, "cash/files", context, status=422 if form.is_bound else 200)


def _file_or_404(request: AgentRequest, pk: int) -> ReturnFile:
    found = selectors.file_for(pk, request.actor)
    if found is None:
        raise Http404
    return found


@require_GET
@for_agents(CASH_FILES)
def file(request: AgentRequest, pk: int) -> HttpResponse:
    """One file: how far it is read and settled, what its lines are, or why it is refused."""
    found = _file_or_404(request, pk)
    settled, fitting = selectors.count_settled(found.pk, request.actor)
    faults = [(number, Fault(fault).label) for number, fault in found.faults]
    context = {
        "file": found, "settled": settled, "fitting": fitting, "faults": faults,
        "tallies": selectors.tallies(found.pk, request.actor), "moving": found.status in UNFINISHED,
        "may_stop": found.status == FileStatus.READING, "may_resume": found.status == FileStatus.STOPPED,
        "mark": _mark(found, settled),
    }  # fmt: skip
    return show(request, "cash/file", context)


def _mark(found: ReturnFile, settled: int) -> str:
    """What the page shows of a file's progress, in one word."""
    return f"{found.status}-{found.lines_read}-{settled}"


@require_GET
@for_agents(CASH_FILES)
def state(request: AgentRequest, pk: int) -> HttpResponse:
    """Tell the page that shows a file whether it has moved on: 204 when not, else its address."""
    found = _file_or_404(request, pk)
    settled, _fitting = selectors.count_settled(found.pk, request.actor)
    if request.GET.get("shown") == _mark(found, settled):
        return HttpResponse(status=204)
    return JsonResponse({"url": reverse("desk:cash_file", args=[found.pk])})


@require_POST
@for_agents(CASH_FILES)
def move(request: AgentRequest, pk: int) -> HttpResponse:
    """Stop the reading of a file, or let it go on."""
    found = _file_or_404(request, pk)
    deed = actions.resume_file if request.POST.get("step") == "resume" else actions.stop_file
    try:
        deed(file_id=found.pk, by=request.actor, now=request.now)
    except Refusal as refusal:
        if refusal.code != "step_closed":
            raise
        messages.success(request, _ALREADY)
    return redirect("desk:cash_file", pk=found.pk)
