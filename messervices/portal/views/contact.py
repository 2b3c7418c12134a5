"""How a student wants to be written to, and their word that an address works again."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from messervices.foundations.accounts.actions.open_account import choose_language
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.notifications import selectors as inbox
from messervices.portal.forms import ContactForm
from messervices.portal.views.doors import draft, drop_draft, keep_draft, person_page
from messervices.portal.views.preferences import keep_choice


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def contact(request: Any) -> HttpResponse:
    """Show the choices, with what cannot be stopped and why; keep them. What was typed stays, whatever goes wrong."""
    person_id = request.actor.person_id
    kept = inbox.contact_of(person_id)
    every = inbox.topics()
    stoppable = [topic for topic, may_stop in every if may_stop]
    if request.method == "POST":
        form = ContactForm(request.POST, topics=stoppable)
        if form.is_valid():
            return _keep(request, form)
        keep_draft(request, request.path, request.POST)
    else:
        initial = {
            "language": request.user.language,
            "mail": [topic.value for topic in stoppable if topic.value not in kept.mail_off],
            "phone": kept.phone,
            "sms": kept.sms,
        }
        form = ContactForm(draft(request, request.path), topics=stoppable, initial=initial)
    shown = {
        "form": form,
        "contact": kept,
        "always": [topic.label for topic, may_stop in every if not may_stop],
        "address_dead": inbox.is_dead(request.user.email),
    }
    return render(request, "portal/me/contact.html", shown, status=422 if form.is_bound and form.errors else 200)


def _keep(request: Any, form: ContactForm) -> HttpResponse:
    """Hand the choices over; the pages speak the language of the messages from now on."""
    data = form.cleaned_data
    notifications.change_contact(
        by=request.actor, person_id=request.actor.person_id, phone=data["phone"], sms=data["sms"],
        mail_off=form.mail_off(), now=request.now,
    )  # fmt: skip
    choose_language(user=request.user, language=data["language"])
    drop_draft(request, request.path)
    with translation.override(data["language"]):
        messages.success(request, _("C’est enregistré."))
    response = redirect("portal:contact")
    keep_choice(response, settings.LANGUAGE_COOKIE_NAME, data["language"], secure=request.is_secure())
    return response


@require_POST
@person_page
def trust_address(request: Any) -> HttpResponse:
    """Take the student's word that their address works again."""
    if notifications.trust_address(by=request.actor, user=request.user, now=request.now):
        messages.success(request, _("Nous écrirons à nouveau à cette adresse."))
    return redirect("portal:contact")
