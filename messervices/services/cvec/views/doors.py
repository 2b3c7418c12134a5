"""Who may open a page of the student's, and for which campaign."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from messervices.kernel.academic_year import AcademicYear
from messervices.look import shell
from messervices.services.cvec import selectors

View = Callable[..., HttpResponse]


def person_page(view: View) -> View:
    """Open the page to students who have said who they are; the others are asked first, then sent back here."""

    @wraps(view)
    def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor.kind == "anonymous":
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}")
        if request.actor.kind != "student":
            raise PermissionDenied
        if request.actor.person_id is None:
            return redirect(f"{shell.address('portal:identity')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return door


def campaign_or_404(year: AcademicYear, now: Any) -> selectors.Campaign:
    """Give the campaign of a year; there is no page for a year that never had one."""
    campaign = selectors.campaign_of(year, now)
    if campaign is None:
        raise Http404
    return campaign
