"""Running the network: its dated rows, seen before they are published, with who changed what and why."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messervices.desk import selectors
from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.desk.views.shelves import SHELVES, Shelf
from messervices.foundations.catalogue.forms import WithdrawForm
from messervices.foundations.catalogue.states import Perimeter
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.states import Right as CrousRight
from messervices.look import views as look

_LAST = ("opens_on", "closes_on", "source", "certainty", "reason")


@require_GET
@for_agents(CrousRight.SET_WINDOW)
def network(request: AgentRequest) -> HttpResponse:
    """What may be run from here."""
    shelves = [shelf for shelf in SHELVES.values() if shelf.open_to(request.actor)]
    may_grant = request.actor.national and request.actor.may(CrousRight.GRANT_ROLE)
    return show(request, "network/home", {"shelves": shelves, "may_grant": may_grant})


def _shelf(request: AgentRequest, slug: str) -> Shelf | None:
    """The shelf of the address, if this agent may come to it; an address that is none is a 404."""
    if slug not in SHELVES:
        raise Http404
    return SHELVES[slug] if SHELVES[slug].open_to(request.actor) else None


@require_GET
@for_agents()
def shelf(request: AgentRequest, slug: str) -> HttpResponse:
    """The rows in force, with who set each, and when."""
    found = _shelf(request, slug)
    if found is None:
        return look.forbidden(request)
    rows = [
        {"row": row, "name": found.name(row), "says": found.says(row)}
        for row in found.listed()
        if found.holds(row, request.actor)
    ]
    return show(request, "network/shelf", {"shelf": found, "rows": rows})


@require_http_methods(["GET", "POST"])
@for_agents()
def row(request: AgentRequest, slug: str, pk: int | None = None) -> HttpResponse:
    """One thing: its form and its history; what it will be; the publication. Without ``pk``, a new thing."""
    found = _shelf(request, slug)
    if found is None:
        return look.forbidden(request)
    old, versions = _versions(request, found, pk)
    in_force = next((one for one in versions if one.superseded_at is None and (old is None or _beside(one, old))), None)
    if request.method == "GET" and in_force is not None and in_force.pk != pk:
        return redirect("desk:shelf_row", slug, in_force.pk)
    begin = in_force or old
    form = found.form(request.POST or None, initial=found.initial(begin) if begin else _first(found))
    _settle(form, found, request, new=begin is None)
    context = {"shelf": found, "form": form, "old": begin, "in_force": in_force, "history": _history(found, versions)}
    context |= {"name": found.name(begin) if begin else "", "withdraw": WithdrawForm(), "pk": pk}
    if request.method == "GET" or not form.is_valid():
        return show(request, "network/row", context, status=422 if form.is_bound else 200)
    return _publish(request, found, form, context, stale=in_force is not None and in_force.pk != pk)


def _versions(request: AgentRequest, found: Shelf, pk: int | None) -> tuple[Any, list[Any]]:
    """The row of the address and every version of its thing; another Crous's is a 404."""
    if pk is None:
        return None, []
    old = found.model.objects.filter(pk=pk).first()
    if old is None or not found.holds(old, request.actor):
        raise Http404
    return old, found.versions(old)


def _beside(one: Any, old: Any) -> bool:
    """Of a campaign that was opened again, the period meant is the row itself while it is in force."""
    return one.pk == old.pk or old.superseded_at is not None


def _first(found: Shelf) -> dict[str, Any]:
    return {"certainty": "sourced", **({"position": 100, "icon": "external"} if found.slug == "entries" else {})}


def _settle(form: forms.Form, found: Shelf, request: AgentRequest, *, new: bool) -> None:
    """Put what justifies a change last; hide what names a thing once it exists; let a Crous speak to its own only."""
    last = [name for name in _LAST if name in form.fields]
    form.order_fields([*(name for name in form.fields if name not in last), *last])
    if not new:
        for name in found.key:
            form.fields[name].widget = forms.HiddenInput()
    if found.for_a_crous and not request.actor.national:
        own = [(str(one), crous.crous_of(one).name) for one in request.actor.crous_ids]
        form.fields["crous_id"].choices = own  # type: ignore[attr-defined]  # a field with choices
        form.fields["perimeter"].choices = [(Perimeter.CROUS, Perimeter.CROUS.label)]  # type: ignore[attr-defined]  # the same
        for name in ("service", "year"):
            form.fields[name].widget = forms.HiddenInput()


def _publish(request: AgentRequest, found: Shelf, form: Any, context: dict[str, Any], *, stale: bool) -> HttpResponse:
    """Show what it will be; once confirmed, publish. A version that came in between is shown first."""
    draft, now_in_force = found.drafted(form), context["in_force"]
    if "confirmed" in request.POST and not (stale and not found.same(now_in_force, draft)):
        found.publish(form, now_in_force, by=request.actor, now=request.now)
        messages.success(request, _("C’est publié : le portail le montre dans les dix secondes."))
        return redirect("desk:shelf", found.slug)
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    seen = {
        "draft": draft,
        "draft_name": found.name(draft),
        "before": _said(found, now_in_force, draft) if now_in_force else "",
        "after": _said(found, draft, now_in_force),
        "typed": typed | {"confirmed": "yes"},
        "stale": stale,
        "unchanged": now_in_force is not None and found.same(now_in_force, draft),
        "reason": form.cleaned_data["reason"],
        "open_orders": selectors.open_orders(draft.kind) if found.slug == "amounts" else None,
        "action": now_in_force.pk if now_in_force else context["pk"],
    }
    return show(request, "network/preview", context | seen)


def _said(found: Shelf, row: Any, other: Any) -> str:
    """A row in words; with its name when the name changes too."""
    changed = other is not None and found.name(row) != found.name(other)
    return f"{found.name(row)}, {found.says(row)}" if changed else found.says(row)


@require_POST
@for_agents()
def withdraw(request: AgentRequest, slug: str, pk: int) -> HttpResponse:
    """Take a thing away, with the reason; its versions stay. Twice takes it away once."""
    found = _shelf(request, slug)
    if found is None:
        return look.forbidden(request)
    old, _all = _versions(request, found, pk)
    if found.withdraw is None:
        raise Http404
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Dites pourquoi : la raison est gardée avec le retrait."))
        return redirect("desk:shelf_row", slug, pk)
    found.withdraw(by=request.actor, slug=old.slug, reason=form.cleaned_data["reason"], now=request.now)
    messages.success(request, _("C’est retiré : le portail ne le montre plus."))
    return redirect("desk:shelf", slug)


def _history(found: Shelf, versions: list[Any]) -> list[dict[str, Any]]:
    """Each version in words, with the deeds done to it: who, when, why."""
    deeds = selectors.deeds_by_subject([f"{found.subject}:{one.pk}" for one in versions])
    return [
        {"row": one, "says": found.says(one), "deeds": deeds.get(f"{found.subject}:{one.pk}", [])} for one in versions
    ]
