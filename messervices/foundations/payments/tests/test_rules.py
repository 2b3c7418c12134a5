"""When to ask, when to resume, when to begin anew: no database."""

from datetime import UTC, datetime, timedelta

import pytest

from messervices.foundations.payments import rules
from messervices.foundations.payments.rules import Move, Outcome
from messervices.foundations.payments.states import AttemptStatus

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_without_a_live_try_one_begins() -> None:
    assert rules.first_move(None, None, NOW) == Move.BEGIN


def test_a_young_try_is_resumed_without_asking() -> None:
    assert rules.first_move(AttemptStatus.BEGUN, NOW - 4 * MINUTE, NOW) == Move.RESUME


@pytest.mark.parametrize(
    ("status", "age"),
    [
        (AttemptStatus.BEGUN, 5 * MINUTE),
        (AttemptStatus.UNCONFIRMED, timedelta()),
        (AttemptStatus.UNCONFIRMED, 60 * MINUTE),
    ],
)
def test_an_older_try_or_one_that_came_back_is_asked_about(status: str, age: timedelta) -> None:
    assert rules.first_move(status, NOW - age, NOW) == Move.ASK


def test_a_doubtful_try_waits_for_an_agent() -> None:
    assert rules.first_move(AttemptStatus.DOUBTFUL, NOW - MINUTE, NOW) == Move.WAIT


@pytest.mark.parametrize(
    ("outcome", "age", "move"),
    [
        (Outcome.REFUSED, MINUTE, Move.BEGIN),
        (Outcome.ABANDONED, MINUTE, Move.BEGIN),
        (Outcome.UNFINISHED, MINUTE, Move.RESUME),
        (Outcome.NEVER_SEEN, rules.FORM_LIFE - MINUTE, Move.RESUME),
        (Outcome.NEVER_SEEN, rules.FORM_LIFE, Move.BEGIN),
        (Outcome.PAID, MINUTE, Move.WAIT),
        (Outcome.WAITING, MINUTE, Move.WAIT),
        (Outcome.UNCLEAR, MINUTE, Move.WAIT),
        (Outcome.GIVEN_BACK, MINUTE, Move.WAIT),
    ],
)
def test_a_new_try_begins_only_when_the_old_one_can_no_longer_be_paid(
    outcome: Outcome, age: timedelta, move: Move
) -> None:
    assert rules.move_after(outcome, NOW - age, NOW) == move


def test_the_bank_is_asked_ever_more_rarely() -> None:
    waits = [rules.next_question_at(asked, NOW) - NOW for asked in (0, 1, 2, 5, 6, 50)]
    assert waits == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 320 * MINUTE, 360 * MINUTE, 360 * MINUTE]


@pytest.mark.parametrize(
    ("cents", "currency", "expected"),
    [(10500, "EUR", True), (10499, "EUR", False), (10501, "EUR", False), (10500, "840", False), (0, "", False)],
)
def test_only_the_same_cents_in_euros_fit(cents: int, currency: str, expected: bool) -> None:
    assert rules.fits(amount_cents=10500, currency="EUR", said_cents=cents, said_currency=currency) is expected
