"""Who sees, what is found, who writes: without a database."""

from typing import Any

import pytest

from messervices.foundations.catalogue import rules
from messervices.kernel.academic_year import AcademicYear

CVEC = ("cvec", AcademicYear(2026))
NOBODY: dict[str, Any] = {"crous_id": None, "campaign": None, "seen_by_crous": (), "seen_by_campaigns": ()}


def test_a_national_announcement_is_for_everybody() -> None:
    assert rules.is_for("national", **NOBODY)


def test_the_announcement_of_a_crous_is_for_those_it_follows() -> None:
    assert rules.is_for("crous", **NOBODY | {"crous_id": 12, "seen_by_crous": (12, 26)})
    assert not rules.is_for("crous", **NOBODY | {"crous_id": 12, "seen_by_crous": (26,)})
    assert not rules.is_for("crous", **NOBODY | {"crous_id": 12})


def test_the_announcement_of_a_campaign_is_for_those_who_take_part() -> None:
    assert rules.is_for("campaign", **NOBODY | {"campaign": CVEC, "seen_by_campaigns": [CVEC]})
    last = ("cvec", AcademicYear(2025))
    assert not rules.is_for("campaign", **NOBODY | {"campaign": CVEC, "seen_by_campaigns": [last]})


@pytest.mark.parametrize(
    ("typed", "weight"),
    [("bour", 3), ("BOURSES", 3), ("éche", 1), ("bour eche", 4), ("bour logement", 0), ("ourse", 0)],
)
def test_a_search_wants_every_word_and_prefers_the_title(typed: str, weight: int) -> None:
    assert rules.weight(typed.lower().replace("é", "e").split(), "Simuler ma bourse", "échelon, bourses") == weight


@pytest.mark.parametrize(
    ("national", "own", "crous_id", "may"),
    [(True, (), None, True), (True, (), 12, True), (False, (12,), 12, True), (False, (12,), 26, False),
     (False, (12,), None, False)],
)  # fmt: skip
def test_a_desk_writes_for_its_own_perimeter_and_the_national_desk_for_all(national, own, crous_id, may) -> None:
    asked = {"national": national, "own_crous": own, "crous_id": crous_id}
    assert rules.may_edit("r", {"r"}, **asked) is may
    assert not rules.may_edit("r", set(), **asked)
