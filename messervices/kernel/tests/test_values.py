"""Money, years, periods, names: values that must not lie."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.money import euros
from messervices.kernel.period import Period
from messervices.kernel.text import first_letters, search_key

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (105_00, "105,00\u00a0€", "€105.00"),
        (0, "0,00\u00a0€", "€0.00"),
        (-3_30, "−3,30\u00a0€", "−€3.30"),
        (149_974_704_00, "149\u202f974\u202f704,00\u00a0€", "€149,974,704.00"),
    ],
)
def test_an_amount_is_said_in_the_words_of_the_page(cents: int, french: str, english: str) -> None:
    assert (euros(cents, "fr"), euros(cents, "en")) == (french, english)


def test_a_year_prints_both_its_halves_and_reads_them_back() -> None:
    year = AcademicYear(2026)
    assert str(year) == "2026-2027"
    assert AcademicYear.of_label("2026-2027") == year
    assert (year.previous, year.next) == (AcademicYear(2025), AcademicYear(2027))
    assert AcademicYear(2025) < year


@pytest.mark.parametrize("label", ["2026-2028", "2026", "26-27", "2026/2027", ""])
def test_what_is_not_a_year_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="academic year"):
        AcademicYear.of_label(label)


def test_a_year_is_stored_as_the_year_it_begins() -> None:
    field = AcademicYearField()
    assert field.get_prep_value("2026-2027") == 2026
    assert field.to_python("2026") == AcademicYear(2026)
    assert field.from_db_value(2026, None, None) == AcademicYear(2026)
    assert field.from_db_value(None, None, None) is None


def test_the_end_of_a_period_belongs_to_what_comes_after() -> None:
    day = Period(NOON, NOON + timedelta(days=1))
    assert NOON in day
    assert NOON + timedelta(days=1) not in day
    assert day.is_over(NOON + timedelta(days=1))
    assert day.is_before(NOON - timedelta(seconds=1))
    assert NOON in Period(None, None)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Éléonore d’Arc", "eleonore d arc"),
        ("SAINT-MALO", "saint malo"),
        ("Œuvre", "oeuvre"),
        ("Nguyễn Thị", "nguyen thi"),
        ("Straße", "strasse"),
        ("Ødegård", "odegard"),
        ("  L'Haÿ-les-Roses ", "l hay les roses"),
        ("李 明", "李 明"),
    ],
)
def test_a_name_is_found_without_its_accents(name: str, key: str) -> None:
    assert search_key(name) == key


@pytest.mark.parametrize(
    ("name", "letters"), [("d’Almeida", "DALME"), ("Li", "LI"), ("Ó Néill", "ONEIL"), ("Benali-Roux", "BENAL")]
)
def test_five_letters_are_typed_in_capitals(name: str, letters: str) -> None:
    assert first_letters(name, 5) == letters


@given(st.text(max_size=300))
def test_any_text_has_a_key_that_is_its_own_key(text: str) -> None:
    key = search_key(text)
    assert search_key(key) == key
