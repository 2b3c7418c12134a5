"""When to ask the bank, when to send the same form again, when to begin anew; a payer's link, its secret and its state.

Pure: facts in, a move out.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

RESUME_WITHIN = timedelta(minutes=5)
"""A young attempt is resumed without asking: the same form is sent again, and the bank knows it by its number."""

FORM_LIFE = timedelta(hours=24, minutes=10)
"""The bank takes a form for a day after its date; past this, one that it never saw cannot be paid any more."""

FIRST_QUESTION = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
QUESTION_EVERY = timedelta(seconds=15)
"""A waiting student's page may have the bank asked this often, not more."""

RETRY_WITHIN = timedelta(hours=1)
"""A beginning whose outcome is unknown is asked for again under the same key this long; then another begins."""

LEASE = timedelta(minutes=5)
"""How long one worker has the bank to itself for one refund; after that it was killed, and another may ask."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bank does, beside the words it says: the same questions of every rail have other answers.

    ``calls``: beginning asks the bank (else the form is made here). ``door``: how long the same address or form can be
    opened again. ``free``: after which another attempt may begin while this one is still asked about. ``life``: after
    which an attempt that the bank does not know was never paid. ``gives_back``: it can be asked to give money back.
    ``least_cents``, ``most_cents``: the amounts that it takes.
    """

    calls: bool = False
    door: timedelta = FORM_LIFE
    free: timedelta = FORM_LIFE
    life: timedelta = FORM_LIFE
    gives_back: bool = True
    least_cents: int = 1
    most_cents: int | None = None


LYRA_TERMS = Terms()


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


def move_after(outcome: Outcome, begun_at: datetime, now: datetime, terms: Terms = LYRA_TERMS) -> Move:
    """Say what to do once the bank has answered. A new attempt begins only when the old one can no longer be begun."""
    if outcome in {Outcome.REFUSED, Outcome.ABANDONED}:
        return Move.BEGIN
    if outcome == Outcome.UNFINISHED:
        return Move.RESUME
    if outcome == Outcome.NEVER_SEEN:
        age = now - begun_at
        return Move.RESUME if age < terms.door else Move.WAIT if age < terms.free else Move.BEGIN
    return Move.WAIT


def is_form_dead(begun_at: datetime, now: datetime, terms: Terms = LYRA_TERMS) -> bool:
    """Tell whether an attempt that the bank does not know can no longer be paid."""
    return now - begun_at >= terms.life


def takes(terms: Terms, amount_cents: int) -> bool:
    """Tell whether a bank takes an amount."""
    return terms.least_cents <= amount_cents <= (amount_cents if terms.most_cents is None else terms.most_cents)


def next_question_at(asked: int, now: datetime) -> datetime:
    """Say when to ask the bank again, ``asked`` times already: 10, 20, 40 minutes … six hours at most."""
    return now + min(FIRST_QUESTION * (1 << min(asked, 10)), LONGEST_WAIT)


def fits(*, amount_cents: int, currency: str, said_cents: int, said_currency: str) -> bool:
    """Tell whether the bank took what the order asks: the same cents, in euros."""
    return said_cents == amount_cents and said_currency == currency == "EUR"


# The payer's link ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[a-z2-7]{26}")
_AROUND = " \t\r\n.,;:!?()<>[]{}'\"«»’”/"
"""What a mail program or a hurried hand leaves around an address."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something lasts, from a day on."""

    kind: str
    since: date
    lasts: timedelta


def delay_in_force(delays: Iterable[Delay], kind: str, on: date) -> timedelta:
    """Give how long something lasts if it begins on a day. Raises ``LookupError`` when nothing says so."""
    known = [one for one in delays if one.kind == kind and one.since <= on]
    if not known:
        msg = f"no delay {kind!r} on {on}"
        raise LookupError(msg)
    return max(known, key=lambda one: one.since).lasts


def link_token(link: str, secret: str) -> str:
    """Give the secret of a link, from its ``uuid``: 128 bits in 26 signs that only who has our key can make.

    So that the student's page can show the address again, while the database keeps its hash alone.
    """
    digest = hmac.new(secret.encode(), f"payments.payer_link:{link}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def read_token(typed: str) -> str:
    """Read a link's secret as it came with an address, ``""`` when it can be none: cut short, or invented."""
    bare = typed.strip(_AROUND).lower()
    return bare if _TOKEN.fullmatch(bare) else ""


def secret_hash(secret: str) -> str:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class PayerState(StrEnum):
    """What the holder of a link is shown."""

    ASKED = "asked"  # may pay or refuse
    AGAIN = "again"  # the same, after a try without money
    BUSY = "busy"  # somebody else is paying: wait
    BEGUN = "begun"  # oneself is at the bank
    UNCONFIRMED = "unconfirmed"  # one came back: the bank has not decided
    DOUBTFUL = "doubtful"  # an agent looks
    PAID = "paid"  # one has paid
    GIVEN_BACK = "given_back"  # one paid too late: the money goes back
    OVER = "over"  # nothing here, and nothing is said of why


_LIVE_TRIES = frozenset({"begun", "unconfirmed", "doubtful"})


def payer_state(status: str, tried: str, *, is_late: bool, is_theirs: bool, has_surplus: bool) -> PayerState:
    """Say what a link's holder sees.

    ``tried`` is the status of its last try, "" without one; ``is_late``: its end has passed; ``is_theirs``: this
    browser began that try; ``has_surplus``: money came by it that goes back. Who did not pay learns nothing of a link
    that is over, however it ended.
    """
    if status == "paid":
        return PayerState.PAID if is_theirs else PayerState.OVER
    if status not in {"open", "accepted"}:
        return PayerState.GIVEN_BACK if is_theirs and has_surplus else PayerState.OVER
    if tried in _LIVE_TRIES:  # begun in time: it may end well after the end
        return PayerState(tried) if is_theirs else PayerState.BUSY
    if tried == "captured":  # it was paid between the two reads: the next look says so, and nobody is asked to pay
        return PayerState.UNCONFIRMED if is_theirs else PayerState.BUSY
    if is_late:
        return PayerState.OVER
    return PayerState.AGAIN if tried else PayerState.ASKED
