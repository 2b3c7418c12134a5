"""What the database itself refuses."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from messervices.foundations.crous.models import Agent, Commune, Crous, Establishment, Referent, Role
from messervices.foundations.crous.rules import uai_is_right
from messervices.foundations.crous.tests.factories import LYON, NOW, AmountFactory, UserFactory, WindowFactory
from messervices.kernel.academic_year import AcademicYear

pytestmark = pytest.mark.django_db


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


@pytest.mark.parametrize("at", [{}, {"crous_id": LYON}])
def test_two_periods_of_one_campaign_never_overlap(at: dict[str, int]) -> None:
    WindowFactory(**at)
    with refused("window_no_overlap"), transaction.atomic():
        WindowFactory(opens_at=datetime(2026, 8, 31, tzinfo=UTC), closes_at=None, **at)


def test_periods_that_touch_or_belong_elsewhere_are_welcome() -> None:
    WindowFactory()
    WindowFactory(opens_at=datetime(2026, 9, 1, tzinfo=UTC), closes_at=None)
    WindowFactory(of_lyon=True)
    WindowFactory(crous_id=26)
    WindowFactory(year=AcademicYear(2027))
    WindowFactory(service="trial.refund")
    WindowFactory(over=True)


def test_a_window_ends_after_it_begins() -> None:
    with refused("window_order"), transaction.atomic():
        WindowFactory(closes_at=datetime(2026, 5, 1, tzinfo=UTC))


def test_one_amount_is_in_force_for_a_kind_and_a_year() -> None:
    AmountFactory(superseded_at=NOW)
    AmountFactory()
    with refused("amount_one_in_force"), transaction.atomic():
        AmountFactory(amount_cents=1)
    with refused("amount_not_negative"), transaction.atomic():
        AmountFactory(kind="other", amount_cents=-1)


@pytest.mark.parametrize("uai", ["0755890A", "075589V", "07558900", "0755890v", "é755890V"])
def test_an_establishment_cannot_have_a_wrong_uai(uai: str) -> None:
    assert not uai_is_right(uai)
    with refused("establishment_uai_key"), transaction.atomic():
        Establishment.objects.create(uai=uai, name="X", kind="school", sector="public", known_on=NOW.date())


def test_an_arrondissement_and_nothing_else_has_a_city() -> None:
    for change in ({"kind": "arrondissement"}, {"parent_id": "75056"}):
        with refused("commune_parent"), transaction.atomic():
            Commune.objects.filter(pk="35288").update(**change)


def test_an_establishment_has_two_referents_at_most() -> None:
    for slot in (1, 2):
        Referent.objects.create(user=UserFactory(establishment=True), establishment_id="0755890V", slot=slot, since=NOW)
    for slot, constraint in ((2, "referent_two"), (3, "referent_slot")):
        user = UserFactory(establishment=True)
        with refused(constraint), transaction.atomic():
            Referent.objects.create(user=user, establishment_id="0755890V", slot=slot, since=NOW)


def test_a_role_is_held_once_at_a_place_even_nationally() -> None:
    user, role = UserFactory(agent=True), Role.objects.get(code="national_administrator")
    Agent.objects.create(user=user, role=role, since=NOW)
    with refused("agent_role_once"), transaction.atomic():
        Agent.objects.create(user=user, role=role, since=NOW)


def test_the_prefix_of_a_crous_is_three_capitals() -> None:
    with refused("crous_prefix_shape"), transaction.atomic():
        Crous.objects.filter(pk=1).update(prefix="Aix")


def test_rows_say_who_they_are_in_one_line() -> None:
    assert str(Crous.objects.get(pk=26)) == "Crous de Versailles"
    commune = Commune.objects.select_related("departement").get(pk="38185")
    assert (str(commune), str(commune.departement)) == ("Grenoble", "Isère (38)")
    assert str(WindowFactory()) == "trial 2026-2027"
    assert str(AmountFactory()) == "trial 2026-2027: 10500"
    assert str(Establishment.objects.get(pk="0755890V")) == "Sorbonne Université"
