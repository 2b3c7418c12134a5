"""Races, each with its control: the same with the guard taken away, which must fail."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from messervices.foundations.ledger.actions import post
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, rules
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.states import LIVE
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    breaches,
    go,
    jobs_waiting,
    notice,
    pay_twice,
    receive,
)  # fmt: skip
from messervices.kernel.tests.races import as_owner, together

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8
GO = sys.modules["messervices.foundations.payments.actions.begin"]
SETTLE = sys.modules["messervices.foundations.payments.actions.settle"]


@contextmanager
def without(table: str, *constraints: str) -> Iterator[None]:
    """Take unique constraints or indexes away for a while, as the owner of the table."""
    with connection.cursor() as cursor:
        cursor.execute("select indexdef from pg_indexes where indexname = any(%s)", (list(constraints),))
        definitions = [row[0] for row in cursor.fetchall()]
        cursor.execute("select conname from pg_constraint where conname = any(%s)", (list(constraints),))
        named = {row[0] for row in cursor.fetchall()}
    as_owner(*(
        f"alter table {table} drop constraint {name}" if name in named else f"drop index {name}" for name in constraints
    ))  # fmt: skip
    try:
        yield
    finally:
        as_owner(f"alter table {table} disable row level security", f"alter table {table} no force row level security")
        as_owner(f"truncate {table} cascade")
        back = [
            f"alter table {table} add constraint {name} unique using index {name}"
            for name in constraints
            if name in named
        ]
        as_owner(*definitions, *back)
        as_owner(f"alter table {table} enable row level security", f"alter table {table} force row level security")


@pytest.fixture
def paid_order() -> tuple[Order, list[int]]:
    """An order, and eight unread notices of one transaction of the bank that paid it."""
    order = OrderFactory()
    number = begin(order).number
    return order, [event for turn in range(THREADS) if (event := receive(notice(number, hash=str(turn))))]


def settle(event_id: int) -> Callable[[], str]:
    return lambda: actions.settle(event_id=event_id, now=NOW)


def test_one_notice_read_by_eight_workers_is_read_once(service: FakeService, paid_order) -> None:
    _order, events = paid_order
    effects = together([settle(events[0])] * THREADS)
    assert sorted(effects) == [""] * 7 + ["captured"]
    assert len(service.told) == 1
    assert balance(ACCOUNT) == 105_00
    assert breaches() == []
    assert_books_balance()


def test_eight_notices_of_one_transaction_are_booked_once(service: FakeService, paid_order) -> None:
    order, events = paid_order
    effects = together([settle(event) for event in events])
    assert sorted(effects) == ["captured"] + ["repeated"] * 7
    assert len(service.told) == 1
    assert Capture.objects.filter(order=order).count() == 1
    assert balance(ACCOUNT) == 105_00
    assert breaches() == []
    assert_books_balance()


def test_control_without_claim_and_key_one_notice_is_booked_many_times(service: FakeService, paid_order) -> None:
    order, events = paid_order
    turn = iter(range(1000))

    def keyless(*, key: str, **fields: Any) -> bool:
        return post(key=f"{key}:{next(turn)}", **fields)

    def settle_unclaimed() -> None:
        for _turn in range(3):
            OutsideEvent.objects.filter(pk=events[0]).update(status="new", read_at=None)
            actions.settle(event_id=events[0], now=NOW)

    with without("payments_capture", "capture_once"):
        with mock.patch.object(SETTLE, "post", keyless):
            together([settle_unclaimed] * THREADS)
        assert Capture.objects.filter(order=order).count() > 1, "the race is there when nothing guards it"
        assert breaches() != []


def test_the_same_bytes_received_eight_times_at_once_are_one_event_and_one_job() -> None:
    before = jobs_waiting("read_inbox")
    raw = notice("NOBODY-1")
    verdicts = together([lambda: actions.receive(rail="lyra", raw=raw, now=NOW)] * THREADS)
    assert [str(verdict) for verdict in verdicts] == ["good"] * THREADS
    assert OutsideEvent.objects.count() == 1
    assert jobs_waiting("read_inbox") - before == 1


def test_eight_clicks_at_once_are_one_try() -> None:
    order = OrderFactory()
    gone = together([lambda: go(order)] * THREADS)
    assert len({one.form.fields["vads_trans_id"] for one in gone}) == 1
    assert Attempt.objects.filter(order=order).count() == 1
    assert breaches() == []


def test_control_without_lock_and_index_eight_clicks_are_many_tries() -> None:
    order = OrderFactory()
    gate = threading.Barrier(THREADS)
    drawn = iter(f"{turn:06d}" for turn in range(1000))

    def draw_together() -> str:
        with_all = gate.wait(10)
        return next(drawn) if with_all >= 0 else ""

    unlocked = mock.patch.object(
        type(Order.objects), "select_for_update", lambda manager, **_: manager.all(), create=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where conrelid = 'payments_attempt'::regclass and contype = 'u'"
            " and pg_get_constraintdef(oid) = 'UNIQUE (number)'"
        )
        number_once = cursor.fetchone()[0]
    with without("payments_attempt", "attempt_one_live", "attempt_rank", number_once):
        with unlocked, mock.patch.object(GO, "_draw", draw_together):
            together([lambda: go(order)] * THREADS)
        assert Attempt.objects.filter(order=order, status__in=LIVE).count() > 1
        assert breaches() != []


def test_two_tries_paid_at_the_same_instant_give_one_payment_and_one_refund(service: FakeService) -> None:
    order = OrderFactory()
    first = begin(order)
    actions.settle(event_id=receive(notice(first.number, "ABANDONED", hash="end")), now=NOW)
    second = begin(order)
    events = [receive(notice(attempt.number)) for attempt in (first, second)]
    assert sorted(together([settle(event) for event in events if event])) == ["captured", "surplus"]
    assert len(service.told) == 1
    assert Refund.objects.count() == 1
    assert balance(ACCOUNT) == balance("payments:surplus:lyra") == 105_00
    assert breaches() == []
    assert_books_balance()


def test_a_click_while_the_bank_tells_us_never_begins_a_second_payment(service: FakeService) -> None:
    order = OrderFactory()
    event = receive(notice(begin(order).number))
    assert event is not None
    given = together([settle(event), *([lambda: go(order)] * 7)])
    assert given[0] == "captured"
    assert Attempt.objects.filter(order=order).count() == 1
    assert go(order).form is None
    assert breaches() == []


def test_eight_workers_give_money_back_once(service: FakeService, bank: FakeRail) -> None:
    refund = pay_twice(OrderFactory())
    given = together([lambda: actions.give_back(refund_id=refund.pk, now=NOW)] * THREADS)
    assert {str(status) for status in given} <= {"given", "sending"}
    assert bank.returned == [refund.capture.rail_tx_id]
    assert balance("payments:surplus:lyra") == 0
    assert_books_balance()


def test_control_without_the_lease_eight_workers_ask_the_bank_many_times(
    service: FakeService, bank: FakeRail, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = pay_twice(OrderFactory())
    monkeypatch.setattr(rules, "LEASE", timedelta())
    gate = threading.Barrier(THREADS)

    def look_together(_attempt: Any, _tx_id: str) -> None:
        gate.wait(10)

    monkeypatch.setattr(bank, "given_back", look_together)
    together([lambda: actions.give_back(refund_id=refund.pk, now=NOW)] * THREADS)
    assert len(bank.returned) > 1
