"""Who acts in a request, when, and whose rows they may see."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.accounts.states import Kind
from messervices.kernel import clock
from messervices.kernel.actor import Actor
from messervices.kernel.scope import Scope, acting_as

_SEEN = timedelta(minutes=10)
_AGENT_SEEN = timedelta(minutes=1)
"""How stale "last seen" may be before it is written again: an agent's decides when they are idle."""


def _user_of(request: HttpRequest) -> User | None:
    """Give the session's user from the query that read the session, checked as Django would.

    ``None`` leaves the request to Django's own look-up, which ends a session whose password has changed.
    """
    session: Any = request.session
    user_id = session.get(SESSION_KEY)
    user: User | None = getattr(session, "user", None)
    if not user_id or user is None or str(user.pk) != user_id or not user.is_active:
        return None
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return user


def has_second_factor(request: HttpRequest, user: User) -> bool:
    """Tell whether this session was opened, or completed since, with a second factor (code or passkey)."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def _session_over(session: Any, now: datetime) -> bool:
    """Tell whether an agent has been idle, or signed in, too long."""
    idle = session.seen_at and now - session.seen_at > timedelta(minutes=settings.AGENT_IDLE_MINUTES)
    long = session.opened_at and now - session.opened_at > timedelta(hours=settings.AGENT_ABSOLUTE_HOURS)
    return bool(idle or long)


class ActingMiddleware:
    """Sets ``request.now`` and ``request.actor``, and runs the view in the actor's scope.

    An agent has no right and sees nobody until the session holds a second factor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Act; what is answered to somebody signed in is not kept, so that it is not shown again after them."""
        response = self._act(request)
        if request.actor.kind != "anonymous" and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def _act(self, request: Any) -> HttpResponse:
        """Find who acts, then act as them; a stream is read in the same scope."""
        request.now = clock.now()
        user = _user_of(request)
        if user is not None:
            request._cached_user = user  # noqa: SLF001 - where Django's own middleware keeps it
        elif request.session.get(SESSION_KEY):
            user = request.user if request.user.is_authenticated else None
        request.actor = Actor.anonymous() if user is None else actor_of(user)
        if user is not None:
            is_agent = user.kind == Kind.AGENT
            refused = self._guard_agent(request, user) if is_agent else None
            if refused is not None:
                return refused
            session = request.session
            if session.seen_at is None or request.now - session.seen_at > (_AGENT_SEEN if is_agent else _SEEN):
                session.touch(request.now)
        with acting_as(request.actor.scope):
            response = self.get_response(request)
        if getattr(response, "streaming", False):
            response.streaming_content = _streamed(response.streaming_content, request.actor.scope)  # type: ignore[attr-defined]  # only a streamed answer has it
        return response

    def _guard_agent(self, request: Any, user: User) -> HttpResponse | None:
        if _session_over(request.session, request.now):
            logout(request)
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path(), 'over': 1})}")
        if not has_second_factor(request, user):
            request.actor = Actor(kind="agent", user_id=request.actor.user_id, label=request.actor.label)
            if not request.path.startswith(settings.AGENT_OPEN_PATHS):
                return redirect("mfa_activate_totp")
        return None


def _streamed(chunks: Iterator[bytes], scope: Scope) -> Iterator[bytes]:
    """Read a stream in the scope of the request that began it: the view has long returned."""
    iterator = iter(chunks)
    while True:
        with acting_as(scope):
            try:
                chunk = next(iterator)
            except StopIteration:
                return
        yield chunk


class LanguageMiddleware:
    """The language: the one chosen (cookie), else the account's, else the browser's; French otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Speak that language for the request, and say which in the answer."""
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if language not in settings.SPOKEN:
            user = getattr(request, "_cached_user", None)
            language = user.language if user is not None else translation.get_language_from_request(request)
        with translation.override(language if language in settings.SPOKEN else "fr"):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response
