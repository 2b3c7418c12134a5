"""What fits, what is expected, what moves in the books. Pure: amounts are signed euro cents, days are calendar days."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

TENTHS_OF_BASIS_POINT = 100_000
_SATURDAY = 5


def fee_expected(amount_cents: int, rate: int, fixed_cents: int) -> int:
    """Give what a payment should cost: ``rate`` in thousandths of a per cent (350: 0.350 %), and a fixed part.

    Rounded half up, once, to the cent. A refund or a charge-back costs the fixed part alone.
    """
    if amount_cents <= 0:
        return fixed_cents
    share = Fraction(amount_cents * rate, TENTHS_OF_BASIS_POINT)
    return (2 * share.numerator + share.denominator) // (2 * share.denominator) + fixed_cents


def credit_until(day: date, within_days: int) -> date:
    """Give the last day on which a credit expected on ``day`` is in time: ``within_days`` of a bank after it."""
    last = day
    for _turn in range(within_days):
        last += timedelta(days=1)
        while last.weekday() >= _SATURDAY:
            last += timedelta(days=1)
    return last


def last_late(today: date, within_days: int) -> date:
    """Give the last day on which what was expected within so many days of a bank is late ``today``."""
    day = today
    while credit_until(day, within_days) >= today:
        day -= timedelta(days=1)
    return day


def needs_second(amount_cents: int, limit_cents: int) -> bool:
    """Tell whether a second person must confirm: from the limit on."""
    return abs(amount_cents) >= limit_cents


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer to be posted: what for (a word of its key), from where to where, how much (positive)."""

    word: str
    debit: str
    credit: str
    amount_cents: int


def movement(word: str, debit: str, credit: str, cents: int) -> Movement | None:
    """Make a transfer of a signed amount: a negative one goes the other way, and nothing moves nothing."""
    if cents == 0:
        return None
    return Movement(word, debit, credit, cents) if cents > 0 else Movement(word, credit, debit, -cents)


def bank(crous: str) -> str:
    """The ledger account of a Crous's money at its bank."""
    return f"bank:{crous}"


def suspense(crous: str) -> str:
    """Entries of the bank that nothing explains yet."""
    return f"bank:suspense:{crous}"


def settlement(rail: str, crous: str) -> str:
    """What a rail announced, and that the bank has not credited yet."""
    return f"settlement:{rail}:{crous}"


def fees(rail: str, crous: str) -> str:
    """What a rail kept for itself."""
    return f"fees:{rail}:{crous}"


def receivable(rail: str) -> str:
    """What a rail took and has not announced yet."""
    return f"psp:{rail}:receivable"


def adjustments(crous: str) -> str:
    """What was explained by hand; every cent of it stands on a mismatch with its reason."""
    return f"treasury:adjustments:{crous}"


@dataclass(frozen=True, slots=True)
class Stake:
    """What a mismatch puts at stake, by the account in which it waits; signed cents, 0 when it does not wait there.

    ``captured``: money of ours that no settlement has (negative for money that we gave back); ``line``: what a
    settlement says beside the books; ``entry``: what the bank says beside the books; ``credit``: what a settlement
    announced and the bank did not credit.
    """

    captured_cents: int = 0
    line_cents: int = 0
    entry_cents: int = 0
    credit_cents: int = 0


def adjusting(stake: Stake, rail: str, crous: str) -> list[Movement]:
    """Give what explaining a mismatch by hand moves: each account it waits in is brought to where it should be.

    Money that waits goes through the adjustments of the Crous; undone by its mirror if the missing piece comes after.
    """
    other = adjustments(crous)
    wanted = [
        movement("captured", other, receivable(rail), stake.captured_cents),
        movement("line", settlement(rail, crous), other, stake.line_cents),
        movement("entry", suspense(crous), other, stake.entry_cents),
        movement("credit", other, settlement(rail, crous), stake.credit_cents),
    ]
    return [one for one in wanted if one is not None]


def cell(text: str) -> str:
    """Make a text harmless in a spreadsheet: one that a spreadsheet would take for a formula begins with a quote."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
