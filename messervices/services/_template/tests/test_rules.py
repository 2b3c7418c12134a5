"""The rules, without a database."""

from messervices.services._template import rules


def test_the_city_is_enough_to_be_ready() -> None:
    assert rules.is_ready({"study_city", "civility"})
    assert not rules.is_ready({"civility"})
