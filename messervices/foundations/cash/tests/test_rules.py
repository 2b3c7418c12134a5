"""References, the bar code, working days. Without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from messervices.foundations.cash import rules

BODIES = st.integers(0, 10**18 - 1).map(lambda number: f"{number:018d}")
ALSACE, MOSELLE, GUADELOUPE, MARTINIQUE, GUYANE, REUNION, MAYOTTE = "6AE", "57", "971", "972", "973", "974", "976"


@given(BODIES)
def test_the_key_of_a_reference_is_that_of_the_standard(body: str) -> None:
    reference = rules.reference_of(body)
    assert len(reference) == 20
    assert rules.is_reference(reference)
    assert mod_97_10.is_valid(reference)
    assert reference == body + mod_97_10.calc_check_digits(body)


@given(BODIES, st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(body: str, place: int, step: int) -> None:
    reference = rules.reference_of(body)
    wrong = str((int(reference[place]) + step) % 10)
    assert not rules.is_reference(reference[:place] + wrong + reference[place + 1 :])


@given(BODIES, st.integers(0, 18))
def test_two_digits_exchanged_are_always_seen(body: str, place: int) -> None:
    reference = rules.reference_of(body)
    turned = reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
    assert turned == reference or not rules.is_reference(turned)


@pytest.mark.parametrize("text", ["", "1", "1" * 19, "²" * 20, "1" * 18 + "é2", "1234567890123456789x"])
def test_what_is_not_twenty_digits_is_no_reference(text: str) -> None:
    assert not rules.is_reference(text)


def test_a_reference_is_read_aloud_by_four() -> None:
    assert rules.grouped("12345678901234567890") == "1234 5678 9012 3456 7890"


def test_the_bar_code_holds_creditor_reference_and_amount_without_the_fee() -> None:
    reference = rules.reference_of("123456789012345678")
    assert rules.barcode_text("075019", reference, 105_00) == f"075019{reference}00010500"


@pytest.mark.parametrize(
    ("creditor", "amount"), [("75019", 105_00), ("0750190", 105_00), ("075019", 10**8), ("07501é", 105_00)]
)
def test_what_does_not_fit_a_bar_code_is_refused_and_never_cut(creditor: str, amount: int) -> None:
    with pytest.raises(ValueError, match="wrong length"):
        rules.barcode_text(creditor, rules.reference_of("1" * 18), amount)


def test_two_billion_notices_have_each_their_six_signs() -> None:
    assert rules.bank_ref(0) == "000000"
    assert rules.bank_ref(35) == "00000z"
    assert rules.bank_ref(36**6 - 1) == "zzzzzz"
    assert len({rules.bank_ref(serial) for serial in range(5000)}) == 5000


def test_a_notice_lasts_its_days_and_never_longer_than_its_campaign() -> None:
    now = datetime(2026, 8, 28, 12, tzinfo=UTC)
    assert rules.valid_until(now, days=30, closes_at=None) == now + timedelta(days=30)
    closes = now + timedelta(days=3)
    assert rules.valid_until(now, days=30, closes_at=closes) == closes


@pytest.mark.parametrize(
    ("paid_on", "zone", "due"),
    [
        # an ordinary week
        (date(2026, 9, 7), "", date(2026, 9, 9)),
        (date(2026, 9, 10), "", date(2026, 9, 14)),  # Thursday: Friday, Monday
        (date(2026, 9, 11), "", date(2026, 9, 15)),  # Friday: Monday, Tuesday
        (date(2026, 9, 12), "", date(2026, 9, 15)),  # Saturday: Monday, Tuesday
        (date(2026, 9, 13), "", date(2026, 9, 15)),  # Sunday too
        # 14 July 2026 is a Tuesday
        (date(2026, 7, 13), "", date(2026, 7, 16)),
        (date(2026, 7, 10), "", date(2026, 7, 15)),
        # Assumption on a Saturday moves nothing
        (date(2026, 8, 13), "", date(2026, 8, 17)),
        # Easter Monday 6 April 2026, for all; Good Friday 3 April in Alsace and Moselle only
        (date(2026, 4, 2), "", date(2026, 4, 7)),
        (date(2026, 4, 2), ALSACE, date(2026, 4, 8)),
        (date(2026, 4, 2), MOSELLE, date(2026, 4, 8)),
        # Christmas 2025, a Thursday; 26 December in Alsace and Moselle
        (date(2025, 12, 24), "", date(2025, 12, 29)),
        (date(2025, 12, 24), ALSACE, date(2025, 12, 30)),
        # over New Year
        (date(2026, 12, 31), "", date(2027, 1, 5)),
        # the abolition of slavery: 27 April, 22 May, 27 May, 10 June, 20 December
        (date(2027, 12, 17), "", date(2027, 12, 21)),
        (date(2027, 12, 17), REUNION, date(2027, 12, 22)),  # 20 December 2027 is a Monday
        (date(2026, 12, 18), REUNION, date(2026, 12, 22)),  # in 2026 it is a Sunday
        (date(2026, 5, 26), "", date(2026, 5, 28)),
        (date(2026, 5, 26), GUADELOUPE, date(2026, 5, 29)),
        (date(2026, 5, 21), MARTINIQUE, date(2026, 5, 27)),  # 22 May, a week-end, Pentecost Monday
        (date(2026, 6, 9), GUYANE, date(2026, 6, 12)),
        (date(2026, 4, 24), MAYOTTE, date(2026, 4, 29)),
        # Ascension, a Thursday, then the bridge is a working day
        (date(2026, 5, 13), "", date(2026, 5, 18)),
    ],
)
def test_two_working_days_after_a_payment(paid_on: date, zone: str, due: date) -> None:
    assert rules.due_on(paid_on, zone) == due


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(["", ALSACE, REUNION, GUADELOUPE]))
def test_a_due_day_is_worked_and_at_most_ten_days_away(paid_on: date, zone: str) -> None:
    due = rules.due_on(paid_on, zone)
    assert rules.is_working_day(due, zone)
    assert timedelta(days=2) <= due - paid_on <= timedelta(days=10)
    worked = sum(rules.is_working_day(paid_on + timedelta(days=n), zone) for n in range(1, (due - paid_on).days + 1))
    assert worked == rules.WORKING_DAYS


def test_the_counter_takes_the_amount_and_the_fee_together() -> None:
    assert rules.total(105_00, 5_00) == 110_00


@pytest.mark.parametrize("zone", ["America/Guadeloupe", "Indian/Reunion", "Pacific/Tahiti", "Europe/Paris"])
@pytest.mark.parametrize("day", [date(2026, 8, 28), date(2026, 12, 31), date(2027, 3, 28)])
def test_the_instant_of_a_day_is_in_that_day_wherever_one_looks(day: date, zone: str) -> None:
    assert rules.instant_of(day, "Europe/Paris").astimezone(ZoneInfo(zone)).date() == day
