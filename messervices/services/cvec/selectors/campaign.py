"""When the CVEC of a year is open, and what it costs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.services.cvec import rules


@dataclass(frozen=True, slots=True)
class Campaign:
    """The CVEC of a year: when it is open, where it stands now, and what it costs (``None`` until it is set)."""

    year: AcademicYear
    window: Period
    opening: rules.Opening
    amount_cents: Cents | None

    @property
    def last_day(self) -> datetime | None:
        """An instant of the last day on which it is open: the window ends as the next one begins."""
        return self.window.closes_at and self.window.closes_at - timedelta(minutes=1)


def campaign_of(year: AcademicYear, now: datetime) -> Campaign | None:
    """Give the campaign of a year; ``None`` when the year never had one. No query, as a rule."""
    window = crous.window_of("cvec", year, now=now)
    if window is None:
        return None
    return Campaign(year, window, rules.opening(window, now), crous.amount_of("cvec", year))


def campaign_years() -> list[AcademicYear]:
    """Every year that has a campaign, latest first. No query, as a rule."""
    return sorted(crous.windows_kept().get("cvec", {}), reverse=True)


def refund_until(year: AcademicYear) -> datetime | None:
    """Give an instant of the last day on which a refund may be asked for (D841-4); ``None`` when it is not set."""
    window = crous.window_of("cvec.refund", year)
    return window.closes_at - timedelta(minutes=1) if window and window.closes_at else None
