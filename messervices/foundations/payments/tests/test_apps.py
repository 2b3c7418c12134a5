from typing import Any

import pytest

from messervices.foundations.payments.apps import bank_is_given


@pytest.mark.parametrize("name", ["LYRA_KEY", "LYRA_SITE_ID", "LYRA_PAYMENT_URL", "LYRA_API_URL", "LYRA_API_PASSWORD"])
def test_an_installation_that_could_take_no_payment_says_what_it_misses(settings: Any, name: str) -> None:
    assert bank_is_given() == []
    setattr(settings, name, "")
    assert [error.id for error in bank_is_given()] == [f"payments.{name}"]
