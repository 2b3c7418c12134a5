"""The law of the treasury, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messervices.foundations.treasury import rules
from messervices.foundations.treasury.rules import Movement, Stake

MONDAY, FRIDAY = date(2026, 8, 24), date(2026, 8, 28)
CENTS = st.integers(-10_000_000, 10_000_000)


@pytest.mark.parametrize(
    ("cents", "rate", "fixed", "fee"),
    [
        (105_00, 350, 0, 37),
        (100_00, 350, 0, 35),
        (91_00, 350, 5, 37),
        (1, 350, 0, 0),
        (-105_00, 350, 5, 5),
        (0, 350, 0, 0),
    ],
)
def test_a_fee_is_rounded_once_half_up(cents: int, rate: int, fixed: int, fee: int) -> None:
    assert rules.fee_expected(cents, rate, fixed) == fee


@pytest.mark.parametrize(
    ("day", "days", "until"),
    [
        (MONDAY, 0, MONDAY), (MONDAY, 1, date(2026, 8, 25)), (FRIDAY, 1, date(2026, 8, 31)),
        (FRIDAY, 3, date(2026, 9, 2)), (date(2026, 8, 29), 1, date(2026, 8, 31)),
    ],
)  # fmt: skip
def test_a_credit_is_in_time_for_some_days_of_a_bank(day: date, days: int, until: date) -> None:
    assert rules.credit_until(day, days) == until


@given(day=st.dates(date(2020, 1, 1), date(2030, 1, 1)), days=st.integers(0, 10))
def test_the_last_late_day_is_late_and_the_next_is_not(day: date, days: int) -> None:
    last = rules.last_late(day, days)
    assert rules.credit_until(last, days) < day <= rules.credit_until(last + timedelta(days=1), days)


@given(captured=CENTS, line=CENTS, entry=CENTS, credit=CENTS)
def test_explaining_by_hand_clears_each_account_by_what_waits_in_it(
    captured: int, line: int, entry: int, credit: int
) -> None:
    moved: dict[str, int] = {}
    for one in rules.adjusting(Stake(captured, line, entry, credit), "lyra", "versailles"):
        assert isinstance(one, Movement)
        assert one.amount_cents > 0
        moved[one.credit] = moved.get(one.credit, 0) + one.amount_cents
        moved[one.debit] = moved.get(one.debit, 0) - one.amount_cents
    assert moved.get("psp:lyra:receivable", 0) == captured
    assert moved.get("settlement:lyra:versailles", 0) == credit - line
    assert moved.get("bank:suspense:versailles", 0) == -entry
    assert sum(moved.values()) == 0


def test_a_second_person_is_needed_from_the_limit_on() -> None:
    assert not rules.needs_second(999_99, 1_000_00)
    assert rules.needs_second(1_000_00, 1_000_00)
    assert rules.needs_second(-1_000_00, 1_000_00)


@pytest.mark.parametrize("text", ["=1+1", "+33", "-5", "@SUM(A1)", "\t=1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert rules.cell(text) == f"'{text}"
    assert rules.cell("REMISE CB") == "REMISE CB"
