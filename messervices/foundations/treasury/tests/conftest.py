"""What the tests of this room share."""

from collections.abc import Iterator

import pytest
from django.db import connection

from messervices.foundations.treasury.tests.factories import assert_whole


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test did, the books balance and the invariants hold."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    yield
    assert_whole()
