"""A service hands over what is to be paid, or takes it back."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from messervices.foundations.audit.models import Deed
from messervices.foundations.payments import actions
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.tests.factories import (
    AGENT,
    NOW,
    VERSAILLES,
    FakeService,
    OrderFactory,
    begin,
    notice,
    start,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_starting_twice_gives_the_same_order() -> None:
    person = PersonFactory()
    assert start(person.pk) == start(person.pk)
    assert start(person.pk, reference="thing:2") != start(person.pk)


def test_an_open_order_follows_its_amount_unless_the_bank_is_at_work() -> None:
    person = PersonFactory()
    order = start(person.pk)
    assert start(person.pk, amount_cents=107_00).amount_cents == 107_00
    begin(Order.objects.get(pk=order.pk))
    assert start(person.pk, amount_cents=107_00) == order
    with pytest.raises(Refusal, match="payment_under_way"):
        start(person.pk, amount_cents=99_00)


def test_a_paid_order_is_given_back_as_it_is(service: FakeService) -> None:
    order = OrderFactory()
    tell(notice(begin(order).number))
    again = start(order.person_id, reference=order.reference, amount_cents=1_00)
    assert (again.pk, again.status, again.amount_cents) == (order.pk, "paid", 105_00)


def test_starting_stands_inside_an_action(django_assert_num_queries, transactional_db) -> None:
    person = PersonFactory()
    with pytest.raises(RuntimeError):
        actions.start(
            kind="test", reference="x", person_id=person.pk, crous_id=VERSAILLES, amount_cents=1, credit_account="a",
            label="x", return_path="/", now=NOW,
        )  # fmt: skip
    with transaction.atomic(), django_assert_num_queries(2):
        actions.start(
            kind="test", reference="x", person_id=person.pk, crous_id=VERSAILLES, amount_cents=1, credit_account="a",
            label="x", return_path="/", now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 0}, {"amount_cents": -1}, {"status": "paid"}, {"status": "cancelled"}, {"captured_cents": 1},
        {"status": "paid", "captured_cents": 1, "paid_at": NOW}, {"return_path": "https://evil.example"},
        {"return_path": "//evil.example"},
    ],
)  # fmt: skip
def test_the_database_refuses_orders_that_cannot_be(changes: dict[str, Any]) -> None:
    person = PersonFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderFactory(person=person, **changes)


def test_one_order_lives_for_one_thing_sold() -> None:
    order = OrderFactory(reference="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderFactory(reference="same", person=order.person)
    with transaction.atomic():
        assert actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
        assert not actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
    OrderFactory(reference="same", person=order.person)
    assert Deed.objects.filter(verb="payments.cancel_order").count() == 1
