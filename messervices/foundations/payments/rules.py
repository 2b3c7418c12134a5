"""When to ask the bank, when to send the same form again, when to begin anew. Pure: facts in, a move out."""

from datetime import datetime, timedelta
from enum import StrEnum

RESUME_WITHIN = timedelta(minutes=5)
"""A young attempt is resumed without asking: the same form is sent again, and the bank knows it by its number."""

FORM_LIFE = timedelta(hours=24, minutes=10)
"""The bank takes a form for a day after its date; past this, one that it never saw cannot be paid any more."""

FIRST_QUESTION = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
QUESTION_EVERY = timedelta(seconds=15)
"""A waiting student's page may have the bank asked this often, not more."""

LEASE = timedelta(minutes=5)
"""How long one worker has the bank to itself for one refund; after that it was killed, and another may ask."""


class Outcome(StrEnum):
    """What a bank says of an attempt, in words common to all rails."""

    PAID = "paid"
    WAITING = "waiting"  # authorisation under way at the bank
    REFUSED = "refused"
    ABANDONED = "abandoned"
    UNFINISHED = "unfinished"  # the person is still on the bank's page
    NEVER_SEEN = "never_seen"  # the bank does not know this attempt, or not yet
    GIVEN_BACK = "given_back"  # money left for the cardholder
    UNCLEAR = "unclear"  # a word that we do not know: an agent looks


END_STEPS = {Outcome.REFUSED: "refuse", Outcome.ABANDONED: "abandon"}
"""Which step of an attempt's workflow an outcome without money is."""

DECISIVE = frozenset({Outcome.PAID, Outcome.REFUSED, Outcome.ABANDONED, Outcome.UNCLEAR})
"""Answers that change something; the others only say to ask again."""

STILL_OPEN = frozenset({Outcome.UNFINISHED, Outcome.NEVER_SEEN})
"""Answers that mean: nothing was taken yet, and the same form can be sent again."""


class Move(StrEnum):
    """What to do when a student wants to pay."""

    BEGIN = "begin"
    RESUME = "resume"
    ASK = "ask"
    WAIT = "wait"


def first_move(status: str | None, begun_at: datetime | None, now: datetime) -> Move:
    """Say what to do with the live attempt, before anything is asked. ``None``: there is none."""
    if status is None or begun_at is None:
        return Move.BEGIN
    if status == "doubtful":
        return Move.WAIT
    if status == "begun" and now - begun_at < RESUME_WITHIN:
        return Move.RESUME
    return Move.ASK


def move_after(outcome: Outcome, begun_at: datetime, now: datetime) -> Move:
    """Say what to do once the bank has answered. A new attempt begins only when the old one can no longer be paid."""
    if outcome in {Outcome.REFUSED, Outcome.ABANDONED}:
        return Move.BEGIN
    if outcome == Outcome.UNFINISHED:
        return Move.RESUME
    if outcome == Outcome.NEVER_SEEN:
        return Move.BEGIN if is_form_dead(begun_at, now) else Move.RESUME
    return Move.WAIT


def is_form_dead(begun_at: datetime, now: datetime) -> bool:
    """Tell whether the bank would refuse the form of this attempt by now."""
    return now - begun_at >= FORM_LIFE


def next_question_at(asked: int, now: datetime) -> datetime:
    """Say when to ask the bank again, ``asked`` times already: 10, 20, 40 minutes … six hours at most."""
    return now + min(FIRST_QUESTION * (1 << min(asked, 10)), LONGEST_WAIT)


def fits(*, amount_cents: int, currency: str, said_cents: int, said_currency: str) -> bool:
    """Tell whether the bank took what the order asks: the same cents, in euros."""
    return said_cents == amount_cents and said_currency == currency == "EUR"
