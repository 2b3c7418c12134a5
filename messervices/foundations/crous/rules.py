"""Pure rules of places and dates: keys, words typed in a search, which period is meant, what an agent may do."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messervices.kernel.period import Period
from messervices.kernel.text import search_key

LEGAL_ZONE = ZoneInfo("Europe/Paris")
"""Legal days begin and end at midnight in Paris, unless a text says otherwise."""

_UAI = re.compile(r"^(\d{7})([A-Z])$")
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
UAI_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""23 letters, without I, O and Q: the key of a UAI is the letter at (number modulo 23)."""

_WHOLE = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_INNER = {"s": "sur", "ss": "sous"}
_NUMBER = re.compile(r"^\d{1,5}$")
_ORDINAL = re.compile(r"^(\d{1,2})(?:er|e|eme|ieme|nd)?$")
_DIVIDED = ("paris", "lyon", "marseille")
_SHORTEST_POSTCODE = 2
WHOLE_POSTCODE = 5


def uai_is_right(uai: str) -> bool:
    """Tell whether a UAI (7 digits and a letter) carries its right key."""
    found = _UAI.match(uai)
    return found is not None and UAI_LETTERS[int(found[1]) % 23] == found[2]


def paris_midnight(day: date) -> datetime:
    """Give the instant at which a legal day begins."""
    return datetime.combine(day, time(), LEGAL_ZONE)


def days_included(opens_on: date | None, closes_on: date | None) -> Period:
    """Make the half-open period of two days that are both included: "until 31 May" ends as 1 June begins."""
    return Period(
        None if opens_on is None else paris_midnight(opens_on),
        None if closes_on is None else paris_midnight(closes_on + timedelta(days=1)),
    )


def period_meant(periods: Sequence[Period], now: datetime | None) -> Period | None:
    """Choose among the periods of one campaign: the one in force, else the next to open, else the last that closed.

    Without ``now``, the last. A campaign usually has one period; it has several when it was opened again.
    """
    ordered = sorted(periods, key=lambda period: period.opens_at or _LONG_AGO)
    if not ordered:
        return None
    if now is not None:
        for period in ordered:
            if not period.is_over(now):
                return period
    return ordered[-1]


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody typed to find a commune, as the search index knows it.

    ``prefix`` is what the key begins with; ``exact`` asks for the whole name (one letter would match thousands);
    ``place`` is the beginning of a postcode, or a département's code; ``arrondissements`` tells whether those of
    Paris, Lyon and Marseille are wanted (a whole postcode or a number was typed) or would only hide the city.
    """

    prefix: str = ""
    exact: bool = False
    place: str = ""
    arrondissements: bool = False


def _spelt_out(words: list[str]) -> list[str]:
    """Write abbreviations in full: ``st malo`` → ``saint malo``, ``chalon s saone`` → ``chalon sur saone``."""
    last = len(words) - 1
    return [
        _WHOLE.get(word) or (_INNER.get(word, word) if 0 < rank < last else word) for rank, word in enumerate(words)
    ]


def name_keys(name: str) -> list[str]:
    """List the keys of a name: itself, then without its first words (``malo`` finds Saint-Malo).

    Words are joined: hyphens, apostrophes and spaces do not count when looking for a name.
    """
    words = _spelt_out(search_key(name).split())
    return ["".join(words[rank:]) for rank in range(len(words))]


def sought(text: str) -> tuple[Sought, ...]:
    """Read what was typed. Several readings when the last word may be unfinished (``st`` is Saint, or Strasbourg's).

    ``35400`` and ``354`` are postcodes; ``saint denis 93`` is a name in a place; ``lyon 3`` an arrondissement.
    """
    words = search_key(text).split()
    if not words:
        return ()
    if len(words) == 1 and _NUMBER.match(words[0]):
        whole = len(words[0]) == WHOLE_POSTCODE
        return (Sought(place=words[0], arrondissements=whole),) if len(words[0]) >= _SHORTEST_POSTCODE else ()
    if _NUMBER.match(words[0]):
        words.append(words.pop(0))  # people write an address both ways round: "35400 Saint-Malo"
    numbered = _ORDINAL.match(words[1]) if len(words) > 1 else None
    if words[0] in _DIVIDED and numbered:
        number = int(numbered[1])
        return (Sought(prefix=f"{words[0]}{number}{'er' if number == 1 else 'e'}", arrondissements=True),)
    place = ""
    if _NUMBER.match(words[-1]) or words[-1] in {"2a", "2b"}:
        place = words.pop().upper()
    if not words:
        return ()
    full = "".join(_spelt_out(words))
    readings = [full]
    if words[-1] in _WHOLE:
        readings.append("".join([*_spelt_out(words[:-1]), words[-1]]))
    whole = len(place) == WHOLE_POSTCODE
    return tuple(
        Sought(prefix=key, exact=len(key) == 1 and not place, place=place, arrondissements=whole) for key in readings
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A role that an agent holds now: at one Crous, or nationally (``crous_id`` None)."""

    crous_id: int | None
    role: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Authority:
    """What stands on the account of an agent: where, what, and whether everywhere."""

    crous_ids: tuple[int, ...]
    rights: frozenset[str]
    national: bool


def authority(held: Iterable[Held]) -> Authority:
    """Add up the roles of an agent."""
    roles = list(held)
    return Authority(
        crous_ids=tuple(sorted({role.crous_id for role in roles if role.crous_id is not None})),
        rights=frozenset().union(*(role.rights for role in roles)),
        national=any(role.crous_id is None for role in roles),
    )


def rights_would_spread(held: Iterable[Held]) -> bool:
    """Tell whether adding up these roles would give an agent, at one Crous, a right held only at another.

    Rights stand on the account and hold at every Crous of the agent: so the roles must be the same everywhere (the
    roles, not only what they allow today: a role may be composed anew).
    """
    at: dict[int | None, frozenset[str]] = {}
    for one in held:
        at[one.crous_id] = at.get(one.crous_id, frozenset()) | {one.role}
    return len(set(at.values())) > 1


def may_administer(right: str, rights: frozenset[str], *, national: bool) -> bool:
    """Who sets dates, amounts, roles: the national desk alone, with the right."""
    return national and right in rights


def may_register_referent(
    right: str, rights: frozenset[str], *, national: bool, crous_ids: Iterable[int], establishment_crous: int | None
) -> bool:
    """Who registers a referent: the desk of the establishment's Crous, or the national desk, with the right."""
    return right in rights and (national or (establishment_crous is not None and establishment_crous in crous_ids))


def overlap(one: Period, other: Period) -> bool:
    """Tell whether two half-open periods share an instant."""

    def begins_before_end(first: Period, second: Period) -> bool:
        return first.opens_at is None or second.closes_at is None or first.opens_at < second.closes_at

    return begins_before_end(one, other) and begins_before_end(other, one)


def paris_day(instant: datetime) -> date:
    """Give the legal day on which an instant falls."""
    return instant.astimezone(LEGAL_ZONE).date()


_EUROS = re.compile(r"^(\d{1,9})(?:[.,](\d{1,2}))?$")


def cents_of(text: str) -> int | None:
    """Read an amount typed by a person: ``105``, ``105,5``, ``1 050.00 €`` → euro cents; ``None`` when it is not."""
    found = _EUROS.match(re.sub(r"[\s€]", "", text))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None
