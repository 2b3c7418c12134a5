"""What may be asked about a CVEC, until when, and what a decision says. Source: code de l’éducation, L841-5, D841-4."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.period import Period

_LEGAL_ZONE = ZoneInfo("Europe/Paris")


class Obstacle(StrEnum):
    """Why nothing may be asked now."""

    NOT_PAID = "not_paid"
    ALREADY = "already"
    NOT_YET = "not_yet"
    TOO_LATE = "too_late"
    VALID = "valid"


def last_instant(closes_at: datetime, zone: str) -> datetime:
    """Give the instant from which a refund may no longer be asked.

    The text gives a day (before 31 May; the network's own pages say "until", and that day is in). Where the day ends
    later than in Paris the student has the whole of it too: 31 May, 23:59 is still in time in the Antilles, and in La
    Réunion, where it ends earlier, Paris' own hour is kept. Never less than the text gives, wherever one studies.
    """
    last_day = (closes_at - timedelta(minutes=1)).astimezone(_LEGAL_ZONE).date()
    local_end = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return max(closes_at, local_end)


def refund_obstacle(status: str, window: Period | None, zone: str, now: datetime) -> Obstacle | None:
    """Tell why a refund cannot be asked for; ``None`` when it can. A window without dates lets nobody ask."""
    if status == "refunded":
        return Obstacle.ALREADY
    if status != "paid":
        return Obstacle.NOT_PAID
    if window is None or window.is_before(now):
        return Obstacle.NOT_YET
    if window.closes_at is not None and now >= last_instant(window.closes_at, zone):
        return Obstacle.TOO_LATE
    return None


def is_definite(value: object) -> bool:
    """Tell whether a scholarship is granted for good. A conditional one exempts beforehand, and gives nothing back."""
    return bool(value) and not (isinstance(value, dict) and value.get("stage") == "conditional")


def decision_contents(
    *, kind: str, granted: bool, names: Mapping[str, str], crous: str, year: AcademicYear, ground: Mapping[str, str],
    number: str, reason: str, asked_on: date, decided_on: date, amount_cents: Cents,
) -> dict[str, object]:  # fmt: skip
    """Give the frozen contents of the letter of a decision. ``ground`` holds its words in ``fr`` and ``en``."""
    return {
        "number": number, "kind": kind, "granted": granted, "crous": crous, "year": year.label,
        "civility": names["civility"], "birth_name": names["birth_name"], "first_names": names["first_names"],
        "ground_fr": ground["fr"], "ground_en": ground["en"], "reason": reason, "asked_on": asked_on.isoformat(),
        "decided_on": decided_on.isoformat(), "amount_cents": amount_cents,
    }  # fmt: skip
