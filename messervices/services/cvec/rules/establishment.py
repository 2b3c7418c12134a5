"""Who lets an establishment in, and how long a link of confirmation is good for."""

from collections.abc import Iterable
from datetime import timedelta

CONFIRM_WITHIN = timedelta(days=7)
"""How long the two persons have to confirm their address: a working week and its ends. Ours."""

SECONDS_A_KEY = 60
READS_A_KEY = 120
"""A program may read this often with its key: a page of students every half-second. Ours."""


def may_admit(right: str, rights: frozenset[str], *, national: bool, crous_ids: Iterable[int], crous_id: int) -> bool:
    """Tell who admits an establishment and sees its lists: the desk of its Crous, or the national one, with the right.

    ``crous_id`` 0 is a school abroad: the national desk alone.
    """
    return right in rights and (national or (crous_id != 0 and crous_id in crous_ids))
