"""Shapes of the desk's input."""

from datetime import UTC, datetime

import pytest

from messervices.foundations.crous.forms import AmountForm, GrantRoleForm, ReferentForm, RoleForm, WindowForm
from messervices.foundations.crous.selectors import establishment_of
from messervices.kernel.academic_year import AcademicYear

pytestmark = pytest.mark.django_db
WHY = {"source": "Décret", "certainty": "sourced", "reason": "Calendrier"}


def day(name: str, day: str, month: str, year: str) -> dict[str, str]:
    return {f"{name}_day": day, f"{name}_month": month, f"{name}_year": year}


def test_dates_typed_with_both_days_included_become_a_half_open_period() -> None:
    form = WindowForm(
        WHY | {"service": "cvec.refund", "year": "2026-2027", "crous_id": "12"}
        | day("opens_on", "1", "9", "2026") | day("closes_on", "31", "5", "2027")
    )  # fmt: skip
    assert form.is_valid(), form.errors
    assert form.cleaned_data["year"] == AcademicYear(2026)
    assert form.cleaned_data["crous_id"] == 12
    assert form.period.closes_at == datetime(2027, 5, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"year": "2026-2028"},
        {"year": "2026"},
        {"crous_id": "27"},
        {"service": "CVEC !"},
        {"reason": ""},
        day("opens_on", "31", "2", "2026"),
    ],
)
def test_dates_without_sense_are_said_to_be_so(wrong: dict[str, str]) -> None:
    form = WindowForm(WHY | {"service": "cvec", "year": "2026-2027", "crous_id": ""} | wrong)
    assert not form.is_valid()


def test_an_amount_is_typed_in_euros_and_kept_in_cents() -> None:
    asked = WHY | {"kind": "cvec", "year": "2027-2028"}
    form = AmountForm(asked | {"amount_cents": "107,50 €"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount_cents"] == 107_50
    assert not AmountForm(asked | {"amount_cents": "cent sept"}).is_valid()


def test_a_role_is_chosen_among_those_there_are_and_composed_of_known_rights() -> None:
    form = GrantRoleForm({"role_code": "adviser", "crous_id": "26", "reason": "Arrivée"})
    assert form.is_valid(), form.errors
    assert not GrantRoleForm({"role_code": "king", "crous_id": "26", "reason": "Arrivée"}).is_valid()
    said = {"code": "reader", "label_fr": "Lecteur", "label_en": "Reader", "reason": "Besoin"}
    rights = [("desk:file:open", "Ouvrir")]
    assert RoleForm(said | {"rights": ["desk:file:open"]}, rights=rights).is_valid()
    assert not RoleForm(said | {"rights": ["desk:file:burn"]}, rights=rights).is_valid()


def test_an_establishment_is_found_by_typing_and_shown_by_its_name() -> None:
    label = establishment_of("0755890V").label
    assert label == "Sorbonne Université (Paris 6e Arrondissement)"
    form = ReferentForm({"uai": label, "email": "a@b.example", "reason": "Convention"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["uai"] == "0755890V"
    assert ReferentForm(initial={"uai": "0755890V"})["uai"].value()[0] == label
    assert not ReferentForm({"uai": "zzzz", "email": "a@b.example", "reason": "Convention"}).is_valid()
