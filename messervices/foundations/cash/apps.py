"""Names the app, and refuses to start a real installation that half offers cash."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from messervices.foundations.cash.rules import CREDITOR_DIGITS


@register(Tags.security, deploy=True)
def cash_is_whole(**_kwargs: Any) -> list[CheckMessage]:
    """Cash is either not offered, or by a creditor of six digits; deliveries that nobody signs are not believed."""
    creditor, secret = settings.EFICASH_CREDITOR, settings.EFICASH_SECRET
    found: list[CheckMessage] = []
    if creditor and not (len(creditor) == CREDITOR_DIGITS and creditor.isascii() and creditor.isdecimal()):
        found.append(Error("EFICASH_CREDITOR is six digits", id="cash.EFICASH_CREDITOR"))
    if secret and not creditor:
        found.append(Error("EFICASH_SECRET without EFICASH_CREDITOR: cash is not offered", id="cash.EFICASH_SECRET"))
    return found


class CashConfig(AppConfig):
    """The room ``cash``."""

    name = "messervices.foundations.cash"
    label = "cash"
