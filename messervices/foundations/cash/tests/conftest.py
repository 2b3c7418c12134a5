"""What the tests of this room share."""

import sys
from collections.abc import Iterator
from unittest import mock

import pytest
from django.db import connection

from messervices.foundations.cash.tests.factories import breaches
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.tests.factories import FakeService, sold
from messervices.kernel.errors import ProviderUnavailable

NOTICES = sys.modules["messervices.foundations.cash.actions.notices"]


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A service that sells ``test``."""
    with sold() as fake:
        yield fake


@pytest.fixture(autouse=True)
def bank_asked() -> Iterator[mock.MagicMock]:
    """The bank of the cards, asked before another means is closed: it does not answer, unless a test says otherwise."""
    silent = ProviderUnavailable("lyra")
    with mock.patch.object(NOTICES, "ask_bank", side_effect=silent) as asked:
        yield asked


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test did, the books balance and the invariants hold. Jobs of earlier tests are not counted."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    yield
    assert_books_balance()
    assert breaches() == []


@pytest.fixture
def queue(transactional_db: None) -> Iterator[None]:
    """What a test that commits leaves in the queue is forgotten: no clean-up of a database empties it."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
