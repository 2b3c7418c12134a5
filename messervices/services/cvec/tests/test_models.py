"""What the database itself refuses."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from messervices.services.cvec.states import Status
from messervices.services.cvec.tests.factories import NOW, AcquittementFactory, student

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "paid"},
        {"status": "exempt", "amount_cents": 0, "motive": "BCS"},
        {"status": "awaiting_payment", "motive": "BCS"},
        {"status": "awaiting_payment", "settled_at": NOW},
        {"status": "awaiting_payment", "amount_cents": 0},
        {"status": "refunded"},
    ],
)
def test_the_database_refuses_half_states(broken: dict[str, Any]) -> None:
    person = student()
    with pytest.raises(IntegrityError), transaction.atomic():
        AcquittementFactory(person=person, **broken)


def test_the_database_refuses_two_in_a_year_unless_one_is_cancelled() -> None:
    first = AcquittementFactory(status=Status.CANCELLED)
    AcquittementFactory(person=first.person)
    with pytest.raises(IntegrityError), transaction.atomic():
        AcquittementFactory(person=first.person)
