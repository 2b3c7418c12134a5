"""What came of handing a message to somebody who carries it: there are four answers, and none is guessed."""

from dataclasses import dataclass
from enum import StrEnum


class Said(StrEnum):
    """``TAKEN``: theirs now. ``LATER``: certainly not taken, may be tried again. ``NEVER``: certainly not, and never.

    ``UNSURE``: cut in the middle; it may have been taken, so it is not handed over a second time.
    """

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said. ``id`` is the carrier's own, ``meaning`` that of ``rules.meaning_of`` for a ``NEVER``."""

    said: Said
    id: str = ""
    meaning: str = ""
    code: str = ""
