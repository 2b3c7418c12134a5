"""Rules of the desk, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from messervices.desk import rules

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)


def test_a_file_stays_open_for_an_hour_and_no_longer() -> None:
    assert rules.still_open(NOW, NOW)
    assert rules.still_open(NOW, NOW + timedelta(minutes=59))
    assert not rules.still_open(NOW, NOW + timedelta(minutes=60))


def test_an_opening_of_the_future_opens_nothing() -> None:
    assert not rules.still_open(NOW + timedelta(seconds=1), NOW)


def test_a_name_is_tried_with_each_of_its_words_first() -> None:
    assert rules.word_orders("lina marie benali") == ["lina marie benali", "marie benali lina", "benali lina marie"]
    assert rules.word_orders("benali") == ["benali"]
    assert rules.word_orders("") == [""]


def test_a_very_long_name_is_not_tried_in_every_order() -> None:
    assert len(rules.word_orders(" ".join("abcdefghij"))) == 4


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 3, 14), date(2026, 3, 13), 17),
        (date(2008, 3, 14), date(2026, 3, 14), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_counts_whole_years(born: date, day: date, age: int) -> None:
    assert rules.age_on(born, day) == age


def test_a_person_is_seen_by_the_agents_of_a_crous_that_follows_them_and_by_the_national_desk() -> None:
    assert rules.may_see([26], [12, 26], national=False)
    assert not rules.may_see([26], [12], national=False)
    assert not rules.may_see([26], [0], national=False)
    assert not rules.may_see([], [26], national=False)
    assert rules.may_see([], [0], national=True)


def test_a_reading_is_written_under_the_agents_crous_that_follows_the_person() -> None:
    assert rules.office_of_reading([7, 26], [12, 26]) == 26
    assert rules.office_of_reading([], [12, 26]) == 12
    assert rules.office_of_reading([], []) == 0
