"""Half-open periods: the end belongs to what comes after."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From ``opens_at`` (inside) to ``closes_at`` (outside). ``None`` means without bound on that side."""

    opens_at: datetime | None
    closes_at: datetime | None

    def __contains__(self, instant: datetime) -> bool:
        """Tell whether the instant falls in the period."""
        return not self.is_before(instant) and not self.is_over(instant)

    def is_before(self, instant: datetime) -> bool:
        """Tell whether the period has not begun at that instant."""
        return self.opens_at is not None and instant < self.opens_at

    def is_over(self, instant: datetime) -> bool:
        """Tell whether the period has ended at that instant."""
        return self.closes_at is not None and instant >= self.closes_at
