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

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import Kind
from messervices.kernel import clock
from messervices.kernel.actor import Actor
from messervices.kernel.scope import Scope, acting_as

_SEEN = "agent_seen_at"
_SINCE = "agent_since"


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


def has_second_factor(request: HttpRequest) -> bool:
    """Tell whether this session was opened with a second factor (code or passkey)."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request))


def actor_of(user: User) -> Actor:
    """Make the actor that an account stands for."""
    return Actor(
        kind=user.kind,
        user_id=user.pk,
        label=user.label,
        person_id=user.person_id,
        crous_ids=tuple(user.crous_ids),
        rights=frozenset(user.rights),
        national=user.national,
    )


def _agent_session_over(session: Any, now: datetime) -> bool:
    """Tell whether an agent has been idle, or signed in, too long; otherwise note that they were seen."""
    seen, since = session.get(_SEEN), session.get(_SINCE)
    if seen and now - datetime.fromisoformat(seen) > timedelta(minutes=settings.AGENT_IDLE_MINUTES):
        return True
    if since and now - datetime.fromisoformat(since) > timedelta(hours=settings.AGENT_ABSOLUTE_HOURS):
        return True
    session[_SEEN] = now.isoformat()
    session.setdefault(_SINCE, now.isoformat())
    return False


class ActingMiddleware:
    """Sets ``request.now`` and ``request.actor``, and runs the view in the actor's scope.

    An agent has no right and sees nobody until the session holds a second factor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Find who acts, then act as them; a stream is read in the same scope."""
        request.now = clock.now()
        user = _user_of(request)
        if user is not None:
            request._cached_user = user  # noqa: SLF001 - where Django's own middleware keeps it
        elif request.session.get(SESSION_KEY):
            user = request.user if request.user.is_authenticated else None
        request.actor = Actor.anonymous() if user is None else actor_of(user)
        if user is not None and user.kind == Kind.AGENT:
            refused = self._guard_agent(request)
            if refused is not None:
                return refused
        with acting_as(request.actor.scope):
            response = self.get_response(request)
        if getattr(response, "streaming", False):
            response.streaming_content = _streamed(response.streaming_content, request.actor.scope)  # type: ignore[attr-defined]
        return response

    def _guard_agent(self, request: Any) -> HttpResponse | None:
        if _agent_session_over(request.session, request.now):
            logout(request)
            return redirect(f"{settings.LOGIN_URL}?next={request.path}")
        if not has_second_factor(request):
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
