"""Handing over a file, and taking files in.

A file is the holder's own, or one of a file that the agent has open, which is then noted as read.
"""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_noop
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as readings
from messervices.foundations.documents import actions, selectors
from messervices.foundations.documents.models import Paper
from messervices.foundations.documents.selectors import Grant, Place
from messervices.foundations.documents.states import Reason
from messervices.kernel.errors import Refusal

View = Callable[..., HttpResponse]
_IN_MEMORY = BoundedSemaphore(2)
"""How many files a process holds in memory at once: on its way to the database each takes ten times its size."""


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
    """Lead to a proof's bytes by an address that is good for a minute and for this session alone."""
    return _to_the_bytes(request, _paper(request, uuid), inline=False)


@require_safe
@cache_control(private=True, no_store=True)
def preview(request: Any, uuid: UUID) -> HttpResponse:
    """The same for a picture that a page of ours shows. We encoded it ourselves: it is a picture and nothing else."""
    found = _paper(request, uuid)
    if not found.is_picture:
        raise Http404
    return _to_the_bytes(request, found, inline=True)


def _paper(request: Any, uuid: UUID) -> Paper:
    found = selectors.paper_seen_by(request.actor, uuid)
    if found is None:
        raise Http404
    return found


def _to_the_bytes(request: Any, found: Paper, *, inline: bool) -> HttpResponse:
    what, reason = f"documents.paper:{found.pk}", gettext_noop("Lecture d’un justificatif")
    _note(request, found.person_id, request.actor.office_id or 0, what, reason)
    token = selectors.signed_file(found, request.actor, request.session.session_key or "", inline=inline)
    return redirect("documents:file", token)


@require_safe
@cache_control(private=True, no_store=True)
def file(request: Any, token: str) -> HttpResponse:
    """Give the bytes: to be saved, or a picture within our page. An agent's copy of an identity paper is marked."""
    asked = selectors.read_signed_file(token, request.actor, request.session.session_key or "")
    if asked is None:
        raise Http404
    found = selectors.content_of(_paper(request, UUID(asked[0])))
    content = actions.copy_for(request.actor, found, request.now)
    return _file(content, found.media_type, found.name, inline=asked[1] and found.is_picture)


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


def _file(content: bytes, media_type: str, name: str, *, inline: bool = False) -> HttpResponse:
    kind = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=not inline, filename=name) or kind,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)


# Taking files in ------------------------------------------------------------------------------------------------------


def _granted(view: View) -> View:
    """Read the grant of the address: good for the account it was made for, and for nobody else (404)."""

    @cache_control(private=True, no_store=True)
    @wraps(view)
    def door(request: Any, token: str, **kwargs: Any) -> HttpResponse:
        grant = selectors.read_grant(token)
        if grant is None:
            raise Http404
        if request.actor.kind == "anonymous":
            return redirect_to_login(grant.return_path)
        if request.actor.user_id != grant.user_id:
            raise Http404
        return view(request, grant, **kwargs)

    return door


@require_http_methods(["GET", "HEAD", "POST"])
@_granted
def uploads(request: Any, grant: Grant) -> HttpResponse:
    """Show one slot; take files into it. What is refused at sight is said beside its name."""
    errors = [] if request.method != "POST" else _take(request, grant, request.FILES.getlist("files"))
    return _answer(request, grant, errors)


@require_POST
@_granted
def replace(request: Any, grant: Grant, uuid: UUID) -> HttpResponse:
    """Put another file in the place of one."""
    given = request.FILES.get("file")
    errors = []
    if given is not None:
        try:
            with _IN_MEMORY:
                actions.replace_upload(
                    by=request.actor, person_id=grant.person_id, subject=grant.subject, uuid=uuid, name=given.name,
                    content=given.read(settings.UPLOAD_MAX_BYTES + 1), now=request.now,
                )  # fmt: skip
        except Refusal as refusal:
            errors = [(given.name, str(refusal.sentence))]
    return _answer(request, grant, errors)


@require_POST
@_granted
def withdraw(request: Any, grant: Grant, uuid: UUID) -> HttpResponse:
    """Take one file back."""
    errors = []
    try:
        actions.withdraw_upload(
            by=request.actor, person_id=grant.person_id, subject=grant.subject, uuid=uuid, now=request.now
        )
    except Refusal as refusal:
        errors = [("", str(refusal.sentence))]
    return _answer(request, grant, errors)


def _take(request: Any, grant: Grant, given: list[UploadedFile]) -> list[tuple[str, str]]:
    """Take each file by itself: a bad one does not stop the others. One at a time in memory."""
    errors = [] if given else [("", str(Reason.EMPTY.label))]
    for one in given:
        try:
            with _IN_MEMORY:
                actions.receive_upload(
                    by=request.actor, person_id=grant.person_id, crous_id=grant.crous_id, subject=grant.subject,
                    slot=grant.code, name=one.name or "", content=one.read(settings.UPLOAD_MAX_BYTES + 1),
                    identity=grant.identity, purpose=grant.purpose, max_files=grant.max_files, now=request.now,
                )  # fmt: skip
        except Refusal as refusal:
            errors.append((one.name or "", str(refusal.sentence)))
    return errors


def _answer(request: Any, grant: Grant, errors: list[tuple[str, str]]) -> HttpResponse:
    """The slot alone for the script; else back to the service's page, or the slot's own page to say what is wrong.

    The script is answered 200 in both cases: the slot itself says what was refused.
    """
    if request.method == "POST" and not errors and not request.htmx:
        return redirect(f"{grant.return_path}#slot-{grant.code}")
    place: Place = selectors.place_of(grant)
    place.errors = errors
    if request.htmx:
        return render(request, "documents/parts/slot.html", {"place": place})
    return render(request, "documents/slot.html", {"place": place}, status=422 if errors else 200)
