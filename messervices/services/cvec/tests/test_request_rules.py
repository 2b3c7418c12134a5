"""When a refund may be asked for, and what a decision says: without a database."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messervices.foundations.documents.providers import drawing
from messervices.foundations.documents.tests.test_drawing import pages
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.services.cvec import rules
from messervices.services.cvec.rules import Obstacle
from messervices.services.cvec.states import Status

PARIS = ZoneInfo("Europe/Paris")
OPENS = datetime(2026, 9, 1, tzinfo=PARIS)
CLOSES = datetime(2027, 6, 1, tzinfo=PARIS)
WINDOW = Period(OPENS, CLOSES)
A_SECOND = timedelta(seconds=1)
LAST_INSTANTS = [
    ("Europe/Paris", datetime(2027, 5, 31, 22, tzinfo=UTC)),
    ("America/Martinique", datetime(2027, 6, 1, 4, tzinfo=UTC)),
    ("America/Guadeloupe", datetime(2027, 6, 1, 4, tzinfo=UTC)),
    ("America/Cayenne", datetime(2027, 6, 1, 3, tzinfo=UTC)),
    ("Pacific/Tahiti", datetime(2027, 6, 1, 10, tzinfo=UTC)),
    ("Indian/Reunion", datetime(2027, 5, 31, 22, tzinfo=UTC)),
    ("Pacific/Noumea", datetime(2027, 5, 31, 22, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "instant"), LAST_INSTANTS)
def test_the_whole_of_the_last_day_is_in_time_and_never_less_than_paris_gives(zone: str, instant: datetime) -> None:
    assert rules.last_instant(CLOSES, zone) == instant
    assert rules.refund_obstacle(Status.PAID, WINDOW, zone, instant - A_SECOND) is None
    assert rules.refund_obstacle(Status.PAID, WINDOW, zone, instant) == Obstacle.TOO_LATE


@given(
    day=st.dates(date(2018, 6, 1), date(2060, 6, 1)),
    zone=st.sampled_from([zone for zone, _instant in LAST_INSTANTS]),
)
def test_nobody_ever_has_less_than_the_text_nor_more_than_their_own_day(day: date, zone: str) -> None:
    closes = datetime.combine(day, datetime.min.time(), PARIS)
    last = rules.last_instant(closes, zone)
    assert last >= closes
    assert last - closes < timedelta(hours=13)
    own = (last - A_SECOND).astimezone(ZoneInfo(zone)).date()
    assert last == closes or own == day - timedelta(days=1)


WINDOWS = (WINDOW, Period(None, CLOSES), Period(OPENS, None), None)
INSTANTS = (OPENS - A_SECOND, OPENS, datetime(2027, 1, 10, tzinfo=PARIS), CLOSES - A_SECOND, CLOSES)


def expected(status: str, window: Period | None, now: datetime) -> Obstacle | None:
    """What the law says, said once more and differently: what was paid, between two days."""
    if status != "paid":
        return Obstacle.ALREADY if status == "refunded" else Obstacle.NOT_PAID
    if window is None or (window.opens_at and now < window.opens_at):
        return Obstacle.NOT_YET
    return Obstacle.TOO_LATE if window.closes_at and now >= window.closes_at else None


@pytest.mark.parametrize(("status", "window", "now"), list(product(Status.values, WINDOWS, INSTANTS)))
def test_only_what_was_paid_is_refunded_and_only_between_two_days(
    status: str, window: Period | None, now: datetime
) -> None:
    assert rules.refund_obstacle(status, window, "Europe/Paris", now) == expected(status, window, now)


@pytest.mark.parametrize(
    ("value", "definite"),
    [
        (True, True), ({"echelon": "3"}, True), ({"stage": "definite", "echelon": "1"}, True),
        ({"stage": "conditional", "echelon": "3"}, False), (False, False), (None, False), ({}, False),
    ],
)  # fmt: skip
def test_a_conditional_scholarship_gives_nothing_back(value: object, definite: bool) -> None:
    assert rules.is_definite(value) is definite


def letter(**changes: Any) -> dict[str, object]:
    given: dict[str, Any] = {
        "kind": "refund", "granted": True, "crous": "Crous de Versailles", "year": AcademicYear(2026),
        "names": {"civility": "F", "birth_name": "Benali", "first_names": "Lina, Inès"},
        "ground": {"fr": "Je suis boursier cette année", "en": "I hold a scholarship this year"},
        "number": "VER-D2026-12", "reason": "", "asked_on": date(2026, 10, 2), "decided_on": date(2026, 10, 12),
        "amount_cents": Cents(105_00),
    }  # fmt: skip
    return rules.decision_contents(**given | changes)


def test_a_letter_holds_all_that_it_shows_and_nothing_else() -> None:
    assert letter() == {
        "number": "VER-D2026-12", "kind": "refund", "granted": True, "crous": "Crous de Versailles",
        "year": "2026-2027", "civility": "F", "birth_name": "Benali", "first_names": "Lina, Inès",
        "ground_fr": "Je suis boursier cette année", "ground_en": "I hold a scholarship this year", "reason": "",
        "asked_on": "2026-10-02", "decided_on": "2026-10-12", "amount_cents": 105_00,
    }  # fmt: skip


LONG = "La notification est d’une autre année, et le nom n’est pas le vôtre : #panic(1) *a* $x$.\n" * 22
LETTERS = [
    ({"kind": "exemption", "amount_cents": Cents(0)}, 1),
    ({}, 1),
    ({"granted": False, "reason": "La notification est d’une autre année."}, 1),
    ({"granted": False, "kind": "exemption", "reason": LONG[:2000], "amount_cents": Cents(0)}, 2),
]


@pytest.mark.parametrize(("changes", "count"), LETTERS)
def test_each_letter_is_drawn_to_be_kept_and_to_be_read_aloud(changes: dict[str, Any], count: int) -> None:
    pdf = drawing.draw(
        template="cvec/decision.typ", contents=letter(**changes), issued_at=datetime(2026, 10, 12, 9, tzinfo=UTC),
        specimen=False,
    )  # fmt: skip
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"/Lang(fr-FR)" in pdf
    assert b"/Lang(en-GB)" in pdf
    assert pages(pdf) == count
