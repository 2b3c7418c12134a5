"""Filters of the sign-in pages."""

import json as encoder
from typing import Any

from django import template

register = template.Library()


def _plain(value: Any) -> Any:
    """fido2's own mappings are no ``dict``: read them as one."""
    return dict(value)


@register.filter
def json(value: Any) -> str:
    """Write options for the browser into a data attribute; the template escapes it as any other text."""
    return encoder.dumps(value, default=_plain)
