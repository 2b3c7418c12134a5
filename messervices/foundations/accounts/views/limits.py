"""What the pages of this room share: limits at the door, and the status of a form that met one."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from messervices.foundations.accounts import actions, rules, selectors
from messervices.look.views import too_many

View = Callable[..., HttpResponse]


def too_many_page(request: HttpRequest, error: actions.TooMany) -> HttpResponse:
    """The calm page of a limit, with the header that says when to try again."""
    response = too_many(request, error)
    response["Retry-After"] = str(error.wait)
    return response


def limited_by_network(rate: rules.Rate, name: str) -> Callable[[View], View]:
    """Let a network post this form so many times (``rate``), all its people together; reading it is free."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                try:
                    actions.insist(rate, request.now, name, selectors.network(request))
                except actions.TooMany as error:
                    return too_many_page(request, error)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


class CalmForm:
    """Mix-in of a form's view: a limit met by the form answers 429, and says from when to try again."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again, with its errors."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]  # a mix-in: the form's view has it
        waits = [
            error.wait
            for errors in form.errors.as_data().values()
            for error in errors
            if isinstance(error, actions.TooMany)
        ]
        if waits:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response["Retry-After"] = str(max(waits))
        return response
