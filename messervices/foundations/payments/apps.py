"""Names the app, and refuses to start a real installation that could not take a payment."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_WANTED = {
    "lyra": ("LYRA_PAYMENT_URL", "LYRA_API_URL", "LYRA_SITE_ID", "LYRA_KEY", "LYRA_API_PASSWORD"),
    "stripe": ("STRIPE_API_URL", "STRIPE_PAGE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    "payfip": ("PAYFIP_SERVICE_URL", "PAYFIP_PAGE_URL", "PAYFIP_NUMCLI", "PAYFIP_MAIL"),
}


@register(Tags.security, deploy=True)
def bank_is_given(**_kwargs: Any) -> list[CheckMessage]:
    """Everything is set that the adapters of the banks in use need (``PAYMENT_RAILS``), and there is one at least."""
    wrong: list[CheckMessage] = [
        Error(f"PAYMENT_RAILS: no bank is called {name!r} ({', '.join(_WANTED)})", id="payments.rail_unknown")
        for name in settings.PAYMENT_RAILS
        if name not in _WANTED
    ]
    if not settings.PAYMENT_RAILS:
        wrong.append(Error("PAYMENT_RAILS is empty: no payment could be made", id="payments.PAYMENT_RAILS"))
    return wrong + [
        Error(f"{name} is not set: no payment could be made by {rail}", id=f"payments.{name}")
        for rail in settings.PAYMENT_RAILS
        for name in _WANTED.get(rail, ())
        if not getattr(settings, name)
    ]


class PaymentsConfig(AppConfig):
    """The room ``payments``."""

    name = "messervices.foundations.payments"
    label = "payments"
