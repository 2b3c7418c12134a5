"""What stands around every request: its log line, and the page of a refusal."""

import logging
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from messervices.kernel.errors import ProviderUnavailable, Refusal

log = logging.getLogger("messervices.requests")


class LoggingMiddleware:
    """One line a request: route (never the address, which may carry a number), status, time, and a reference."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Time the request; give it the reference that an error page shows."""
        began = time.perf_counter()
        request.reference = secrets.token_hex(4)
        response = self.get_response(request)
        found = request.resolver_match
        log.info(
            "request",
            extra={
                "reference": request.reference,
                "method": request.method,
                "route": found.route if found else "",
                "status": response.status_code,
                "ms": round((time.perf_counter() - began) * 1000, 1),
            },
        )
        return response


class PolicyMiddleware(CSPMiddleware):
    """The library's Content-Security-Policy, of which ordinary pages change only the nonce.

    It is written once for each handler, at its first page, never for the process: another site of the same process
    has a policy of its own.
    """

    _NONCE = "@nonce@"

    @cached_property
    def _with(self) -> str:
        """The policy of a page that has a nonce."""
        return str(build_policy(nonce=self._NONCE))

    @cached_property
    def _without(self) -> str:
        """The policy of a page that has none."""
        return str(build_policy())

    def process_response(self, request: Any, response: Any) -> Any:
        """Write the header; a view that changed its own policy is left to the library."""
        if HEADER in response.headers or any(name.startswith("_csp_") for name in vars(response)):
            return super().process_response(request, response)
        nonce = getattr(request, "_csp_nonce", None)
        if nonce is None:
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # too late for one: an error
        response.headers[HEADER] = self._with.replace(self._NONCE, nonce) if nonce else self._without
        return response


class BodyMiddleware:
    """Refuses a body that is too large before anything reads it, and says so on a calm page (413).

    What was sent is read and thrown away, up to a bound: a browser that is cut off while it sends shows no page.
    """

    _PIECE = 64 * 1024
    _BOUND = 8

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the length that is announced; a body without one is none for Django."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdecimal() else 0
        if size <= settings.BODY_MAX_BYTES:
            return self.get_response(request)
        for _turn in range(settings.BODY_MAX_BYTES * self._BOUND // self._PIECE):
            if not request.read(self._PIECE):
                break
        sentence = _("C’est trop lourd : %(most)s Mo au plus en une fois. Envoyez vos fichiers un par un.")
        refusal = Refusal("body_too_big", sentence % {"most": settings.BODY_MAX_BYTES // 1024**2})
        return render(request, "look/refusal.html", {"refusal": refusal}, status=413)


class RefusalMiddleware:
    """Shows a refusal: a page to people, ``application/problem+json`` under ``/api/``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next one."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 409 to a refusal and 503 to an outage outside; leave the rest to Django."""
        if isinstance(exception, ProviderUnavailable):
            log.warning("provider unavailable: %s", exception.provider)
            return render(request, "look/outage.html", {"provider": exception.provider}, status=503)
        if not isinstance(exception, Refusal):
            return None
        if request.path.startswith("/api/"):
            problem = {"type": "about:blank", "title": exception.code, "status": 409, "detail": str(exception.sentence)}
            return JsonResponse(problem | {"code": exception.code}, status=409, content_type="application/problem+json")
        return render(request, "look/refusal.html", {"refusal": exception}, status=409)
