"""Pure rules of the desk: how long an opening lasts, who sees whom, how a name may have been typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

OPENING_MINUTES = 60
"""A file stays open that long for the reason given; after that the reason is asked, and written, again."""

SHORTEST_SEARCH = 2
_WORDS_TURNED = 4


def still_open(opened_at: datetime, now: datetime) -> bool:
    """Tell whether a file opened at that instant may be shown without asking the reason again."""
    return timedelta() <= now - opened_at < timedelta(minutes=OPENING_MINUTES)


def word_orders(key: str) -> list[str]:
    """List the orders in which words of a name may have been meant: as typed, then each word first in turn.

    ``lina benali`` → ``lina benali``, ``benali lina``: people say the first name first, files begin with the last.
    """
    words = key.split()
    turned = [" ".join(words[rank:] + words[:rank]) for rank in range(min(len(words), _WORDS_TURNED))]
    return list(dict.fromkeys(turned)) or [""]


def age_on(birth_on: date, day: date) -> int:
    """Give a person's age in whole years; born on 29 February, they are a year older on 1 March."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def may_see(crous_ids: Iterable[int], followed_by: Iterable[int], *, national: bool) -> bool:
    """Who sees a person: the agents of a Crous that follows them, and the national desk."""
    return national or bool(set(crous_ids) & set(followed_by))


def office_of_reading(crous_ids: Iterable[int], followed_by: Iterable[int]) -> int:
    """Give the Crous a reading is written under: the agent's that follows the person, else the person's first."""
    followed = list(followed_by)
    return next((one for one in crous_ids if one in followed), followed[0] if followed else 0)


@dataclass(frozen=True, slots=True)
class Opening:
    """A file opened by an agent: why, and when."""

    reason: str
    opened_at: datetime
