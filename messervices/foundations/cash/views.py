"""A student's notice: on screen, in large to hold out at the counter, on paper, and given up."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messervices.foundations.cash import actions, rules, selectors
from messervices.foundations.cash.models import Notice
from messervices.foundations.cash.providers.barcode import barcode_svg
from messervices.foundations.cash.states import NoticeStatus
from messervices.foundations.documents.providers.drawing import draw

View = Callable[..., HttpResponse]


def _own_notice(view: View) -> View:
    """Ask for a signed-in student; somebody else's notice is no notice at all (404). Hours are those of the Crous."""

    @never_cache
    @wraps(view)
    def guarded(request: Any, uuid: UUID) -> HttpResponse:
        if request.actor.person_id is None:
            return redirect_to_login(reverse("cash:notice", args=[uuid]))
        try:
            found = selectors.notice_of(uuid, request.actor.person_id)
        except Notice.DoesNotExist:
            raise Http404 from None
        with timezone.override(ZoneInfo(found.crous.timezone)):
            return view(request, found)

    return guarded


def _code(notice: Notice) -> str:
    return rules.barcode_text(settings.EFICASH_CREDITOR, notice.reference, notice.amount_cents)


def _drawn(notice: Notice) -> SafeString:
    """Draw the bar code as a picture of the page, with its words for who cannot see it."""
    box, path = barcode_svg(_code(notice))
    label = _("Code-barres à scanner au guichet ; la référence est écrite dessous")
    return format_html(
        '<svg class="barcode" role="img" aria-label="{}" viewBox="{}" preserveAspectRatio="none"><path d="{}"/></svg>',
        label, box, path,
    )  # fmt: skip


def _context(request: Any, notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice,
        "order": notice.order,
        "crous": notice.crous,
        "person": notice.person,
        "reference": rules.grouped(notice.reference),
        "creditor": settings.EFICASH_CREDITOR,
        "barcode": _drawn(notice) if notice.status == NoticeStatus.OPEN else "",
        "total_cents": rules.total(notice.amount_cents, notice.fee_cents),
        "over": notice.status == NoticeStatus.OPEN and request.now >= notice.valid_until,
        "working_days": rules.WORKING_DAYS,
    }


@require_safe
@_own_notice
def notice(request: Any, notice: Notice) -> HttpResponse:
    """Say how much, where, until when, what to bring, and what happens then; or what became of the notice."""
    if notice.status == NoticeStatus.PAID:
        return redirect(notice.order.return_path)
    return render(request, "cash/notice.html", _context(request, notice))


def _open_or_404(notice: Notice) -> None:
    """A notice that is not open is not to be shown at a counter."""
    if notice.status != NoticeStatus.OPEN:
        raise Http404


@require_safe
@_own_notice
def on_phone(request: Any, notice: Notice) -> HttpResponse:
    """Show the bar code in large, to hold out at the counter."""
    _open_or_404(notice)
    return render(request, "cash/on_phone.html", _context(request, notice))


@require_safe
@_own_notice
def sheet(request: Any, notice: Notice) -> HttpResponse:
    """Show the notice as one sheet to print."""
    _open_or_404(notice)
    return render(request, "cash/sheet.html", _context(request, notice))


@require_safe
@_own_notice
def pdf(_request: Any, notice: Notice) -> HttpResponse:
    """Give the notice as a PDF, drawn from the notice alone: the same notice gives the same bytes."""
    _open_or_404(notice)
    box, path = barcode_svg(_code(notice))
    contents = {
        "crous": notice.crous.name,
        "label": notice.order.label,
        "order": notice.order.number,
        "name": notice.person.display_name,
        "reference": rules.grouped(notice.reference),
        "creditor": settings.EFICASH_CREDITOR,
        "amount_cents": notice.amount_cents,
        "fee_cents": notice.fee_cents,
        "until": f"{timezone.localtime(notice.valid_until):%Y-%m-%d}",
        "barcode": f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{box}' preserveAspectRatio='none'>"
        f"<path d='{path}'/></svg>",
        "working_days": rules.WORKING_DAYS,
    }
    drawn = draw(template="cash/notice.typ", contents=contents, issued_at=notice.issued_at, specimen=settings.DEMO)
    response = HttpResponse(drawn, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="avis-{notice.order.number}.pdf"'
    return response


@require_POST
@_own_notice
def cancel(request: Any, notice: Notice) -> HttpResponse:
    """Give the notice up, and go and choose another means."""
    actions.cancel_notice(uuid=notice.uuid, by=request.actor, now=request.now)
    return redirect(notice.order.return_path)
