"""The test of kills (T4): ``kill -9`` at every marked point of a payment.

The student ends with one payment, whatever was cut where.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from bank.web import Bank
from messervices.foundations.audit.actions import record
from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.states import LIVE, Paid
from messervices.foundations.payments.tests.banks import arrive, at, playing
from messervices.foundations.payments.tests.factories import ACCOUNT, OrderFactory, breaches, go
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.tests.kills import killed_at

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = Path(__file__).parents[1]
ON_THE_WAY_IN = (
    "before_attempt", "after_attempt", "before_store", "after_store", "before_claim", "after_claim", "after_book",
    "after_ledger", "after_callback", "before_commit", "after_commit",
)  # fmt: skip
AT_THE_DOOR = ("before_door", "after_door")
ON_THE_WAY_BACK = ("before_give_back", "after_give_back")
TRIED = [
    *(("lyra", point) for point in ON_THE_WAY_IN),
    *((rail, point) for rail in ("stripe", "payfip") for point in (*AT_THE_DOOR, "after_store", "after_ledger")),
]


def on_paid(*, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
    """A service whose work is a row, so that it can be counted after a kill."""
    record(by=by, verb="test.was_paid", subject=reference, now=now, person_id=facts.person_id, crous_id=facts.crous_id)


@pytest.fixture
def real_bank(tmp_path: Path) -> Iterator[Bank]:
    """The demonstration bank, reached over HTTP by the adapters of the product."""
    with playing(tmp_path) as bank, mock.patch.object(manifest, "paid_callback", {"test": on_paid}.__getitem__):
        yield bank


def pay(order: Order, bank: Bank, rail: str = "lyra") -> None:
    """The whole way of a payment: the student leaves, pays, the bank tells us, the worker reads, or asks."""
    now = timezone.now()
    gone = go(order, now, rail=rail)
    if gone.form is not None:
        token = arrive(bank, gone.form)
        if not at(bank, token).is_finished:
            bank.teller.try_card(token, "4970100000000022")
    for payment in (one for one in bank.book.payments() if one.is_finished):
        raw, headers = bank.postman.writers[payment.house](payment, "right", "PAY")
        Client(headers=headers).post(
            f"/api/payments/{payment.house}/notification", raw, content_type=headers["Content-Type"]
        )
    for event in OutsideEvent.objects.filter(status="new"):
        tasks.read_inbox(event_id=event.pk, now=now)
    if rail == "payfip":  # its notice makes us ask
        for attempt in Attempt.objects.filter(status__in=LIVE).exclude(asked_at=None):
            tasks.ask_bank(attempt_id=attempt.pk, now=now)


@pytest.mark.parametrize(("rail", "point"), TRIED)
@pytest.mark.parametrize("again", ["the student and the bank try again", "nobody does anything: the sweeps do"])
def test_a_payment_cut_anywhere_is_paid_once(
    real_bank: Bank, tmp_path: Path, *, rail: str, point: str, again: str
) -> None:
    order = OrderFactory(created_at=timezone.now())
    assert killed_at("payments", point, lambda: pay(order, real_bank, rail), tmp_path / "marker")
    if again.startswith("the student"):
        pay(order, real_bank, rail)
    hour = timezone.now()
    for _turn in range(3):
        hour += timedelta(hours=1)
        tasks.sweep_inbox(now=hour)
        tasks.sweep_attempts(now=hour)
    order.refresh_from_db()
    charged = [payment for payment in real_bank.book.payments() if payment.state == "authorised"]
    never_left = point in {"before_attempt", "after_attempt", *AT_THE_DOOR} and not again.startswith("the student")
    assert len(charged) == (0 if never_left else 1)
    assert (order.status == "paid") is bool(charged), "what was charged is booked, and nothing else"
    assert Capture.objects.count() == len(charged)
    assert Deed.objects.filter(verb="test.was_paid").count() == len(charged)
    assert balance(ACCOUNT) == len(charged) * 105_00
    assert breaches() == []
    assert_books_balance()


@pytest.mark.parametrize("point", ON_THE_WAY_BACK)
def test_a_refund_cut_anywhere_is_given_back_once(real_bank: Bank, tmp_path: Path, point: str) -> None:
    order = OrderFactory(created_at=timezone.now())
    now = timezone.now()
    first = at(real_bank, arrive(real_bank, go(order, now).form))
    Attempt.objects.update(status="expired", ended_at=now, ask_at=None)
    pay(order, real_bank)
    real_bank.teller.try_card(first.token, "4970100000000022")
    pay(order, real_bank)
    refund = Refund.objects.get()
    assert killed_at("payments", point, lambda: tasks.give_back(refund_id=refund.pk, now=now), tmp_path / "marker")
    tasks.sweep_refunds(now=now + timedelta(hours=1))
    tasks.give_back(refund_id=refund.pk, now=now + timedelta(hours=1))
    refund.refresh_from_db()
    assert refund.status == "given"
    assert sum(len(real_bank.book.refunds(payment.id)) for payment in real_bank.book.payments()) == 1
    assert balance("payments:surplus:lyra") == 0
    assert breaches() == []
    assert_books_balance()


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("payments\.(\w+)"\)', path.read_text()))
    assert marked == {*ON_THE_WAY_IN, *AT_THE_DOOR, *ON_THE_WAY_BACK}


def test_nothing_is_killed_in_ordinary_life(real_bank: Bank, tmp_path: Path) -> None:
    order = OrderFactory(created_at=timezone.now())
    assert not killed_at("payments", "no_such_point", lambda: pay(order, real_bank), tmp_path / "marker")
    order.refresh_from_db()
    assert order.status == "paid"
    assert actions.settle(event_id=OutsideEvent.objects.get().pk, now=timezone.now()) == ""
