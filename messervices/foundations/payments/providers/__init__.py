"""The rails in use, found by name."""

from functools import cache

from django.conf import settings

from messervices.foundations.payments.providers.eficash import Eficash
from messervices.foundations.payments.providers.lyra import Lyra
from messervices.foundations.payments.providers.payfip import PayFip
from messervices.foundations.payments.providers.rail import Rail
from messervices.foundations.payments.providers.stripe import Stripe


@cache
def rail_named(name: str) -> Rail:
    """Give a rail. Raises ``LookupError`` for a name that no rail has."""
    if name == "lyra":
        return Lyra(
            payment_url=settings.LYRA_PAYMENT_URL,
            api_url=settings.LYRA_API_URL,
            site_id=settings.LYRA_SITE_ID,
            keys=tuple(key for key in (settings.LYRA_KEY, settings.LYRA_KEY_PREVIOUS) if key),
            mode=settings.LYRA_CTX_MODE,
            password=settings.LYRA_API_PASSWORD,
            shop_name=settings.SITE_NAME,
            contracts=settings.LYRA_CONTRACTS,
        )
    if name == "stripe":
        secrets = (settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_WEBHOOK_SECRET_PREVIOUS)
        return Stripe(
            api_url=settings.STRIPE_API_URL,
            key=settings.STRIPE_SECRET_KEY,
            secrets=tuple(secret for secret in secrets if secret),
        )
    if name == "payfip":
        return PayFip(
            service_url=settings.PAYFIP_SERVICE_URL,
            page_url=settings.PAYFIP_PAGE_URL,
            numcli=settings.PAYFIP_NUMCLI,
            saisie=settings.PAYFIP_SAISIE,
            mail=settings.PAYFIP_MAIL,
        )
    if name == "eficash":
        return Eficash()
    msg = f"no rail is called {name!r}"
    raise LookupError(msg)
