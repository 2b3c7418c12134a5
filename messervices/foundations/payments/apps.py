"""Names the app, and refuses to start a real installation that could not take a payment."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_WANTED = ("LYRA_PAYMENT_URL", "LYRA_API_URL", "LYRA_SITE_ID", "LYRA_KEY", "LYRA_API_PASSWORD")


@register(Tags.security, deploy=True)
def bank_is_given(**_kwargs: Any) -> list[CheckMessage]:
    """Everything that the bank's adapter needs is set."""
    return [
        Error(f"{name} is not set: no payment could be made", id=f"payments.{name}")
        for name in _WANTED
        if not getattr(settings, name)
    ]


class PaymentsConfig(AppConfig):
    """The room ``payments``."""

    name = "messervices.foundations.payments"
    label = "payments"
