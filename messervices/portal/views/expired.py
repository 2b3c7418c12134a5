"""A form that came too late: its token had expired."""

import re
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from messervices.portal.views.preferences import from_here

_NEVER_SHOWN = re.compile(r"(^|[-_])(old)?(password\d?|code|token|secret|otp|credential)($|[-_])", re.IGNORECASE)
_MOST_FIELDS = 200


def expired_form(request: Any, reason: str = "") -> HttpResponse:
    """Show the form's answers again with a fresh token, so that one press sends them.

    Only what a page of ours sent is offered again: somebody else's page could otherwise make one send its own answers.
    Passwords and codes are never written in a page.
    """
    again: list[tuple[str, str]] = []
    typed: list[str] = []
    secret = any(_NEVER_SHOWN.search(name) for name in request.POST)
    ours = request.headers.get("Origin") or request.headers.get("Referer") or request.headers.get("Sec-Fetch-Site")
    if from_here(request) and ours and not secret and not request.FILES and len(request.POST) <= _MOST_FIELDS:
        for name, values in request.POST.lists():
            if name == "csrfmiddlewaretoken":
                continue
            again += [(name, value) for value in values]
            typed += [value for value in values if value.strip() and len(value) > 1]
    shown = {"again": again, "typed": typed, "here": request.path, "files": bool(request.FILES)}
    return render(request, "portal/expired.html", shown, status=403)
