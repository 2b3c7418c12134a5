"""What pages ask: places by what people type, dates and amounts without a query."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from messervices.foundations.crous import selectors
from messervices.foundations.crous.models import Amount
from messervices.foundations.crous.tests.factories import LYON, NOW, YEAR, AmountFactory, UserFactory, WindowFactory
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.errors import Refusal
from messervices.kernel.period import Period

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("malo", "Saint-Malo (35400)"),
        ("st malo", "Saint-Malo (35400)"),
        ("SAINT-MALO", "Saint-Malo (35400)"),
        ("saintmalo", "Saint-Malo (35400)"),
        ("35400", "Saint-Malo (35400)"),
        ("354", "Saint-Malo (35400)"),
        ("saint denis 974", "Saint-Denis (97400…)"),
        ("saint denis 93", "Saint-Denis (93200…)"),
        ("st", "Strasbourg (67000…)"),
        ("nimes", "Nîmes (30000…)"),
        ("l hay les roses", "L’Haÿ-les-Roses (94240)"),
        ("chalon s/ saone", "Chalon-sur-Saône (71100)"),
        ("oeuilly", "Œuilly (51480)"),
        ("y", "Y (80190)"),
        ("ajaccio 2A", "Ajaccio (20000…)"),
        ("paris", "Paris (75001…)"),
        ("750", "Paris (75001…)"),
        ("75005", "Paris 5e Arrondissement (75005)"),
        ("paris 5", "Paris 5e Arrondissement (75005)"),
        ("Paris 1er", "Paris 1er Arrondissement (75001)"),
        ("marseille 13", "Marseille 13e Arrondissement (13013)"),
        ("lyon 69003", "Lyon (69001…)"),
        ("papeete", "Papeete (98714)"),
    ],
)
def test_a_commune_is_found_as_people_type_it(typed: str, first: str) -> None:
    assert selectors.communes_like(typed)[0].label == first


@pytest.mark.parametrize("typed", ["", " ", "zzzz", "p", "'; drop table x --", "x" * 5000, "%", "\x01", "２０"])
def test_what_is_no_commune_finds_none(typed: str) -> None:
    assert selectors.communes_like(typed) == [] or typed == "２０"


def test_the_biggest_come_first_after_the_name_typed_whole() -> None:
    assert [one.name for one in selectors.communes_like("aix", limit=3)] == ["Aix", "Aix-en-Provence", "Aix-les-Bains"]


def test_arrondissements_do_not_hide_what_else_begins_like_the_city() -> None:
    names = [one.name for one in selectors.communes_like("paris")]
    assert len(names) == 8
    assert not [name for name in names if "Arrondissement" in name]


def test_suggestions_take_two_queries_with_departement_and_crous(django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        found = selectors.communes_like("saint")
        assert {one.departement.crous.name for one in found}
    with django_assert_num_queries(0):
        assert selectors.communes_like("") == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("75056", "Crous de Paris"),
        ("75105", "Crous de Paris"),
        ("78646", "Crous de Versailles"),
        ("2A004", "Crous de Corse"),
        ("97302", "Crous des Antilles et de la Guyane"),
        ("97611", "Crous de La Réunion et de Mayotte"),
        ("97801", "Crous des Antilles et de la Guyane"),
        ("21231", "Crous de Bourgogne-Franche-Comté"),
        ("57463", "Crous de Lorraine"),
    ],
)
def test_the_city_of_study_names_its_crous(code: str, name: str, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert selectors.crous_of_commune(code).name == name


@pytest.mark.parametrize("code", ["98735", "98818", "97502", "98613"])
def test_a_place_that_no_crous_serves_says_so_and_by_whom_to_go_on(code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        selectors.crous_of_commune(code)
    assert refusal.value.code == "commune_without_crous"
    assert selectors.commune_of(code).departement.name in str(refusal.value.sentence)


@pytest.mark.parametrize("code", ["00000", "", "Paris"])
def test_an_unknown_commune_is_refused_calmly(code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        selectors.crous_of_commune(code)
    assert refusal.value.code == "commune_unknown"


def test_the_26_crous_have_distinct_prefixes_and_known_ones_keep_theirs() -> None:
    found = selectors.crous_list()
    assert {one.pk for one in found} == set(range(1, 27))
    assert len({one.prefix for one in found}) == 26
    assert (selectors.crous_of(26).prefix, selectors.crous_of(1).prefix) == ("VER", "AIX")


@pytest.mark.parametrize(
    ("year", "cents"), [(2018, 90_00), (2019, 91_00), (2022, 95_00), (2024, 103_00), (2025, 105_00), (2026, 105_00)]
)
def test_the_cvec_of_a_year_is_what_its_source_says(year: int, cents: int) -> None:
    assert selectors.amount_of("cvec", AcademicYear(year)) == cents


def test_an_amount_that_is_not_known_yet_is_none() -> None:
    assert selectors.amount_of("cvec", AcademicYear(2031)) is None


def test_dates_and_amounts_are_read_once_then_kept(django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        selectors.window_of("cvec", YEAR)
        selectors.amount_of("cvec", YEAR)
    with django_assert_num_queries(0):
        selectors.window_of("cvec.refund", YEAR, LYON)
        selectors.open_years("cvec", NOW)
        selectors.current_year("cvec", NOW)
        selectors.amount_of("cvec", YEAR)


def test_a_kept_table_is_read_again_when_it_is_too_old(monkeypatch, django_assert_num_queries) -> None:
    selectors.amount_of("cvec", YEAR)
    Amount.objects.filter(kind="cvec", year=YEAR).update(amount_cents=1)
    assert selectors.amount_of("cvec", YEAR) == 105_00
    monkeypatch.setattr(selectors, "KEPT_SECONDS", -1.0)
    with django_assert_num_queries(1):
        assert selectors.amount_of("cvec", YEAR) == 1


def test_refunds_of_2019_ran_from_15_september_to_31_may_included() -> None:
    window = selectors.window_of("cvec.refund", AcademicYear(2019))
    assert datetime(2019, 9, 14, 21, 59, tzinfo=UTC) not in window
    assert datetime(2019, 9, 15, tzinfo=UTC) in window
    assert datetime(2020, 5, 31, 21, 59, tzinfo=UTC) in window
    assert datetime(2020, 5, 31, 22, 0, tzinfo=UTC) not in window


def test_two_years_are_open_from_may_to_august_and_the_latest_is_the_current_one() -> None:
    june = datetime(2026, 6, 15, tzinfo=UTC)
    assert selectors.open_years("cvec", june) == [AcademicYear(2026), AcademicYear(2025)]
    assert selectors.current_year("cvec", june) == AcademicYear(2026)
    assert selectors.open_years("cvec", datetime(2026, 11, 24, tzinfo=UTC)) == [AcademicYear(2026)]


def test_when_nothing_is_open_the_current_year_is_the_last_that_was() -> None:
    late = datetime(2031, 1, 1, tzinfo=UTC)
    assert selectors.open_years("cvec", late) == []
    assert selectors.current_year("cvec", late) == AcademicYear(2026)
    assert selectors.current_year("cvec", datetime(2001, 1, 1, tzinfo=UTC)) is None
    assert selectors.current_year("unheard", NOW) is None
    assert selectors.window_of("unheard", YEAR) is None


def test_a_crous_with_dates_of_its_own_follows_them_and_the_others_the_national_ones() -> None:
    WindowFactory()
    WindowFactory(of_lyon=True, opens_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert selectors.window_of("trial", YEAR, LYON).opens_at.month == 6
    assert selectors.window_of("trial", YEAR, 26).opens_at.month == 5
    assert selectors.window_of("trial", YEAR).opens_at.month == 5
    assert selectors.open_years("trial", datetime(2026, 5, 15, tzinfo=UTC), LYON) == []


def test_a_campaign_opened_again_is_open_again() -> None:
    WindowFactory()
    WindowFactory(opens_at=datetime(2026, 11, 1, tzinfo=UTC), closes_at=None)
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert selectors.open_years("trial", NOW) == [YEAR]
    assert selectors.open_years("trial", datetime(2026, 10, 1, tzinfo=UTC)) == []
    assert selectors.open_years("trial", december) == [YEAR]
    assert selectors.window_of("trial", YEAR, now=december) == Period(datetime(2026, 11, 1, tzinfo=UTC), None)


def test_the_desk_reads_what_is_in_force_and_every_row_ever_set() -> None:
    WindowFactory(over=True)
    WindowFactory()
    AmountFactory()
    assert len(selectors.windows_in_force("trial")) == 1
    assert len(selectors.window_history("trial", YEAR, None)) == 2
    assert [row.amount_cents for row in selectors.amount_history("trial", YEAR)] == [105_00]
    assert any(row.kind == "trial" for row in selectors.amounts_in_force())


def test_a_certificate_state_is_said_in_the_language_of_the_page() -> None:
    state = selectors.certificate_state(71)
    with translation.override("fr"):
        assert state.label == "Attestation valide, boursier"
    with translation.override("en"):
        assert state.label == "Valid certificate, scholarship holder"
    assert {selectors.certificate_state(code).valid for code in (70, 71, 73, 75, 76, 98)} == {True}


def test_an_establishment_is_found_by_its_uai_old_or_new_and_by_its_words() -> None:
    assert selectors.establishment_of(" 0755890v").name == "Sorbonne Université"
    assert selectors.establishment_of("0751720M").uai == "0755890V"
    assert selectors.establishment_of("0000000X") is None
    found = selectors.establishments_like("univ versailles")
    assert found[0].commune.departement.crous_id == 26
    assert selectors.establishments_like("") == []
    assert selectors.establishments_of_referent(UserFactory(establishment=True).pk) == []


def test_countries_come_in_the_alphabetical_order_of_the_language_with_those_that_are_no_more() -> None:
    french = dict(selectors.countries("fr"))
    assert french["SUHH"] == "Union soviétique (URSS) (jusqu’en 1991)"
    assert french["YUCS"].startswith("Yougoslavie")
    assert (french["FR"], french["XK"], french["DE"]) == ("France", "Kosovo", "Allemagne")
    assert selectors.country_name("CSHH", "en") == "Czechoslovakia (until 1992)"
    assert selectors.country_name("??", "en") == "??"
    labels = [label for _code, label in selectors.countries("fr")]
    assert labels.index("Émirats arabes unis") < labels.index("Finlande")
    assert all(len(code) == 2 for code, _label in selectors.countries("fr", historic=False))
    assert len(french) == 271


def test_countries_cost_nothing_the_second_time(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert selectors.countries("fr") is selectors.countries("fr")
