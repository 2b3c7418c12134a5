"""Who may open a page of "me", and what was typed by somebody whose session ended meanwhile."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import urlencode

View = Callable[..., HttpResponse]
_DRAFTS = "drafts"
_DRAFT_SIZE = 20_000
"""Characters of a draft at most: a form of ours fits ten times over."""


def student_page(view: View) -> View:
    """Open the page to students only. What a signed-out person posted waits for them behind the sign-in."""

    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        actor = request.actor
        if actor.kind == "anonymous":
            if request.method == "POST":
                keep_draft(request, request.path, request.POST)
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}")
        if actor.kind != "student":
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return door


def person_page(view: View) -> View:
    """Open the page to students who have said who they are; the others are asked first."""

    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor.person_id is None:
            return redirect("portal:identity")
        return view(request, *args, **kwargs)

    return student_page(door)


def keep_draft(request: Any, name: str, typed: QueryDict) -> None:
    """Keep what was typed in the session, until it is taken or replaced. Too long, it is not kept."""
    text = "&".join(
        urlencode({key: value}) for key in typed if key != "csrfmiddlewaretoken" for value in typed.getlist(key)
    )
    if len(text) <= _DRAFT_SIZE:
        request.session[_DRAFTS] = {**request.session.get(_DRAFTS, {}), name: text}


def draft(request: Any, name: str) -> QueryDict | None:
    """What was typed and not yet accepted."""
    text = request.session.get(_DRAFTS, {}).get(name)
    return QueryDict(text) if text else None


def drop_draft(request: Any, name: str) -> None:
    """Forget it: it was accepted."""
    drafts = request.session.get(_DRAFTS, {})
    if name in drafts:
        request.session[_DRAFTS] = {key: text for key, text in drafts.items() if key != name}
