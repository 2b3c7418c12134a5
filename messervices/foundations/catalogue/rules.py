"""Pure rules of the catalogue: who sees an announcement, what a search finds, who may write."""

from collections.abc import Collection, Iterable

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.text import search_key

Campaign = tuple[str, AcademicYear]
"""A service and a year: ``("cvec", AcademicYear(2026))``."""


def is_for(
    perimeter: str,
    *,
    crous_id: int | None,
    campaign: Campaign | None,
    seen_by_crous: Collection[int],
    seen_by_campaigns: Collection[Campaign],
) -> bool:
    """Tell whether an announcement concerns somebody followed by these Crous and taking part in these campaigns."""
    if perimeter == "crous":
        return crous_id in seen_by_crous
    if perimeter == "campaign":
        return campaign in seen_by_campaigns
    return True


_SHORTEST_PLURAL = 4


def _singular(word: str) -> str:
    """Take the mark of the plural off a word that is long enough to have one."""
    return word[:-1] if len(word) >= _SHORTEST_PLURAL and word[-1] in "sx" else word


def weight(words: Collection[str], title: str, rest: str) -> int:
    """Weigh how well a text answers a search: 0 when a word is missing, more when the title holds the words.

    A word typed is the beginning of a word of the text, without accents and whether plural or not: ``bour`` and
    ``bourses`` find "Bourse".
    """
    in_title, in_rest = search_key(title).split(), search_key(rest).split()
    found = 0
    for word in map(_singular, words):
        if any(one.startswith(word) for one in in_title):
            found += 3
        elif any(one.startswith(word) for one in in_rest):
            found += 1
        else:
            return 0
    return found


def may_edit(
    right: str, rights: Iterable[str], *, national: bool, own_crous: Collection[int], crous_id: int | None
) -> bool:
    """Who writes here: the national desk with the right; a Crous with it, for announcements of its own perimeter."""
    return right in rights and (national or (crous_id is not None and crous_id in own_crous))
