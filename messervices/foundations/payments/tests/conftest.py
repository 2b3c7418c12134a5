"""What the tests of this room share."""

import sys
from collections.abc import Iterator
from unittest import mock

import pytest

from messervices.foundations.payments.tests.factories import FakeRail, FakeService, sold

PLACES = ("ask", "go", "give_back", "receive", "settle")


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
