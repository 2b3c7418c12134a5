"""The demonstration bank in a thread of the test, and the adapters of the product pointed at it over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.test import override_settings

from bank.book import Payment
from bank.settings import Settings
from bank.web import Bank
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BankForm

RAILS = ("lyra", "stripe", "payfip")


def addresses(url: str) -> dict[str, Any]:
    """Where the three banks are, when they all answer at ``url``."""
    return {
        "LYRA_PAYMENT_URL": f"{url}/vads-payment/",
        "LYRA_API_URL": f"{url}/api-payment/V4/",
        "STRIPE_API_URL": f"{url}/v1/",
        "STRIPE_PAGE_URL": f"{url}/",
        "PAYFIP_SERVICE_URL": f"{url}/tpa/services/securite",
        "PAYFIP_PAGE_URL": f"{url}/tpa/paiementws.web",
    }


@contextmanager
def reached_at(url: str, **more: Any) -> Iterator[None]:
    """Point the adapters at an address (the bank's own, or that of a bad line to it)."""
    with override_settings(**addresses(url), **more):
        rail_named.cache_clear()
        try:
            yield
        finally:
            rail_named.cache_clear()


@contextmanager
def playing(folder: Path, notice_url: str = "http://127.0.0.1:9/") -> Iterator[Bank]:
    """Run the bank; it tells nobody anything by itself, unless ``notice_url`` is given and its postman started."""
    running = Bank(
        Settings(
            folder=folder, port=0, site_id=settings.LYRA_SITE_ID, keys=(settings.LYRA_KEY,), mode="TEST",
            password=settings.LYRA_API_PASSWORD, notice_url=notice_url, stripe_notice_url=notice_url,
        )
    )  # fmt: skip
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with reached_at(running.url):
            yield running
    finally:
        running.server.shutdown()
        running.server.server_close()
        thread.join()


def arrive(bank: Bank, form: BankForm) -> str:
    """Arrive at the bank as a browser does, by its form or its address; give the token of the page."""
    if form.fields:
        return bank.teller.receive(form.fields).token
    parts = urlsplit(form.action_url)
    operation = parse_qs(parts.query).get("idop", [""])[0]
    payment = bank.book.payment(trans_id=operation) if operation else bank.book.payment(token=parts.path.split("/")[-1])
    assert payment is not None
    return payment.token


def at(bank: Bank, token: str) -> Payment:
    """Where a page of the bank stands."""
    payment = bank.book.payment(token=token)
    assert payment is not None
    return payment
