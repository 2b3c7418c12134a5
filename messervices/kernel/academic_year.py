"""The academic year: the key of every dated right and amount."""

import re
from dataclasses import dataclass

_PLAUSIBLE = range(1900, 2200)
_LABEL = re.compile(r"^(\d{4})-(\d{4})$")


@dataclass(frozen=True, order=True, slots=True)
class AcademicYear:
    """The academic year that begins in ``start``: ``AcademicYear(2026)`` prints ``2026-2027``.

    *When* a service opens it is a window (``crous.Window``), not a property of the year.
    """

    start: int

    def __post_init__(self) -> None:
        """Refuse what cannot be a year: a slip of a digit must not become a key."""
        if self.start not in _PLAUSIBLE:
            msg = f"{self.start} is not the start of an academic year"
            raise ValueError(msg)

    @classmethod
    def of_label(cls, label: str) -> "AcademicYear":
        """Read ``2026-2027``. Raises ``ValueError`` when the two halves do not follow each other."""
        found = _LABEL.match(label)
        if not found or int(found[2]) != int(found[1]) + 1:
            msg = f"{label!r} is not an academic year"
            raise ValueError(msg)
        return cls(int(found[1]))

    @property
    def label(self) -> str:
        """The year as people write it: ``2026-2027``."""
        return f"{self.start}-{self.start + 1}"

    @property
    def next(self) -> "AcademicYear":
        """The year after."""
        return AcademicYear(self.start + 1)

    @property
    def previous(self) -> "AcademicYear":
        """The year before."""
        return AcademicYear(self.start - 1)

    def __str__(self) -> str:
        """Same as ``label``."""
        return self.label

    def __int__(self) -> int:
        """Give the stored value."""
        return self.start
