"""What a bank's return code says, in plain words of the language in force."""

from django import template
from django.utils.translation import get_language

from messervices.foundations.payouts.providers import registry

register = template.Library()


@register.filter
def return_why(code: str) -> str:
    """What happened."""
    return registry.return_code(code).why(get_language() or "fr")


@register.filter
def return_advice(code: str) -> str:
    """What to do."""
    return registry.return_code(code).advice(get_language() or "fr")


@register.filter
def asks_for_account(code: str) -> bool:
    """Whether another account mends it."""
    return registry.return_code(code).whose == "payee"
