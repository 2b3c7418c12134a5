"""Sums, dates and numbers in words of the page: French or English, in the zone of the reader."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import get_language

from messervices.kernel import money

_MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_WEEKDAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_NBSP = "\u00a0"


def _language() -> str:
    """``fr`` or ``en``: the two languages that dates and sums are written in."""
    return "en" if (get_language() or "fr").startswith("en") else "fr"


def euros(cents: int | None) -> str:
    """``10500`` → ``105,00 €``; nothing for nothing."""
    return "" if cents is None else money.euros(cents, _language())


def _local(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    """An instant in the zone of this request; a day as it is."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _read(value: dt.date | dt.datetime | str | None) -> dt.date | dt.datetime | None:
    """Accept what a JSON answer of the database holds as well: an ISO text."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value) if "T" in value or " " in value else dt.date.fromisoformat(value)
    return _local(value) if value else None


def day(value: dt.date | dt.datetime | str | None) -> str:
    """``14 mars 2008``, ``1er mars 2027``; in English ``14 March 2008``. Nothing for nothing."""
    here = _read(value)
    if here is None:
        return ""
    language = _language()
    number = "1er" if here.day == 1 and language == "fr" else str(here.day)
    return f"{number}{_NBSP}{_MONTHS[language][here.month - 1]} {here.year}"


def weekday(value: dt.date | dt.datetime | str | None) -> str:
    """``vendredi 28 août 2026`` or ``Friday 28 August 2026``."""
    here = _read(value)
    return "" if here is None else f"{_WEEKDAYS[_language()][here.weekday()]} {day(here)}"


def hour(value: dt.datetime | str | None) -> str:
    """``14 h 02``, or ``14:02`` in English."""
    here = _read(value)
    if not isinstance(here, dt.datetime):
        return ""
    if _language() == "fr":
        return f"{here.hour}{_NBSP}h{_NBSP}{here.minute:02d}"
    return f"{here.hour:02d}:{here.minute:02d}"


def moment(value: dt.datetime | str | None) -> str:
    """``28 août 2026 à 14 h 02``, or ``28 August 2026 at 14:02``."""
    here = _read(value)
    if here is None:
        return ""
    return f"{day(here)} {'à' if _language() == 'fr' else 'at'} {hour(here)}" if hour(here) else day(here)


def iso(value: dt.date | dt.datetime | str | None) -> str:
    """The machine's form of a date, for ``<time datetime>``."""
    here = _read(value)
    return (
        ""
        if here is None
        else here.isoformat(timespec="minutes")
        if isinstance(here, dt.datetime)
        else here.isoformat()
    )


_CERTIFICATE = 12


def spaced(number: str | None) -> str:
    """A number to copy, in groups: ``VER6KQTRMB42`` → ``VER6 KQTRMB 42``; any other one in groups of four."""
    bare = str(number or "").replace(" ", "")
    if len(bare) == _CERTIFICATE and bare[:3].isalpha() and bare[-2:].isdigit():
        return f"{bare[:4]} {bare[4:10]} {bare[10:]}"
    return " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def masked(number: str | None) -> str:
    """A student number shown without giving it: first four and last three signs."""
    bare = str(number or "").replace(" ", "")
    return f"{bare[:4]} •••• {bare[-3:]}" if len(bare) > 7 else "••••" if bare else ""  # noqa: PLR2004 - the seven signs that are shown


def count(number: int | None) -> str:
    """A whole number with its thousands apart: ``35 000``, or ``35,000`` in English."""
    if number is None:
        return ""
    grouped = f"{number:,}"
    return grouped.replace(",", "\u202f") if _language() == "fr" else grouped
