"""Tags of the portal's pages."""

from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString

from messervices.kernel import manifest
from messervices.portal import selectors

register = template.Library()


@register.simple_tag(takes_context=True)
def panel(context: Context, shown: manifest.Panel) -> SafeString:
    """Draw the panel of a service with its own context, and the request."""
    request = context.get("request")
    return get_template(shown.template).render({"panel": shown, **shown.context}, request)


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
