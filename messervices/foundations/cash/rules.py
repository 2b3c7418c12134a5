"""References with a key, the bar code, and working days. Pure: facts in, an answer out."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from messervices.kernel.money import Cents

REFERENCE_DIGITS = 20
BODY_DIGITS = 18
CREDITOR_DIGITS = 6
AMOUNT_DIGITS = 8
_MODULUS = 97

WORKING_DAYS = 2
"""A certificate is there within that many working days of the payment (the network's own promise)."""

_SATURDAY = 5
_NOON = time(12)
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BANK_REF_SIGNS = 6


def reference_of(body: str) -> str:
    """Give the 20 digits of a reference: 18 of body and two of key (ISO 7064, MOD 97-10, as in an IBAN)."""
    return f"{body}{98 - int(body) * 100 % _MODULUS:02d}"


def is_reference(text: str) -> bool:
    """Tell whether these are 20 digits whose key is right. One wrong digit, or two exchanged, are always seen."""
    return len(text) == REFERENCE_DIGITS and text.isascii() and text.isdecimal() and int(text) % _MODULUS == 1


def grouped(reference: str) -> str:
    """Write a reference as people read it aloud: groups of four digits."""
    return " ".join(reference[i : i + 4] for i in range(0, len(reference), 4))


def barcode_text(creditor: str, reference: str, amount_cents: int) -> str:
    """Give the 34 digits of the bar code: creditor (6), reference (20), amount in cents (8), without the postal fee.

    Raises ``ValueError`` when something does not fit: a counter must never scan a truncated amount.
    """
    text = f"{creditor}{reference}{amount_cents:0{AMOUNT_DIGITS}d}"
    if len(text) != CREDITOR_DIGITS + REFERENCE_DIGITS + AMOUNT_DIGITS or not text.isdecimal():
        msg = "creditor, reference or amount of a wrong length"
        raise ValueError(msg)
    return text


def bank_ref(serial: int) -> str:
    """Write a serial number in six signs (base 36): two billion notices before one is used again."""
    signs = ""
    for _turn in range(BANK_REF_SIGNS):
        serial, rest = divmod(serial, 36)
        signs = _BASE36[rest] + signs
    return signs


def valid_until(now: datetime, *, days: int, closes_at: datetime | None) -> datetime:
    """Say until when a notice can be paid: ``days`` from now, and never after its campaign has closed."""
    until = now + timedelta(days=days)
    return min(until, closes_at) if closes_at else until


def total(amount_cents: int, fee_cents: int) -> Cents:
    """Give what the person hands over at the counter: what we are paid, and what La Poste keeps."""
    return Cents(amount_cents + fee_cents)


@cache
def _feasts(zone: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", subdiv=zone or None, years=year))


def is_working_day(day: date, zone: str) -> bool:
    """Tell whether offices are open: no Saturday, no Sunday, no public holiday of the zone.

    ``zone`` is "" for most of France, else one of ``holidays``: 6AE Alsace, 57 Moselle, 971 to 976 overseas.
    """
    return day.weekday() < _SATURDAY and day not in _feasts(zone, day.year)


@cache
def working_days_after(day: date, count: int, zone: str) -> date:
    """Give the ``count``-th working day after a day, which is itself not counted."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, zone)
    return day


def due_on(paid_on: date, zone: str) -> date:
    """Say on which day at the latest the certificate of a payment made that day must be there."""
    return working_days_after(paid_on, WORKING_DAYS, zone)


def instant_of(day: date, timezone: str) -> datetime:
    """Give an instant that lies in that day wherever in France one looks: noon where the file was made.

    The post office tells a day, and no hour.
    """
    return datetime.combine(day, _NOON, ZoneInfo(timezone))
