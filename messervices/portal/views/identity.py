"""Who are you: asked once."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messervices.foundations.crous import selectors as crous
from messervices.foundations.students import actions as students
from messervices.foundations.students import selectors as known
from messervices.foundations.students.states import IdentifierStatus
from messervices.kernel.scope import Scope, acting_as
from messervices.portal.forms import IdentityForm, known_identity
from messervices.portal.views.doors import draft, drop_draft, keep_draft, person_page, student_page


@require_http_methods(["GET", "HEAD", "POST"])
@student_page
def identity(request: Any) -> HttpResponse:
    """Ask who the student is, or let them correct it. What was typed stays, whatever goes wrong."""
    here = reverse("portal:identity")
    person = known.person_by_id(request.actor.person_id) if request.actor.person_id else None
    today = timezone.localtime(request.now).date()
    kept = None
    if request.method == "POST":
        form = IdentityForm(request.POST, today=today)
        if form.is_valid():
            return _tell(request, form)
        keep_draft(request, here, request.POST)
    else:
        kept = draft(request, here)
        form = IdentityForm(kept, today=today, initial=known_identity(person) if person else {"birth_country": "FR"})
    shown = {"form": form, "person": person, "kept": kept is not None, "next": _next(request)}
    return render(request, "portal/me/identity.html", shown)


def _tell(request: Any, form: IdentityForm) -> HttpResponse:
    """Hand the answers over, then lead to what comes next."""
    person = students.tell_identity(by=request.actor, user=request.user, identity=form.identity(), now=request.now)
    drop_draft(request, reverse("portal:identity"))
    with acting_as(Scope(f"person:{person.pk}", person=person.pk)):  # the request began before the person was known
        disputed = known.open_case_of(person.pk) is not None
    if disputed:
        return redirect("portal:disputed_ine")
    if person.ine_status == IdentifierStatus.TO_VERIFY:
        messages.warning(request, _ine_to_verify())
    else:
        messages.success(request, _("C’est enregistré. Vous n’aurez pas à le redire."))
    return redirect(_next(request) or "portal:home")


def _next(request: Any) -> str:
    """Give the page of ours that sent the student here, if one did."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()) else ""


def _ine_to_verify() -> str:
    """The sentence for a number whose key is wrong."""
    return _(
        "C’est enregistré. La dernière lettre de votre INE ne va pas avec le reste : comparez-le à votre relevé "
        "de notes. En attendant, il est marqué « à vérifier » et ne vous bloque pas."
    )


@require_GET
@person_page
def disputed_ine(request: Any) -> HttpResponse:
    """Say calmly that an agent will look at the number. Nothing is said of anybody else."""
    person_id = request.actor.person_id
    case = known.open_case_of(person_id)
    if case is None:
        return redirect("portal:me")
    return render(request, "portal/me/disputed_ine.html", {"case": case, "person": known.person_by_id(person_id)})


@require_GET
def communes(request: Any) -> JsonResponse:
    """Answer the field that searches communes: reference data, open to all."""
    found = crous.communes_like(request.GET.get("q", "")[:80])
    rows = [{"value": one.code, "label": one.label, "hint": one.departement.name} for one in found]
    response = JsonResponse({"results": rows})
    response["Cache-Control"] = "private, max-age=600"
    return response
