"""The law of the CVEC, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.services.cvec import rules
from messervices.services.cvec.rules import Known, Mobility, Opening, Place, Route, Way
from messervices.services.cvec.states import CANCELLED_CODE, STEPS, Motive, Status, certificate_code

YEAR = AcademicYear(2026)
NOW = datetime(2026, 8, 28, 12, tzinfo=UTC)

SITUATIONS = [
    # The nine situations, each by the answers that lead to it.
    (Place.HIGHER, Route.INITIAL, Mobility.NONE, 1, True),
    (Place.CPGE, Route.INITIAL, Mobility.NONE, 2, True),
    (Place.HIGHER, Route.INITIAL, Mobility.DOUBLE, 3, True),
    (Place.LYCEE, Route.INITIAL, Mobility.NONE, 4, False),
    (Place.HIGHER, Route.CONTINUING, Mobility.NONE, 5, False),
    (Place.HIGHER, Route.INITIAL, Mobility.INCOMING, 6, False),
    (Place.HIGHER, Route.HDR, Mobility.NONE, 7, False),
    (Place.HIGHER, Route.CESURE, Mobility.NONE, 8, True),
    (Place.ABROAD, Route.INITIAL, Mobility.NONE, 9, False),
]


@pytest.mark.parametrize(("place", "route", "mobility", "row", "liable"), SITUATIONS)
def test_each_situation_of_the_table_gets_its_answer(
    place: Place, route: Route, mobility: Mobility, row: int, liable: bool
) -> None:
    answer = rules.liability(place, route, mobility)
    assert (answer.row, answer.liable) == (row, liable)


def test_only_the_gap_year_is_an_assumption() -> None:
    assumed = {row for place, route, mobility, row, _ in SITUATIONS if rules.liability(place, route, mobility).assumed}
    assert assumed == {8}


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("mobility", Mobility)
def test_every_combination_of_answers_has_one_of_the_nine_rows(place: Place, route: Route, mobility: Mobility) -> None:
    answer = rules.liability(place, route, mobility)
    assert answer.row in range(1, 10)
    assert answer.liable == (answer.row in {1, 2, 3, 8})


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("mobility", Mobility)
def test_a_bts_in_a_lycee_owes_nothing_whatever_else_is_true(route: Route, mobility: Mobility) -> None:
    assert not rules.liability(Place.LYCEE, route, mobility).liable


def known(kind: str, value: object = "yes", year: AcademicYear | None = YEAR) -> Known:
    return Known(kind, year, value, "scholarships", NOW)


@pytest.mark.parametrize(
    ("facts", "motive"),
    [
        ([known("boursier", {"echelon": "3"})], "BCS"),
        ([known("boursier", {"echelon": "0"})], "BCS"),
        ([known("annual_allowance")], "ASAA"),
        ([known("annual_allowance"), known("boursier")], "BCS"),
        ([known("boursier", False), known("annual_allowance")], "ASAA"),
    ],
)
def test_a_scholar_of_the_year_is_exempt_at_once(facts: list[Known], motive: str) -> None:
    found = rules.exemption(facts, YEAR)
    assert found is not None
    assert found[0] == motive
    assert found[1].source == "scholarships"


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [known("boursier", year=YEAR.previous)],
        [known("boursier", year=None)],
        [known("boursier", False)],
        [known("boursier", None)],
        [known("boursier", {})],
        [known("establishment", "0755976N")],
        [known("cvec_acquittee")],
    ],
)
def test_last_year_an_ended_grant_or_another_fact_exempt_from_nothing(facts: list[Known]) -> None:
    assert rules.exemption(facts, YEAR) is None


@pytest.mark.parametrize(
    ("code", "way"),
    [
        # Who is exempt, and how (code de l’éducation, L841-5).
        ("BCS", Way.AT_ONCE),
        ("ASAA", Way.AT_ONCE),
        ("REG", Way.REFUND),
        ("ETAB", Way.REFUND),
        ("REFUGIE", Way.REQUEST),
        ("PROT_SUB", Way.REQUEST),
        ("PROT_TEMP", Way.REQUEST),
        ("ASILE", Way.REQUEST),
        ("PREPA_DEF", Way.LIST),
        ("FOREIGN", Way.NONE),
    ],
)
def test_each_category_of_exemption_is_had_its_own_way(code: str, way: Way) -> None:
    (category,) = [one for one in rules.CATEGORIES if one.code == code]
    assert category.way == way


def test_what_exempts_at_once_is_what_the_facts_exempt() -> None:
    at_once = {category.code for category in rules.CATEGORIES if category.way == Way.AT_ONCE}
    assert at_once == set(rules.EXEMPTING.values())


def test_the_amount_is_whole_or_nothing() -> None:
    assert rules.amount_due(Cents(105_00), exempt=False) == 105_00
    assert rules.amount_due(Cents(105_00), exempt=True) == 0


def test_a_campaign_opens_and_closes_to_the_instant() -> None:
    window = Period(NOW, NOW + timedelta(days=1))
    assert rules.opening(window, NOW - timedelta(microseconds=1)) == Opening.NOT_YET
    assert rules.opening(window, NOW) == Opening.OPEN
    assert rules.opening(window, NOW + timedelta(days=1)) == Opening.OVER


def test_the_day_of_payment_is_the_one_at_the_crous() -> None:
    late = datetime(2026, 8, 28, 22, 30, tzinfo=UTC)
    assert rules.local_day(late, "Europe/Paris") == date(2026, 8, 29)
    assert rules.local_day(late, "America/Martinique") == date(2026, 8, 28)
    assert rules.local_day(late, "Indian/Reunion") == date(2026, 8, 29)


@pytest.mark.parametrize(
    ("letters", "names", "right"),
    [
        ("BENAL", ("Benali", ""), True),
        ("ROUX", ("Benali", "Roux"), True),
        ("LI", ("Li", ""), True),
        ("DARC", ("d’Arc", ""), True),
        ("OBRIE", ("O'Brien-Müller", ""), True),
        ("BEN", ("Benali", ""), False),
        ("BENALI", ("Benali", ""), False),
        ("", ("Benali", ""), False),
        ("", ("", ""), False),
        ("李", ("李", ""), True),
    ],
)
def test_letters_are_the_first_five_of_a_name(letters: str, names: tuple[str, str], right: bool) -> None:
    assert rules.letters_match(letters, *names) is right


def test_a_scanned_key_belongs_to_one_number_and_one_platform() -> None:
    key = rules.scan_key("VER6KQTRMB42", "secret")
    assert rules.scan_key_is_right("VER6KQTRMB42", key.lower(), "secret")
    assert not rules.scan_key_is_right("VER6KQTRMB43", key, "secret")
    assert not rules.scan_key_is_right("VER6KQTRMB42", key, "another")
    assert not rules.scan_key_is_right("VER6KQTRMB42", "", "secret")
    assert not rules.scan_key_is_right("VER6KQTRMB42", "é", "secret")


def test_a_masked_number_cannot_be_used() -> None:
    assert rules.masked_number("VER6KQTRMB42") == "VER6 •••••• 42"
    assert rules.masked_number("") == ""


HOLDER = rules.Holder("F", "Benali", "Roux", "Lina Inès", date(2008, 3, 14), "44109", "Nantes", "FR", "070578267KH")


@pytest.mark.parametrize(
    ("changes", "country", "said"),
    [
        ({}, "France", "Nantes (44)"),
        ({"birth_commune": "97411", "birth_place": "Saint-Denis"}, "France", "Saint-Denis (974)"),
        ({"birth_commune": "2A004", "birth_place": "Ajaccio"}, "France", "Ajaccio (2A)"),
        ({"birth_commune": "", "birth_place": "Alger"}, "Algérie", "Alger, Algérie"),
        ({"birth_commune": "", "birth_place": ""}, "URSS (jusqu’en 1992)", "URSS (jusqu’en 1992)"),
    ],
)
def test_the_place_of_birth_is_said_as_on_papers(changes: dict[str, str], country: str, said: str) -> None:
    assert rules.birth_place(replace(HOLDER, **changes), country) == said  # type: ignore[arg-type]


def contents(**changes: Any) -> dict[str, object]:
    given: dict[str, Any] = {
        "holder": HOLDER,
        "country": "France",
        "number": "VER6KQTRMB42",
        "year": YEAR,
        "crous": "Crous de Versailles",
        "ground_on": date(2026, 8, 28),
        "amount_cents": Cents(105_00),
        "motives": {},
        "verify_url": "https://example.org/cvec/verify/VER6KQTRMB42?k=ABC",
    }
    return rules.certificate_contents(**(given | changes))


def test_a_certificate_holds_the_fields_of_the_network() -> None:
    made = contents()
    assert made["letters"] == "BENAL"
    assert (made["ground"], made["amount_cents"], made["motive_fr"]) == ("paid", 105_00, "")
    assert (made["year"], made["birth_on"], made["ground_on"]) == ("2026-2027", "2008-03-14", "2026-08-28")


def test_a_certificate_of_an_exempt_student_says_why() -> None:
    made = contents(amount_cents=Cents(0), motives={"fr": "Bourse", "en": "Scholarship"})
    assert (made["ground"], made["motive_fr"], made["motive_en"]) == ("exempt", "Bourse", "Scholarship")


@pytest.mark.parametrize(
    ("status", "motive", "third", "code"),
    [
        (Status.PAID, "", False, 75),
        (Status.PAID, "", True, 76),
        (Status.EXEMPT, Motive.BCS, False, 71),
        (Status.EXEMPT, Motive.ASAA, False, 71),
        (Status.EXEMPT, Motive.REFUGIE, False, 73),
        (Status.EXEMPT, Motive.PREPA_DEF, False, 73),
        (Status.EXEMPT, "", False, 70),
        (Status.REFUNDED, "", False, 98),
        (Status.CANCELLED, "", False, CANCELLED_CODE),
        (Status.AWAITING_PAYMENT, "", False, CANCELLED_CODE),
    ],
)
def test_the_verification_answers_the_codes_of_the_network(status: str, motive: str, third: bool, code: int) -> None:
    assert certificate_code(status, motive, by_third_party=third) == code


WALK = {
    ("pay", Status.AWAITING_PAYMENT): Status.PAID,
    ("exempt", Status.AWAITING_PAYMENT): Status.EXEMPT,
    ("move", Status.AWAITING_PAYMENT): Status.AWAITING_PAYMENT,
    ("cancel", Status.AWAITING_PAYMENT): Status.CANCELLED,
    ("refund", Status.PAID): Status.REFUNDED,
    ("void", Status.PAID): Status.CANCELLED,
    ("restore", Status.REFUNDED): Status.PAID,
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", STEPS.steps)
def test_every_step_is_open_from_its_statuses_and_from_no_other(step: str, status: Status) -> None:
    if (step, status) in WALK:
        assert STEPS.target(step, status) == WALK[step, status]
        assert step in STEPS.open_steps(status)
    else:
        with pytest.raises(Refusal) as refused:
            STEPS.target(step, status)
        assert refused.value.code == "step_closed"
        assert step not in STEPS.open_steps(status)
