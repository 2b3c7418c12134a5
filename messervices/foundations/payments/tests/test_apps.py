"""A real installation that could not take a payment says so before it starts."""

from typing import Any

import pytest

from messervices.foundations.payments.apps import _WANTED, bank_is_given


@pytest.mark.parametrize(("rail", "name"), [(rail, name) for rail, names in _WANTED.items() for name in names])
def test_an_installation_that_could_take_no_payment_says_what_it_misses(settings: Any, rail: str, name: str) -> None:
    settings.PAYMENT_RAILS = [rail]
    assert bank_is_given() == []
    setattr(settings, name, "")
    assert [error.id for error in bank_is_given()] == [f"payments.{name}"]


def test_a_bank_that_is_not_in_use_is_asked_nothing(settings: Any) -> None:
    settings.PAYMENT_RAILS = ["lyra"]
    settings.STRIPE_SECRET_KEY = settings.PAYFIP_NUMCLI = ""
    assert bank_is_given() == []


@pytest.mark.parametrize(
    ("rails", "wrong"), [([], "payments.PAYMENT_RAILS"), (["lyra", "barter"], "payments.rail_unknown")]
)
def test_a_list_of_banks_that_has_no_sense_is_named(settings: Any, rails: list[str], wrong: str) -> None:
    settings.PAYMENT_RAILS = rails
    assert [error.id for error in bank_is_given()] == [wrong]
