"""What the tests of this room share."""

from collections.abc import Iterator

import pytest
from django.db import connection

from messervices.foundations.cash.tests.factories import breaches
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.tests.factories import FakeService, sold


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A service that sells ``test``."""
    with sold() as fake:
        yield fake


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test did, the books balance and the invariants hold. Jobs of earlier tests are not counted."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    yield
    assert_books_balance()
    assert breaches() == []
