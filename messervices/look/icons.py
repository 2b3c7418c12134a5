"""Icons: one drawing file for all, fetched once and kept by the browser."""

from functools import lru_cache

from django.templatetags.static import static
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=512)
def icon_html(name: str, classes: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers: a word always stands beside it."""
    css = f"i {classes}".strip()
    href = f"{static('look/icons.svg')}#{name}"
    return mark_safe(f'<svg class="{escape(css)}" aria-hidden="true"><use href="{escape(href)}"/></svg>')  # noqa: S308 - both parts are escaped
