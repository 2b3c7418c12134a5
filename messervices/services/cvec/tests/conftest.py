"""What the tests of this room share."""

from collections.abc import Iterator
from unittest import mock

import pytest

from messervices.foundations.crous.selectors import Kept
from messervices.kernel import clock
from messervices.services.cvec.tests.factories import NOW


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """What is kept ten seconds must not outlive the test that set it."""
    Kept.forget_all()
    yield
    Kept.forget_all()


@pytest.fixture(autouse=True)
def _in_august() -> Iterator[None]:
    """Requests are made on 28 August 2026, when the campaign of 2026-2027 is open."""
    with mock.patch.object(clock, "now", return_value=NOW):
        yield
