"""Handing over a file: the holder's own, or one of a file that the agent has open, which is then noted as read."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_noop
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as readings
from messervices.foundations.documents import actions, selectors


@require_safe
@cache_control(private=True, no_store=True)
def document(request: Any, uuid: UUID) -> HttpResponse:
    """Give a paper's sealed PDF; drawn now if its job has not come round yet."""
    found = selectors.seen_by(request.actor, uuid)
    if found is None:
        raise Http404
    what, reason = f"documents.document:{found.pk}", gettext_noop("Téléchargement d’un document")
    _note(request, found.person_id, found.crous_id, what, reason)
    return _file(actions.sealed_pdf(found.pk, request.now), "application/pdf", f"{found.number}.pdf")


@require_safe
@cache_control(private=True, no_store=True)
def paper(request: Any, uuid: UUID) -> HttpResponse:
    """Give a proof back as it came: to be saved, never shown within our pages."""
    found = selectors.paper_seen_by(request.actor, uuid)
    if found is None:
        raise Http404
    what, reason = f"documents.paper:{found.pk}", gettext_noop("Lecture d’un justificatif")
    _note(request, found.person_id, request.actor.office_id or 0, what, reason)
    return _file(bytes(found.content), found.media_type, found.name)


def _note(request: Any, person_id: int, crous_id: int, what: str, reason: str) -> None:
    """An agent's reading is written down, in French, before it is given; one's own is nobody's business.

    An agent who has not opened that person's file, with its reason, finds nothing here.
    """
    if request.actor.kind == "agent":
        if not readings.has_open(request.actor, person_id, request.now):
            raise Http404
        audit.record_read(
            by=request.actor, person_id=person_id, crous_id=crous_id, what=what, reason=reason, now=request.now
        )


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)
