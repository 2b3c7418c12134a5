"""A site that answers over HTTP for the tests in a browser: our own process, a world that is really in the database."""

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from messervices.foundations.catalogue.models import Announcement
from messervices.foundations.crous.selectors import Kept
from messervices.foundations.payments.providers import rail_named
from messervices.kernel.scope import EVERY, Scope, acting_as
from tests.world import in_august, work_off

T = TypeVar("T")
NO_BANK = "http://127.0.0.1:9"
"""The discard port: nobody listens, and it says so at once."""


@dataclass
class Site:
    """Where it answers, and where the demonstration's bank does."""

    url: str
    bank: str
    mailbox: Path

    def do_the_work(self) -> int:
        """Let the worker's jobs be done now."""
        return aside(work_off)


def aside(deed: Callable[[], T]) -> T:
    """Do something in a thread of its own, over every Crous, on a connection of its own, and give what it gives.

    The tests' own thread runs playwright's loop: what needs a loop itself (a seal) cannot run there.
    """
    given: list[T] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with acting_as(Scope("test", crous=EVERY)):
                given.append(deed())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            problems.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return given[0]


def settings_for(url: str, bank: str, mailbox: Path) -> dict[str, Any]:
    """What a site at ``url`` with a bank at ``bank`` sets differently."""
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"] = ["'self'", bank]
    return {
        "SITE_URL": url,
        "BANK": bank,
        "LYRA_PAYMENT_URL": f"{bank}/vads-payment/",
        "LYRA_API_URL": f"{bank}/api-payment/V4/",
        "STRIPE_API_URL": f"{bank}/v1/",
        "STRIPE_PAGE_URL": f"{bank}/",
        "PAYFIP_SERVICE_URL": f"{bank}/tpa/services/securite",
        "PAYFIP_PAGE_URL": f"{bank}/tpa/paiementws.web",
        "CONTENT_SECURITY_POLICY": policy,
        "DEMO_MAILBOX": mailbox,
        "EMAIL_BACKEND": "messervices.demo.mailbox.Backend",
    }


@contextmanager
def running(mailbox: Path, bank: str = NO_BANK) -> Iterator[Site]:
    """Run the site in August 2026; at the end every table is emptied again, but for the reference data."""
    server = LiveServer("localhost")
    with in_august(), override_settings(**settings_for(server.url, bank, mailbox)):
        rail_named.cache_clear()
        Kept.forget_all()
        aside(forget_queue)
        try:
            yield Site(server.url, bank, mailbox)
        finally:
            server.stop()
            empty()
    rail_named.cache_clear()


def forget_queue() -> None:
    """Forget the jobs that other tests left: they speak of rows that are gone, and a worker would stumble over them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def empty() -> None:
    """Empty the tables and the queue, as the clean-up of a test that commits does; of the catalogue, what we added."""
    Announcement.objects.filter(source="test").delete()
    forget_queue()
    call_command("flush", interactive=False, verbosity=0)
    connection.close()
