"""Tags of the portal's pages."""

from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from messervices.foundations.catalogue.models import Announcement
from messervices.kernel import manifest
from messervices.portal import selectors

register = template.Library()


@register.simple_tag(takes_context=True)
def panel(context: Context, shown: manifest.Panel) -> SafeString:
    """Draw the panel of a service with its own context, and the request."""
    request = context.get("request")
    return get_template(shown.template).render({"panel": shown, **shown.context}, request)


@lru_cache(maxsize=64)
def _announced(language: str, zone: str, said: tuple[Announcement, ...]) -> SafeString:
    """Draw announcements once: a row never changes, and equal rows are the same row."""
    return get_template("portal/announcements.html").render({"announcements": said})


@register.simple_tag(takes_context=True)
def announced(context: Context) -> SafeString:
    """The announcements of this page, drawn once for all who see the same."""
    said = tuple(context.get("announcements") or ())
    return _announced(get_language() or "fr", get_current_timezone_name(), said) if said else mark_safe("")


@lru_cache(maxsize=1024)
def _drawn(template_name: str, language: str, tile: manifest.Tile) -> SafeString:
    """Draw a tile once for all who stand alike: services give equal tiles to them."""
    return get_template(template_name).render({"tile": tile})


@register.simple_tag
def drawn(template_name: str, tile: manifest.Tile) -> SafeString:
    """What a service says to a student, as a tile or as the next step."""
    return _drawn(template_name, get_language() or "fr", tile)


@register.filter
def deed(verb: str) -> str:
    """The sentence of a deed."""
    return str(manifest.verbs().get(verb, ""))


@register.filter
def deed_fam(verb: str) -> str:
    """The colour of a deed: that of the service that wrote it; of the help otherwise."""
    room = verb.partition(".")[0]
    return next((selectors.FAMILY[one.section] for one in manifest.services() if one.slug == room), "help")


@register.filter
def source(word: str) -> str:
    """Where a fact comes from, in words."""
    return selectors.source_words(word)


@register.simple_tag
def fact_value(kind: str, value: Any) -> str:
    """A fact's value in words."""
    return selectors.fact_words(kind, value)
