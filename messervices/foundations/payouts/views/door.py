"""Who may give an account: whoever proved who they are within minutes, again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

View = Callable[..., HttpResponse]


def proven(view: View) -> View:
    """Let in whoever proved who they are within five minutes; the others are asked first, and come back.

    For every page that takes bank details, services' own included. What was typed too late is not kept anywhere, not
    even for the time of asking: it is typed again.
    """
    fresh = reauthentication_required(app="allauth.account")(view)

    @never_cache
    @sensitive_post_parameters("iban", "holder")
    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}")
        if request.method == "POST" and is_reauthentication_required(request, app="allauth.account"):
            messages.warning(request, _("Par sécurité, confirmez que c’est vous, puis écrivez à nouveau votre IBAN."))
            return redirect(request.get_full_path())
        answer: HttpResponse = fresh(request, *args, **kwargs)
        return answer

    return door
