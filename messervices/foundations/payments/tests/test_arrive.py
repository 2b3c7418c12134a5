"""Money that comes many at a time, from where we have no page: events, tries, and then the way of all money."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments import actions
from messervices.foundations.payments.actions import Arrived
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Handover, RefundRefusedByBank
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import ACCOUNT, LATER, NOW, FakeService, OrderFactory, begin
from messervices.kernel.money import Cents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def money(order: Order, number: int, **changes: Any) -> Arrived:
    given = {
        "number": f"{order.pk:020d}", "bank_ref": f"{order.pk:06d}", "order_id": order.pk, "tx_id": f"OP{number}",
        "amount_cents": Cents(105_00), "at": NOW, "raw": f"line {number}".encode(),
    }  # fmt: skip
    return Arrived(**given | changes)


def arrive(*every: Arrived) -> list[int]:
    with transaction.atomic():
        return actions.arrive(rail="eficash", money=every, now=NOW)


def test_what_arrived_is_booked_once_and_pays_its_order(service: FakeService) -> None:
    first, second = OrderFactory(), OrderFactory()
    events = arrive(money(first, 1), money(second, 2))
    assert arrive(money(first, 1), money(second, 2)) == events, "the same bytes are the same events"
    assert [actions.settle(event_id=pk, now=LATER) for pk in (*events, *events)] == ["captured", "captured", "", ""]
    assert [one.reference for one in service.told] == [first.reference, second.reference]
    assert balance(ACCOUNT) == 210_00
    assert set(OutsideEvent.objects.values_list("person_id", flat=True)) == {first.person_id, second.person_id}


def test_two_queries_however_many_arrive(django_assert_num_queries: Any) -> None:
    every = [money(OrderFactory(), turn) for turn in range(30)]
    with transaction.atomic(), django_assert_num_queries(2):
        actions.arrive(rail="eficash", money=every, now=NOW)
    assert Attempt.objects.count() == OutsideEvent.objects.count() == 30


def test_the_same_notice_paid_twice_is_one_try_one_payment_and_one_surplus(service: FakeService) -> None:
    order = OrderFactory()
    events = arrive(money(order, 1), money(order, 2))
    assert [actions.settle(event_id=pk, now=LATER) for pk in events] == ["captured", "surplus"]
    assert Attempt.objects.get().status == "captured"
    assert Refund.objects.get().reason == "already_paid"
    assert balance("payments:surplus:eficash") == 105_00


def test_cash_that_arrives_while_a_card_is_tried_pays_and_the_card_is_the_surplus(service: FakeService) -> None:
    order = OrderFactory()
    card = begin(order)
    (event,) = arrive(money(order, 1))
    assert actions.settle(event_id=event, now=LATER) == "captured"
    assert list(Attempt.objects.order_by("rank").values_list("rank", "rail", "status")) == [
        (1, "lyra", "begun"), (2, "eficash", "captured"),
    ]  # fmt: skip
    assert Capture.objects.get().attempt != card


def test_cash_for_an_order_of_another_amount_by_now_is_to_be_given_back(service: FakeService) -> None:
    order = OrderFactory(amount_cents=103_00)
    (event,) = arrive(money(order, 1))
    assert actions.settle(event_id=event, now=LATER) == "surplus"
    assert Refund.objects.get().reason == "amount_changed"
    assert service.told == []


def test_a_post_office_leads_nowhere_says_nothing_and_gives_nothing_back(service: FakeService) -> None:
    rail = rail_named("eficash")
    handover = Handover("1", "000001", 105_00, NOW)
    with pytest.raises(LookupError, match="post office"):
        rail.begin(handover)
    assert rail.ask(handover).facts.outcome == Outcome.UNFINISHED
    assert rail.read(b"anything", "", NOW).verdict == "unreadable"
    assert rail.given_back(handover, "OP1") is None
    with pytest.raises(RefundRefusedByBank):
        rail.give_back("OP1", 105_00, "key")
    order = OrderFactory()
    for event in arrive(money(order, 1), money(order, 2)):
        actions.settle(event_id=event, now=LATER)
    refund = Refund.objects.get()
    assert actions.give_back(refund_id=refund.pk, now=LATER + timedelta(hours=1)) == "failed"
    refund.refresh_from_db()
    assert refund.detail == "no_way_back", "an agent sees that it goes back by a transfer"
