"""The certificate, once it is there: the page, the phone, the receipt. Waiting for it, what is known of the payment."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from messervices.foundations.documents.providers.drawing import qr_svg
from messervices.foundations.payments import selectors as payments
from messervices.foundations.students import selectors as students
from messervices.foundations.students.rules import first_of
from messervices.kernel.academic_year import AcademicYear
from messervices.services.cvec import selectors
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Motive
from messervices.services.cvec.views.doors import person_page
from messervices.services.cvec.views.journey import STEPS


def qr(address: str) -> SafeString:
    """Draw the QR of an address as a picture of the page, with its words for who cannot see it."""
    drawing = qr_svg(address)
    inside = drawing.partition("viewBox=")[2]
    label = _("QR à scanner pour vérifier cette attestation")
    drawn = mark_safe(inside)  # noqa: S308 - our own drawing: nothing typed by anybody is in it
    return format_html('<svg class="qr" role="img" aria-label="{}" viewBox={}', label, drawn)


def _mine(request: Any, year: AcademicYear) -> tuple[Acquittement | None, list[Acquittement]]:
    """The reader's acquittement of a year, and their other certificates (one query)."""
    every = [one for one in selectors.acquittements_of(request.actor.person_id) if one.is_live]
    this = next((one for one in every if one.year == year), None)
    return this, [one for one in every if one.is_valid and one.year != year]


def _valid_or_404(request: Any, year: AcademicYear) -> Acquittement:
    this, _others = _mine(request, year)
    if this is None or not this.is_valid:
        raise Http404
    return this


@never_cache
@require_safe
@person_page
def certificate(request: Any, year: AcademicYear) -> HttpResponse:
    """Show the certificate of a year, this one or a past one; lead back to the step to do when there is none yet."""
    this, others = _mine(request, year)
    if this is None:
        if selectors.campaign_of(year, request.now) is None:
            raise Http404
        return redirect("cvec:summary", year=year)
    if not this.is_valid:
        return redirect("cvec:summary", year=year)
    contents = this.document.contents
    context = {
        "acquittement": this,
        "document": this.document,
        "contents": contents,
        "others": others,
        "qr": qr(contents["verify_url"]),
        "means": payments.means_of(this.order_id) if this.order_id else "",
        "motive": Motive(this.motive).label if this.motive else "",
        "listings": selectors.listings_of(request.actor.person_id, year),
        "steps": STEPS,
        "fresh": this.settled_at is not None and (request.now - this.settled_at).days < 1,
        "first_name": first_of(contents["first_names"]),
    }
    with timezone.override(ZoneInfo(this.crous.timezone)):  # hours of the student's own Crous
        return render(request, "cvec/certificate.html", context)


@never_cache
@require_safe
@person_page
def on_phone(request: Any, year: AcademicYear) -> HttpResponse:
    """Show the certificate in large, to hold out at a desk."""
    this = _valid_or_404(request, year)
    contents = this.document.contents
    context = {
        "acquittement": this,
        "contents": contents,
        "first_name": first_of(contents["first_names"]),
        "qr": qr(contents["verify_url"]),
    }
    return render(request, "cvec/on_phone.html", context)


@never_cache
@require_safe
@person_page
def receipt(request: Any, year: AcademicYear) -> HttpResponse:
    """Show what was paid, to whom and when, as a sheet to print."""
    this = _valid_or_404(request, year)
    order = next((one for one in payments.payments_of(request.actor.person_id) if one.pk == this.order_id), None)
    if order is None:
        raise Http404
    context = {
        "acquittement": this,
        "order": order,
        "money": next((one for one in order.money if not one.surplus), None),
        "person": students.person_by_id(request.actor.person_id),
    }
    with timezone.override(ZoneInfo(this.crous.timezone)):
        return render(request, "cvec/receipt.html", context)
