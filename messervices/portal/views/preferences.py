"""Language and theme."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messervices.foundations.accounts.actions.open_account import choose_language
from messervices.look.shell import THEMES

_A_YEAR = 365 * 24 * 3600


def from_here(request: Any) -> bool:
    """Whether the browser says that a page of ours sent this form. An old browser that says nothing is believed."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    return origin is None or urlsplit(origin).netloc == request.get_host()


def keep_choice(response: HttpResponse, name: str, value: str, *, secure: bool) -> None:
    """Keep a choice in the browser for a year."""
    response.set_cookie(name, value, max_age=_A_YEAR, samesite="Lax", secure=secure, httponly=True)


@csrf_exempt  # no token on any page for a choice of display: the origin is checked instead, and nothing else can change
@require_POST
def preferences(request: Any) -> HttpResponse:
    """Keep the language or the theme chosen, and go back to where one was."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = reverse("portal:home")
    response = HttpResponseRedirect(target)
    if not from_here(request):
        return response
    language = request.POST.get("language", "")
    if language in settings.SPOKEN:
        keep_choice(response, settings.LANGUAGE_COOKIE_NAME, language, secure=request.is_secure())
        if request.actor.user_id is not None:
            choose_language(user=request.user, language=language)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        keep_choice(response, "theme", theme, secure=request.is_secure())
    elif theme:
        response.delete_cookie("theme", samesite="Lax")
    return response
