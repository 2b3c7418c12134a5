"""An INE is one of five shapes; two of them carry a key whose rule is known."""

import pytest

from messervices.foundations.students import rules


@pytest.mark.parametrize(
    ("typed", "scheme", "key_ok"),
    [
        ("1234567890V", "bea", True),
        ("0512345678B", "bea", True),
        ("0000000000A", "bea", True),
        ("9999999999S", "bea", True),
        ("1234567890G", "bea", False),
        ("0DDG5R00015", "nne", True),
        ("12345678900", "nne", True),
        ("ZZZZZZZZZZ5", "nne", True),
        ("0DDG5R00014", "nne", False),
        ("070578267KH", "rnie", None),
        ("080890290EH", "rnie", None),
        ("1234A56789B", "sifa", None),
        ("1234D56789B", "provisional", None),
        (" 070 578 267 kh ", "rnie", None),
        ("0705-78267.KH", "rnie", None),
    ],
)
def test_a_number_is_read_whatever_its_spaces_and_capitals(typed: str, scheme: str, key_ok: bool | None) -> None:
    reading = rules.read_ine(typed)
    assert (reading.scheme, reading.key_ok) == (scheme, key_ok)


@pytest.mark.parametrize(
    "typed",
    [
        "123456789II",
        "123456789AL",
        "12345678AB",
        "1234B56789C",
        "1234A56789I",
        "1234A56789O",
        "1234E56789B",
        "",
        "é" * 11,
    ],
)
def test_what_fits_no_shape_is_not_an_ine(typed: str) -> None:
    assert not rules.read_ine(typed).is_ine


def test_a_provisional_number_has_its_shape_and_is_never_given_twice() -> None:
    given = {
        rules.provisional_ine(serial, 2026)
        for serial in [*range(2_000), *range(99_990, 100_010), *range(200_000, 200_010)]
    }
    assert len(given) == 2_030
    assert {rules.read_ine(value).scheme for value in given} == {"provisional"}


def test_a_name_is_said_with_the_first_first_name_and_the_name_in_use() -> None:
    assert rules.display_name("Benali", "Roux", "Lina Marie") == "Lina Roux"
    assert rules.display_name("Nguyễn", "", "Thị Mai") == "Thị Nguyễn"
    assert rules.first_of("Inès, Pilar") == "Inès"


def test_a_number_on_a_screen_shows_its_ends_only() -> None:
    assert rules.masked_ine("070578267KH") == "0705 •••• 7KH"
