"""An installation that would half offer cash says so before it starts."""

from typing import Any

import pytest

from messervices.foundations.cash.apps import cash_is_whole


@pytest.mark.parametrize(
    ("creditor", "secret", "found"),
    [
        ("075019", "s", []), ("075019", "", []), ("", "", []), ("", "s", ["cash.EFICASH_SECRET"]),
        ("75019", "", ["cash.EFICASH_CREDITOR"]), ("07501²", "", ["cash.EFICASH_CREDITOR"]),
    ],
)  # fmt: skip
def test_cash_is_offered_whole_or_not_at_all(settings: Any, creditor: str, secret: str, found: list[str]) -> None:
    settings.EFICASH_CREDITOR, settings.EFICASH_SECRET = creditor, secret
    assert [error.id for error in cash_is_whole()] == found
