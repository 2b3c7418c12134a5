"""Races, each with its control: the same with the guard taken away, which must fail."""

import sys
import threading
from typing import Any
from unittest import mock

import pytest

from messervices.foundations.cash import actions
from messervices.foundations.cash.models import Line, Notice, ReturnFile
from messervices.foundations.cash.states import Origin
from messervices.foundations.cash.tests.factories import (
    NATIONAL,
    POST,
    Counter,
    breaches,
    issue,
    operation,
    read,
    receive,
    return_file,
    settle_all,
    took,
)
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent
from messervices.foundations.payments.tests.factories import ACCOUNT, LATER, NOW, FakeService, OrderFactory, begin
from messervices.foundations.payments.tests.factories import notice as bank_notice
from messervices.foundations.payments.tests.factories import receive as bank_says
from messervices.foundations.payments.tests.test_races import without
from messervices.kernel.errors import Refusal
from messervices.kernel.tests.races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("queue")]
READ = sys.modules["messervices.foundations.cash.actions.read"]
TIMES = 10


def come_in_and_be_read(raw: bytes) -> Any:
    kept = actions.receive_file(raw=raw, name="x.csv", origin=Origin.DELIVERY, by=POST, now=NOW).file
    return actions.read_file(file_id=kept.pk, now=NOW)


def test_the_same_file_ten_times_at_once_is_one_booking(service: FakeService) -> None:
    raw = return_file(*(took(issue()) for _turn in range(5)))
    assert together([lambda: come_in_and_be_read(raw)] * TIMES) == ["read"] * TIMES
    assert ReturnFile.objects.count() == 1
    assert Line.objects.count() == OutsideEvent.objects.count() == 5
    settle_all()
    assert balance(ACCOUNT) == 525_00
    assert len(service.told) == 5
    assert breaches() == []
    assert_books_balance()


def test_ten_workers_on_one_file_read_each_line_once(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(READ, "A_BATCH", 2)
    kept = receive(return_file(*(took(issue()) for _turn in range(9))))
    assert together([lambda: actions.read_file(file_id=kept.pk, now=NOW)] * TIMES) == ["read"] * TIMES
    assert sorted(Line.objects.values_list("number", flat=True)) == list(range(1, 10))
    assert breaches() == []


def test_one_operation_in_ten_files_at_once_counts_once(service: FakeService) -> None:
    line = took(issue())
    files = [receive(return_file(line, number=number)) for number in range(1, TIMES + 1)]
    together([lambda kept=kept: actions.read_file(file_id=kept.pk, now=NOW) for kept in files])
    assert set(ReturnFile.objects.values_list("status", flat=True)) == {"read"}
    assert sorted(Line.objects.values_list("status", flat=True)) == ["fits", *["repeated"] * (TIMES - 1)]
    settle_all()
    assert Capture.objects.count() == 1
    assert breaches() == []


def test_control_without_lock_and_key_one_operation_in_ten_files_counts_many_times() -> None:
    line = Counter("12345678901234567890", operation=operation())
    files = [receive(return_file(line, number=number)) for number in range(1, TIMES + 1)]
    gate = threading.Barrier(TIMES)
    real = READ._known

    def look_together(operations: list[str]) -> Any:
        known = real(operations)
        gate.wait(10)
        return known

    unlocked = mock.patch.object(READ, "_ALONE", "select 1")
    with without("cash_line", "line_operation_once"):
        with unlocked, mock.patch.object(READ, "_known", look_together), mock.patch.object(READ, "hold"):
            together([lambda kept=kept: actions.read_file(file_id=kept.pk, now=NOW) for kept in files])
        assert Line.objects.filter(first=True).count() == TIMES, "the race is there when nothing guards it"
        assert "every operation counts once" in breaches()


def test_two_contents_under_one_number_are_one_file_and_one_refusal() -> None:
    files = [receive(return_file(took(issue()))) for _turn in range(4)]
    for _turn in range(2):  # whoever came second to the database's own rule tries again, as a job does
        together([lambda kept=kept: actions.read_file(file_id=kept.pk, now=NOW) for kept in files])
    assert sorted(ReturnFile.objects.values_list("status", flat=True)) == ["read", *["rejected"] * 3]
    assert Line.objects.count() == 1


def test_eight_asks_at_once_are_one_notice() -> None:
    order = OrderFactory()
    made = together([lambda: issue(order)] * 8)
    assert len({one.reference for one in made}) == 1
    assert Notice.objects.count() == 1


def test_control_without_lock_and_index_eight_asks_are_many_notices() -> None:
    order = OrderFactory()
    unlocked = mock.patch.object(
        type(Order.objects), "select_for_update", lambda manager, **_: manager.all(), create=True
    )
    with without("cash_notice", "notice_one_live"), unlocked:
        together([lambda: issue(order)] * 8)
        assert Notice.objects.filter(order=order, status="open").count() > 1


def test_a_card_begun_at_the_instant_of_a_notice_leaves_one_of_both_or_none_paid_twice(service: FakeService) -> None:
    for _round in range(5):
        order = OrderFactory()
        together([lambda order=order: issue(order), lambda order=order: begin(order)])
        notice = Notice.objects.filter(order=order).first()
        if notice is not None and notice.status == "open":
            assert Attempt.objects.filter(order=order).count() == 1, "the notice came second, beside a card left open"
    assert breaches() == []


def test_cash_and_card_at_the_same_instant_pay_once(service: FakeService) -> None:
    order = OrderFactory()
    number = begin(order).number
    read(return_file(took(issue(order))))
    card = bank_says(bank_notice(number))
    cash = OutsideEvent.objects.get(rail="eficash").pk
    settled = together([lambda pk=pk: payments.settle(event_id=pk, now=LATER) for pk in (card, cash)])
    assert sorted(map(str, settled)) == ["captured", "surplus"]
    assert len(service.told) == 1
    assert Notice.objects.get().status in {"paid", "cancelled"}
    assert breaches() == []
    assert_books_balance()


def test_eight_agents_decide_at_once_and_one_decision_stands(service: FakeService) -> None:
    read(return_file(Counter("12345678901234567890", operation=operation())))
    line, orders = Line.objects.get(), [OrderFactory() for _turn in range(4)]
    given = {"line_id": line.pk, "by": NATIONAL, "reason": "vu", "now": LATER}
    deeds = [lambda order=order: actions.match_line(order_number=order.number, **given) for order in orders]
    told = together([*deeds, *[lambda: actions.close_line(**given)] * 4])
    assert sum(not isinstance(one, Exception) for one in told) == 1
    assert all(isinstance(one, Refusal) for one in told if isinstance(one, Exception))
    settle_all()
    assert Capture.objects.count() <= 1
    assert balance(actions.ACCOUNT) == 0
    assert breaches() == []
    assert_books_balance()
