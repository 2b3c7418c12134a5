"""When, and for whom the money is collected."""

from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.period import Period


class Opening(StrEnum):
    """Where a campaign stands."""

    NOT_YET = "not_yet"
    OPEN = "open"
    OVER = "over"


def opening(window: Period, now: datetime) -> Opening:
    """Tell whether a campaign is open at an instant."""
    if window.is_before(now):
        return Opening.NOT_YET
    return Opening.OVER if window.is_over(now) else Opening.OPEN


def local_day(instant: datetime, zone: str) -> date:
    """Give the day it is at the Crous: what a certificate says somebody paid on."""
    return instant.astimezone(ZoneInfo(zone)).date()


def collected_account(year: AcademicYear, crous_slug: str) -> str:
    """Name the ledger's account that a Crous collects the CVEC of a year on."""
    return f"cvec:{year.start}:collected:{crous_slug}"
