"""What must hold, holds on the reference data; and what breaks it is counted."""

import pytest
from django.db import connection

from messervices.foundations.crous import actions
from messervices.foundations.crous.invariants import invariants
from messervices.foundations.crous.models import CommuneKey
from messervices.foundations.crous.tests.factories import LYON, NATIONAL, NOW, AmountFactory, UserFactory

pytestmark = pytest.mark.django_db


def broken() -> dict[str, int]:
    found = {}
    for invariant in invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            found[invariant.name] = int(cursor.fetchone()[0])
    return {name: count for name, count in found.items() if count}


def test_all_holds_on_the_reference_data_and_after_a_role_was_given() -> None:
    actions.grant_role(
        by=NATIONAL, user=UserFactory(agent=True), role_code="adviser", crous_id=LYON, reason="Arrivée", now=NOW
    )  # fmt: skip
    assert broken() == {}


def test_an_account_with_more_than_its_roles_say_is_counted() -> None:
    UserFactory(agent=True, crous_ids=[LYON])
    assert broken() == {"every agent’s account names the Crous of their roles": 1}
    UserFactory(agent=True, rights=["crous:role:grant"])
    assert "every agent’s account holds the rights of their roles, no more" in broken()


def test_a_superseded_amount_without_successor_and_a_lost_commune_are_counted() -> None:
    AmountFactory(superseded_at=NOW)
    CommuneKey.objects.filter(commune="35288", whole=True).delete()
    assert broken() == {
        "every commune can be found by its name": 1,
        "no superseded window or amount without one in its place": 1,
    }
