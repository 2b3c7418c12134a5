"""A notice is kept as it came, once, and nothing else is done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from messervices.foundations.payments import actions
from messervices.foundations.payments.models import Order, OutsideEvent
from messervices.foundations.payments.states import OrderStatus, Verdict
from messervices.foundations.payments.tests.factories import (
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    jobs_waiting,
    notice,
    tell,
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_the_same_bytes_are_kept_once() -> None:
    raw = notice("UNKNOWN-1")
    assert [actions.receive(rail="lyra", raw=raw, now=NOW) for _ in range(20)] == [Verdict.GOOD] * 20
    assert OutsideEvent.objects.count() == 1
    assert jobs_waiting("read_inbox") == 1
    assert bytes(OutsideEvent.objects.get().raw) == raw


def test_receiving_costs_two_queries(django_assert_num_queries, transactional_db) -> None:
    with django_assert_num_queries(4):  # begin, keep, enqueue, commit
        actions.receive(rail="lyra", raw=notice("X-1"), now=NOW)


def test_a_forged_notice_is_kept_for_the_record_and_never_read() -> None:
    order = OrderFactory()
    raw = notice(begin(order).number, key="guessed")
    assert actions.receive(rail="lyra", raw=raw, now=NOW) == Verdict.FORGED
    event = OutsideEvent.objects.get()
    assert (event.verdict, event.status, event.facts) == ("forged", "refused", None)
    assert jobs_waiting("read_inbox") == 0
    assert actions.settle(event_id=event.pk, now=NOW) == ""
    assert Order.objects.get().status == OrderStatus.OPEN


def test_forged_notices_cannot_fill_the_disk() -> None:
    for turn in range(70):
        actions.receive(rail="lyra", raw=f"vads_order_id={turn}&vads_trans_status=AUTHORISED".encode(), now=NOW)
    assert OutsideEvent.objects.count() == 60
    assert actions.receive(rail="lyra", raw=notice("X-1"), now=NOW) == Verdict.GOOD, "an authentic one is always kept"
    actions.receive(rail="lyra", raw=b"vads_order_id=a&vads_trans_status=b", now=NOW + timedelta(minutes=2))
    assert OutsideEvent.objects.count() == 62


def test_a_notice_refused_under_an_old_key_is_believed_when_it_comes_again(
    bank: FakeRail, service: FakeService
) -> None:
    order = OrderFactory()
    raw = notice(begin(order).number, key="the coming key")
    assert actions.receive(rail="lyra", raw=raw, now=NOW) == Verdict.FORGED
    bank.real = replace(bank.real, keys=("the coming key",))
    assert tell(raw) == "captured"
    assert OutsideEvent.objects.count() == 1
