"""What does not fit: the queue, one of them, and what an accountant does about it."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw, office_of
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.forms import ResolveForm
from messervices.foundations.treasury.models import Mismatch
from messervices.foundations.treasury.states import (
    CONFIRM,
    NEXT,
    RESOLVE,
    SEE,
    WAITING,
    MismatchKind,
    MismatchStatus,
)
from messervices.kernel.errors import Refusal
from messervices.look import views as look

_SHOWN = 50


@require_GET
@for_agents(SEE)
def mismatches(request: AgentRequest) -> HttpResponse:
    """What waits, the oldest first; or what was ended, when asked for."""
    crous_id = office_of(request)
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "")
    asked = {
        "kind": kind if kind in MismatchKind.values else "",
        "status": status if status in MismatchStatus.values else "",
    }
    rows = selectors.mismatches_of(request.actor, crous_id, after=_place(request), limit=_SHOWN + 1, **asked)
    last = rows[_SHOWN - 1] if len(rows) > _SHOWN else None
    context = {
        "rows": rows[:_SHOWN], "piles": selectors.piles_of(request.actor, crous_id), "statuses": MismatchStatus.choices,
        "more": f"{last.since}.{last.pk}" if last else "", "here": "treasury_mismatches", **asked,
    }  # fmt: skip
    return draw(request, "mismatches", crous_id, context)


def _place(request: AgentRequest) -> tuple[date, int] | None:
    """Where the page before ended: its last day and number."""
    day, _dot, pk = request.GET.get("after", "").partition(".")
    try:
        return (date.fromisoformat(day), int(pk)) if len(pk) < 19 else None  # noqa: PLR2004 - fits a bigint
    except ValueError:
        return None


def _found_or_404(request: AgentRequest, pk: int) -> Mismatch:
    found = selectors.mismatch_of(request.actor, pk)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@for_agents(SEE)
def mismatch(request: AgentRequest, pk: int) -> HttpResponse:
    """One of them: what each side says, the next thing to do, and the form that explains it."""
    found = _found_or_404(request, pk)
    if request.method == "POST" and not request.actor.may(RESOLVE):
        return look.forbidden(request)
    form = ResolveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            status = actions.resolve(
                mismatch_id=pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
            )
        except Refusal as refusal:
            if refusal.code != "step_closed":
                raise
            messages.success(request, _("C’était déjà fait : rien n’a changé."))
        else:
            proposed = status == MismatchStatus.PROPOSED
            said = _("C’est noté : une seconde personne doit confirmer.") if proposed else _("C’est classé.")
            messages.success(request, said)
        return redirect("desk:treasury_mismatch", pk)
    waits, is_mine = found.status in WAITING, found.by_id == request.actor.user_id
    context = {
        "mismatch": found, "next": NEXT[MismatchKind(found.kind)], "form": form, "here": "treasury_mismatches",
        "may_resolve": found.status == MismatchStatus.OPEN and request.actor.may(RESOLVE),
        "may_confirm": found.status == MismatchStatus.PROPOSED and request.actor.may(CONFIRM) and not is_mine,
        "may_withdraw": found.status == MismatchStatus.PROPOSED,
        "waits": waits, "is_mine": is_mine,
        "moves": bool(found.captured_cents or found.line_cents or found.entry_cents or found.credit_cents),
    }  # fmt: skip
    return draw(request, "mismatch", found.crous_id, context, status=422 if form.is_bound else 200)


@require_POST
@for_agents(SEE)
def decide(request: AgentRequest, pk: int) -> HttpResponse:
    """A second person confirms, or puts it back to work with the reason."""
    _found_or_404(request, pk)
    try:
        if request.POST.get("step") == "confirm":
            actions.confirm(mismatch_id=pk, by=request.actor, now=request.now)
            messages.success(request, _("C’est confirmé et classé."))
        else:
            form = ResolveForm(request.POST)
            reason = form.cleaned_data["reason"] if form.is_valid() else ""
            actions.withdraw(mismatch_id=pk, by=request.actor, reason=reason, now=request.now)
            messages.success(request, _("C’est remis à traiter."))
    except Refusal as refusal:
        if refusal.code not in {"step_closed", "reason_missing"}:
            raise
        messages.error(request, str(refusal.sentence))
    return redirect("desk:treasury_mismatch", pk)
