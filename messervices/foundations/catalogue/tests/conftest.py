"""What is kept ten seconds must not outlive the test that set it."""

from collections.abc import Iterator

import pytest

from messervices.foundations.crous.selectors import Kept


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    Kept.forget_all()
    yield
    Kept.forget_all()
