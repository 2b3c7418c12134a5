"""What the tests of this room share."""

import sys
from collections.abc import Iterator
from unittest import mock

import pytest
from django.db import connection

from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.tests.factories import FakeRail, FakeService, breaches, sold

PLACES = ("ask", "begin", "go", "give_back", "leave", "receive", "settle", "watch")


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A service that sells ``test``."""
    with sold() as fake:
        yield fake


@pytest.fixture
def bank() -> Iterator[FakeRail]:
    """A bank that answers what the test tells it; silent at first."""
    rail = FakeRail()
    modules = [sys.modules[f"messervices.foundations.payments.actions.{place}"] for place in PLACES]
    patches = [mock.patch.object(module, "rail_named", return_value=rail) for module in modules]
    for patch in patches:
        patch.start()
    yield rail
    for patch in patches:
        patch.stop()


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test did, the books balance and the invariants hold. Jobs of earlier tests are not counted."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    yield
    assert_books_balance()
    assert breaches() == []
