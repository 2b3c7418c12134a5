"""Rules of places, dates and authority, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messervices.foundations.crous import rules
from messervices.foundations.crous.rules import Authority, Held, Sought
from messervices.kernel.period import Period

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
AUGUST = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize("uai", ["0755890V", "0290346U", "0691774D"])
def test_a_uai_with_its_key_is_right(uai: str) -> None:
    assert rules.uai_is_right(uai)


@pytest.mark.parametrize("uai", ["0755890A", "755890V", "0755890v", "", "0755890VV", "ABCDEFGH"])
def test_a_uai_with_a_slip_is_not(uai: str) -> None:
    assert not rules.uai_is_right(uai)


def test_the_last_day_is_included_until_midnight_in_paris() -> None:
    period = rules.days_included(date(2026, 9, 1), date(2027, 5, 31))
    assert period.opens_at == datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert period.closes_at == datetime(2027, 5, 31, 22, tzinfo=UTC)
    assert datetime(2027, 5, 31, 21, 59, 59, tzinfo=UTC) in period
    assert datetime(2027, 5, 31, 22, tzinfo=UTC) not in period


def test_the_day_of_the_clock_change_ends_at_midnight_like_any_other() -> None:
    period = rules.days_included(date(2026, 10, 25), date(2026, 10, 25))
    assert period.opens_at == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert period.closes_at == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_days_left_open_bound_nothing() -> None:
    assert rules.days_included(None, None) == Period(None, None)


def test_of_two_periods_the_one_in_force_is_meant_then_the_next_then_the_last() -> None:
    first, second = Period(MAY, JUNE), Period(JULY, AUGUST)
    both = [second, first]
    assert rules.period_meant(both, MAY - timedelta(days=1)) == first
    assert rules.period_meant(both, MAY) == first
    assert rules.period_meant(both, JUNE) == second
    assert rules.period_meant(both, AUGUST) == second
    assert rules.period_meant(both, None) == second
    assert rules.period_meant([], MAY) is None


def test_a_period_without_beginning_comes_first() -> None:
    assert rules.period_meant([Period(JULY, AUGUST), Period(None, JUNE)], MAY) == Period(None, JUNE)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Period(MAY, JUNE), Period(JUNE, JULY), False),
        (Period(MAY, JULY), Period(JUNE, AUGUST), True),
        (Period(None, None), Period(MAY, JUNE), True),
        (Period(None, MAY), Period(MAY, None), False),
        (Period(MAY, AUGUST), Period(JUNE, JULY), True),
    ],
)
def test_periods_overlap_when_they_share_an_instant(one: Period, other: Period, meet: bool) -> None:
    assert rules.overlap(one, other) is meet
    assert rules.overlap(other, one) is meet


def test_a_name_is_found_by_each_of_its_words_and_what_follows() -> None:
    assert rules.name_keys("L’Île-Saint-Denis") == ["lilesaintdenis", "ilesaintdenis", "saintdenis", "denis"]
    assert rules.name_keys("Œuilly") == ["oeuilly"]


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("", ()),
        ("  -’ ", ()),
        ("Malo", (Sought(prefix="malo"),)),
        ("ST-MALO", (Sought(prefix="saintmalo"),)),
        ("Ste Foy", (Sought(prefix="saintefoy"),)),
        ("St", (Sought(prefix="saint"), Sought(prefix="st"))),
        ("Chalon s/ Saône", (Sought(prefix="chalonsursaone"),)),
        ("L'Haÿ", (Sought(prefix="lhay"),)),
        ("y", (Sought(prefix="y", exact=True),)),
        ("35400", (Sought(place="35400", arrondissements=True),)),
        ("354", (Sought(place="354"),)),
        ("3", ()),
        ("2A", ()),
        ("Ajaccio 2a", (Sought(prefix="ajaccio", place="2A"),)),
        ("Saint-Denis (93200)", (Sought(prefix="saintdenis", place="93200", arrondissements=True),)),
        ("93200 Saint-Denis", (Sought(prefix="saintdenis", place="93200", arrondissements=True),)),
        ("Paris 5", (Sought(prefix="paris5e", arrondissements=True),)),
        ("paris 1er", (Sought(prefix="paris1er", arrondissements=True),)),
        ("Lyon 3ème arrondissement", (Sought(prefix="lyon3e", arrondissements=True),)),
        ("lyon 69003", (Sought(prefix="lyon", place="69003", arrondissements=True),)),
    ],
)
def test_what_is_typed_is_read_as_people_mean_it(typed: str, readings: tuple[Sought, ...]) -> None:
    assert rules.sought(typed) == readings


@given(st.text(max_size=60))
def test_anything_may_be_typed(text: str) -> None:
    for reading in rules.sought(text):
        assert reading.prefix or reading.place
        assert " " not in reading.prefix


def test_roles_add_up_on_the_account() -> None:
    held = [Held(12, "adviser", frozenset({"a"})), Held(26, "adviser", frozenset({"a"}))]
    assert rules.authority(held) == Authority((12, 26), frozenset({"a"}), national=False)
    assert rules.authority([Held(None, "cnous", frozenset({"b"}))]) == Authority((), frozenset({"b"}), national=True)
    assert rules.authority([]) == Authority((), frozenset(), national=False)


def test_a_right_held_at_one_crous_must_not_reach_another() -> None:
    def held(crous_id: int | None, role: str) -> Held:
        return Held(crous_id, role, frozenset({"read"}))

    assert rules.rights_would_spread([held(12, "decider"), held(26, "reader")])
    assert rules.rights_would_spread([held(None, "reader"), held(26, "decider")])
    assert not rules.rights_would_spread([held(12, "reader"), held(26, "reader")])
    assert not rules.rights_would_spread([held(12, "reader"), held(12, "decider")])
    assert not rules.rights_would_spread([])


def test_the_national_desk_alone_sets_dates_and_amounts() -> None:
    right = "crous:window:set"
    assert rules.may_administer(right, frozenset({right}), national=True)
    assert not rules.may_administer(right, frozenset({right}), national=False)
    assert not rules.may_administer(right, frozenset(), national=True)


@pytest.mark.parametrize(
    ("national", "crous_ids", "at", "may"),
    [(False, (12,), 12, True), (False, (12,), 26, False), (False, (12,), None, False), (True, (), None, True)],
)
def test_a_referent_is_registered_by_the_desk_of_the_establishment(national, crous_ids, at, may) -> None:
    right = "crous:referent:register"
    asked = {"national": national, "crous_ids": crous_ids, "establishment_crous": at}
    assert rules.may_register_referent(right, frozenset({right}), **asked) is may
    assert not rules.may_register_referent(right, frozenset(), **asked)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("105", 10500),
        ("105,5", 10550),
        ("1 050.05 €", 105005),
        ("1\u202f050,00\u00a0€", 105000),
        ("0", 0),
        ("", None),
        ("-3", None),
        ("1,234", None),
        ("cent", None),
    ],
)
def test_an_amount_typed_by_a_person_is_read_in_cents(typed: str, cents: int | None) -> None:
    assert rules.cents_of(typed) == cents
