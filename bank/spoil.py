"""What a bank may get wrong, on purpose: each of twelve kinds, at a place drawn by chance from a clean day.

A day is what the platform should receive: the settlements of a card platform, the bookings of the bank's statements.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from bank.letters import CREDIT, RETURN, Booking, Deal, Part, Remittance


@dataclass(frozen=True, slots=True)
class Books:
    """What the bank and the card platform are about to send."""

    remittances: tuple[Remittance, ...]
    bookings: tuple[Booking, ...]
    gap_cents: int = 0


def _some(books: Books, draw: Random) -> tuple[int, int]:
    """Draw a payment: the place of its settlement, its own place."""
    places = [
        (i, j) for i, one in enumerate(books.remittances) for j, part in enumerate(one.parts) if part.kind == "payment"
    ]
    return draw.choice(places)


def _with_parts(books: Books, place: int, parts: tuple[Part, ...]) -> Books:
    """Change the transactions of a settlement, and its credit with it: the bank credits what is announced."""
    before = books.remittances[place]
    after = replace(before, parts=parts)
    bookings = tuple(_credit_of(one, before, after) for one in books.bookings)
    remittances = (*books.remittances[:place], after, *books.remittances[place + 1 :])
    return replace(books, remittances=remittances, bookings=bookings)


def _credit_of(one: Booking, before: Remittance, after: Remittance) -> Booking:
    if not is_credit_of(one, before):
        return one
    deals = tuple(replace(deal, cents=after.net) for deal in one.deals)
    return replace(one, cents=after.net, deals=deals)


def is_credit_of(booking: Booking, remittance: Remittance) -> bool:
    """Tell whether a booking is the credit of a settlement."""
    return any(deal.end_to_end == remittance.reference for deal in booking.deals)


def _change(books: Books, draw: Random, how: Callable[[Part], tuple[Part, ...]]) -> Books:
    """Replace one payment of one settlement by others."""
    i, j = _some(books, draw)
    parts = books.remittances[i].parts
    return _with_parts(books, i, (*parts[:j], *how(parts[j]), *parts[j + 1 :]))


def _missing_at_bank(books: Books, draw: Random) -> Books:
    return _change(books, draw, lambda _part: ())


def _missing_here(books: Books, draw: Random) -> Books:
    other = f"f{draw.getrandbits(120):031x}"
    return _change(books, draw, lambda part: (part, replace(part, tx_id=other, attempt="")))


def _doubled(books: Books, draw: Random) -> Books:
    if draw.random() < 0.5:  # noqa: PLR2004 - one time in two it is the credit
        return _change(books, draw, lambda part: (part, part))
    one = draw.choice([b for b in books.bookings if any(is_credit_of(b, r) for r in books.remittances)])
    return replace(books, bookings=(*books.bookings, replace(one, ref=f"{one.ref}X")))


def _other_amount(books: Books, draw: Random) -> Books:
    cents = draw.choice([-10, -1, 1, 10])
    if draw.random() < 0.5:  # noqa: PLR2004 - as above
        return _change(books, draw, lambda part: (replace(part, cents=part.cents + cents),))
    place = draw.choice([i for i, b in enumerate(books.bookings) if any(is_credit_of(b, r) for r in books.remittances)])
    one = books.bookings[place]
    other = replace(one, cents=one.cents + cents, deals=tuple(replace(d, cents=d.cents + cents) for d in one.deals))
    return replace(books, bookings=(*books.bookings[:place], other, *books.bookings[place + 1 :]))


def _other_day(books: Books, draw: Random) -> Books:
    days = timedelta(days=draw.randint(8, 20))
    if draw.random() < 0.5:  # noqa: PLR2004 - as above
        return _change(books, draw, lambda part: (replace(part, day=part.day - days),))
    place = draw.choice([i for i, b in enumerate(books.bookings) if any(is_credit_of(b, r) for r in books.remittances)])
    one = books.bookings[place]
    late = replace(one, booked=one.booked + days, value=None)
    return replace(books, bookings=(*books.bookings[:place], late, *books.bookings[place + 1 :]))


def _other_currency(books: Books, draw: Random) -> Books:
    currency = draw.choice(["USD", "CHF", "GBP", "XPF"])
    return _change(books, draw, lambda part: (replace(part, currency=currency),))


def _charge_back(books: Books, draw: Random) -> Books:
    return _change(
        books, draw, lambda part: (part, replace(part, kind="charge_back", cents=-part.cents, fee=0))
    )  # fmt: skip


def _unknown_reference(books: Books, draw: Random) -> Books:
    cents = draw.choice([-1, 1]) * draw.randint(100, 90_000)
    name = f"VRT{draw.getrandbits(40):010X}"
    one = draw.choice(books.bookings)
    extra = Booking(cents, one.booked, f"U{name}", CREDIT, deals=(Deal(cents, end_to_end=name, text="VIREMENT"),))
    return replace(books, bookings=(*books.bookings, extra))


def _fee_unexpected(books: Books, draw: Random) -> Books:
    more = draw.randint(1, 50)
    return _change(books, draw, lambda part: (replace(part, fee=part.fee + more),))


def _return_unknown(books: Books, draw: Random) -> Books:
    cents, name = draw.randint(100, 90_000), f"PAY{draw.getrandbits(40):010X}-1"
    reason = draw.choice(["AC04", "AC01", "MD07", "MS03"])
    one = draw.choice(books.bookings)
    deals = (Deal(cents, end_to_end=name, reason=reason),)
    return replace(books, bookings=(*books.bookings, Booking(cents, one.booked, f"T{name}", RETURN, deals=deals)))


def _not_credited(books: Books, draw: Random) -> Books:
    place = draw.choice([i for i, b in enumerate(books.bookings) if any(is_credit_of(b, r) for r in books.remittances)])
    return replace(books, bookings=(*books.bookings[:place], *books.bookings[place + 1 :]))


def _chain_broken(books: Books, draw: Random) -> Books:
    return replace(books, gap_cents=draw.choice([-1, 1]) * draw.randint(1, 100_000))


KINDS: dict[str, Callable[[Books, Random], Books]] = {
    "missing_at_bank": _missing_at_bank,
    "missing_here": _missing_here,
    "doubled": _doubled,
    "other_amount": _other_amount,
    "other_day": _other_day,
    "other_currency": _other_currency,
    "charge_back": _charge_back,
    "unknown_reference": _unknown_reference,
    "fee_unexpected": _fee_unexpected,
    "return_unknown": _return_unknown,
    "not_credited": _not_credited,
    "chain_broken": _chain_broken,
}


def spoil(kind: str, books: Books, draw: Random) -> Books:
    """Get one thing wrong. Raises ``KeyError`` for a kind that is none."""
    return KINDS[kind](books, draw)
