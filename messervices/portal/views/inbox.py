"""Messages of the platform to a student."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messervices.foundations.notifications import actions as notifications
from messervices.foundations.notifications import selectors as inbox
from messervices.portal.views.doors import person_page

_A_PAGE = 20
_MOST = 400


@require_safe
@person_page
def messages(request: Any) -> HttpResponse:
    """The inbox, newest first."""
    rows = inbox.inbox_of(request.actor.person_id, limit=_MOST)
    page = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "unread": sum(row.unread for row in rows),
        "address_dead": inbox.is_dead(request.user.email),
    }
    return render(request, "portal/me/messages.html", shown)


@require_safe
@person_page
def message(request: Any, message_id: int) -> HttpResponse:
    """One message. Opening it is reading it. Somebody else's does not exist."""
    person_id = request.actor.person_id
    found = inbox.message_of(person_id, message_id)
    if found is None:
        raise Http404
    if request.method == "GET" and found.read_at is None:
        notifications.mark_read(person_id=person_id, message_id=message_id, now=request.now)
    shown = {"message": found, "entry": inbox.entry_of(found), "body": inbox.body_of(found)}
    return render(request, "portal/me/message.html", shown)
