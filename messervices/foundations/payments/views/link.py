"""The student's link for somebody else: made, shown, sent, watched, closed."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents.providers.drawing import qr_svg
from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.forms import MailLinkForm
from messervices.foundations.payments.selectors import LinkStanding
from messervices.foundations.payments.states import AttemptStatus, OrderStatus
from messervices.foundations.payments.views.pay import PATIENCE, own_order
from messervices.foundations.payments.views.payer import PARIS
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.look.words import euros, moment

_WRONG_FORM = 422


@own_order
@require_safe
def standing(request: Any, uuid: UUID) -> HttpResponse:
    """Show the link with all the ways to send it, or what became of it."""
    found = selectors.link_standing_of(uuid, request.actor.person_id)
    if found.order.status == OrderStatus.PAID:
        return redirect(found.order.return_path)
    _ask_if_silent(found, request)
    return _page(request, found, MailLinkForm())


@own_order
@require_POST
def make(request: Any, uuid: UUID) -> HttpResponse:
    """Make the link, or with ``renew`` another in its place."""
    try:
        link = actions.open_link(
            uuid=uuid, person_id=request.actor.person_id, by=request.actor, now=request.now,
            renew="renew" in request.POST,
        )  # fmt: skip
    except ProviderUnavailable:
        return _bank_down(request, uuid)
    return redirect("pay:show" if link is None else "pay:link", uuid=uuid)


@own_order
@require_POST
def cancel(request: Any, uuid: UUID) -> HttpResponse:
    """Close the link."""
    try:
        closed = actions.cancel_link(uuid=uuid, person_id=request.actor.person_id, by=request.actor, now=request.now)
    except ProviderUnavailable:
        return _bank_down(request, uuid)
    if closed:
        messages.success(request, _("Le lien est annulé : personne ne peut plus payer avec lui."))
    return redirect("pay:link", uuid=uuid)


@own_order
@require_POST
def mail(request: Any, uuid: UUID) -> HttpResponse:
    """Send the link to an address."""
    form = MailLinkForm(request.POST)
    if form.is_valid():
        try:
            actions.mail_link(
                uuid=uuid, person_id=request.actor.person_id, by=request.actor, now=request.now, **form.cleaned_data
            )
        except Refusal as refusal:  # said beside the field
            form.add_error("to", str(refusal.sentence))
        else:
            messages.success(request, _("L’e-mail est parti. Cette page vous dira quand votre proche aura payé."))
            return redirect("pay:link", uuid=uuid)
    return _page(request, selectors.link_standing_of(uuid, request.actor.person_id), form)


@own_order
@require_safe
def link_state(request: Any, uuid: UUID) -> HttpResponse:
    """Tell the open page where to go: 204 while nothing has changed, else an address."""
    found = selectors.link_standing_of(uuid, request.actor.person_id)
    if found.order.status == OrderStatus.PAID:
        return JsonResponse({"url": found.order.return_path})
    _ask_if_silent(found, request)
    if request.GET.get("shown", "") == found.shown:
        return HttpResponse(status=204)
    return JsonResponse({"url": reverse("pay:link", args=[uuid])})


def _ask_if_silent(found: LinkStanding, request: Any) -> None:
    """Have the bank asked when the payer is back from it and it has said nothing for some seconds."""
    attempt = found.attempt
    if attempt is None or attempt.status != AttemptStatus.UNCONFIRMED:
        return
    if request.now - (attempt.returned_at or attempt.begun_at) >= PATIENCE:
        actions.queue_question(order_id=found.order.pk, now=request.now)


def _bank_down(request: Any, uuid: UUID) -> HttpResponse:
    context = {"standing": selectors.standing_of(uuid, request.actor.person_id)}
    return render(request, "payments/bank_down.html", context, status=503)


def _page(request: Any, found: LinkStanding, form: MailLinkForm) -> HttpResponse:
    """The page, in the hours of the student's Crous."""
    with timezone.override(ZoneInfo(crous.crous_of(found.order.crous_id).timezone)):
        context = {
            "standing": found,
            "order": found.order,
            "link": found.link,
            "form": form,
            "is_short": found.link is not None and found.link.expires_at - found.at < timedelta(hours=2),
            **_ways(found),
        }
        return render(request, "payments/link.html", context, status=_WRONG_FORM if form.errors else 200)


def _ways(found: LinkStanding) -> dict[str, Any]:
    """The message ready to send, and the addresses that open it in a mail or SMS program."""
    if not found.address or found.link is None:
        return {}
    with timezone.override(PARIS):  # named in the message: who reads it may be anywhere
        until = moment(found.link.expires_at)
    said = {"label": found.order.label, "amount": euros(found.order.amount_cents), "until": until}
    words = _(
        "Bonjour, peux-tu payer pour moi « %(label)s », %(amount)s, par carte ? Ce lien ne sert qu’à cela, jusqu’au"
        " %(until)s, heure de Paris :"
    )
    text = f"{words % said}\n{found.address}"
    subject = quote(_("Peux-tu payer « %(label)s » pour moi ?") % said)
    return {
        "text": text,
        "mailto": f"mailto:?subject={subject}&body={quote(text)}",
        "sms": f"sms:?&body={quote(text)}",
        "qr": _qr(found.address),
    }


def _qr(address: str) -> SafeString:
    """Draw the address, with words for who cannot see it."""
    inside = qr_svg(address).partition("viewBox=")[2]
    drawn = mark_safe(inside)  # noqa: S308 - our own drawing: nothing typed by anybody is in it
    label = _("QR à faire scanner par votre proche")
    return format_html('<svg class="qr" role="img" aria-label="{}" viewBox={}', label, drawn)
