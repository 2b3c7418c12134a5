"""What every template may use: kept to what costs nothing, for it runs at each page."""

from typing import Any

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """Give the theme chosen; ``request.actor``, ``request.now`` and ``request.LANGUAGE_CODE`` are on the request."""
    return {"theme": request.COOKIES.get("theme", "")}
