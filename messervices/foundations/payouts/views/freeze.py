"""Blocking an account: from the link of a message, without signing in; or from one's own page."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from messervices.foundations.payouts import actions


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def freeze(request: Any, token: str) -> HttpResponse:
    """Say what will be blocked; the button does it, not the link, which a mail program may open by itself."""
    found = actions.details_by_token(token)
    if found is None:
        return render(request, "payouts/link_dead.html", status=410)
    if request.method == "POST":
        found = actions.freeze_by_link(token=token, now=request.now)
    return render(request, "payouts/freeze.html", {"details": found, "done": found.is_frozen})


@require_POST
@never_cache
def freeze_own(request: Any) -> HttpResponse:
    """Block one's own account at once: no proof is asked for what only protects."""
    if request.actor.person_id is None:
        return redirect("account_login")
    actions.freeze_own_details(by=request.actor, now=request.now)
    messages.success(request, _("C’est bloqué : rien ne partira vers ce compte."))
    return redirect("payouts:payouts")
