"""What the bank said that nothing explains, and money on its way back: seen by an accountant, filed with a note.

Nothing is booked by hand here: money that is really there comes by a right notice, or by asking the bank.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messervices.desk import selectors
from messervices.desk.forms import NoteForm
from messervices.desk.states import CLOSE_EVENT
from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments import selectors as paid
from messervices.kernel.errors import Refusal

_SHOWN = 50


@require_GET
@for_agents(CLOSE_EVENT)
def bank(request: AgentRequest) -> HttpResponse:
    """Which banks answer; unknown orders, notices that do not fit, surplus to give back: oldest first."""
    context = {
        "banks": paid.rails_health(),
        "stuck": paid.count_stuck(request.now),
        "unknown": paid.events_unrecognised(request.actor, _SHOWN),
        "incidents": paid.incidents(request.actor, _SHOWN),
        "refunds": paid.surplus_refunds(request.actor, _SHOWN),
        "shown": _SHOWN,
    }
    return show(request, "bank/list", context)


@require_http_methods(["GET", "POST"])
@for_agents(CLOSE_EVENT)
def event(request: AgentRequest, pk: int) -> HttpResponse:
    """One notice: what the bank says, what we expected; filed with a note."""
    found = selectors.event_for(pk, request.actor)
    if found is None:
        raise Http404
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        _do(request, payments.close_event, _("C’est classé, avec votre note."), event_id=pk, reason=note)
        return redirect("desk:bank")
    context = {"event": found, "form": form, "facts": found.facts or {}}
    return show(request, "bank/event", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@for_agents(CLOSE_EVENT)
def refund(request: AgentRequest, pk: int) -> HttpResponse:
    """Money on its way back; when the bank refused it, an agent with the right has it asked again."""
    found = selectors.refund_for(pk, request.actor)
    if found is None:
        raise Http404
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        _do(request, payments.retry_refund, _("La banque sera redemandée."), refund_id=pk, reason=note)
        return redirect("desk:bank")
    may_retry = found.status == "failed" and request.actor.may("payments:refund:retry")
    context = {"refund": found, "form": form, "may_retry": may_retry}
    return show(request, "bank/refund", context, status=422 if form.is_bound else 200)


def _do(request: AgentRequest, deed: Callable[..., None], said: str, **what: Any) -> None:
    """Do it; a second click finds it done, and says so."""
    try:
        deed(by=request.actor, now=request.now, **what)
    except Refusal as refusal:
        if refusal.code != "step_closed":
            raise
        said = _("C’était déjà fait : rien n’a changé.")
    messages.success(request, said)
