"""Bad lines to each bank (T6): nobody waits longer than the time-out, the bank leaves the choice, money is exact."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from bank.web import Bank
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.rules import LEASE
from messervices.foundations.payments.tests.banks import RAILS, arrive, playing, reached_at
from messervices.foundations.payments.tests.factories import ACCOUNT, FakeService, OrderFactory, breaches, go
from messervices.foundations.payments.tests.lines import FAULTS, Line, line_to
from messervices.kernel.errors import ProviderUnavailable
from messervices.kernel.tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE, MARGIN = 0.5, 1.5
"""Seconds: the time-out of these tests, and what a busy machine may add to it."""

CARD = "4970100000000022"
PEOPLE = 4


@pytest.fixture
def banks(tmp_path: Path, settings: Any) -> Iterator[tuple[Bank, Line]]:
    """The banks, behind a line that is good at first."""
    settings.BANK_TIMEOUT_SECONDS = PATIENCE
    with playing(tmp_path) as bank, line_to(bank.server.server_address[1]) as line, reached_at(line.url):
        yield bank, line


def timed(deed: Callable[[], Any]) -> Callable[[], tuple[float, Any]]:
    """Do a deed; give how long it took and what it gave, or the silence that it met."""

    def run() -> tuple[float, Any]:
        began = time.monotonic()
        try:
            given = deed()
        except ProviderUnavailable as silence:
            given = silence
        return time.monotonic() - began, given

    return run


def question(order: Order, name: str, now: datetime) -> Callable[[], Any]:
    """What a person makes us ask of the bank: to begin, or, where that asks nobody, what became of their try."""
    if rail_named(name).terms.calls:
        return lambda: go(order, now, rail=name)
    attempt = selectors.live_attempt(order.pk)
    assert attempt is not None
    return lambda: actions.ask_bank(attempt_id=attempt.pk, now=now)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", RAILS)
def test_on_a_bad_line_nobody_waits_long_and_the_bank_leaves_the_choice_and_money_is_exact(
    banks: tuple[Bank, Line], service: FakeService, name: str, fault: str
) -> None:
    bank, line = banks
    now = timezone.now()
    orders = [OrderFactory(created_at=now) for _turn in range(PEOPLE)]
    if not rail_named(name).terms.calls:
        for order in orders:
            go(order, now, rail=name)
    line.fault = fault
    began = time.monotonic()
    given = together([timed(question(order, name, now)) for order in orders])
    assert all(seconds < PATIENCE + MARGIN for seconds, _what in given), [seconds for seconds, _what in given]
    assert all(isinstance(what, ProviderUnavailable) for _seconds, what in given), given
    assert selectors.is_out(name)
    assert time.monotonic() - began < 10
    fast = timed(lambda: actions.try_again(rail=name, now=now))()
    assert fast[0] < 0.3, "nobody waits for a bank that is out"
    assert fast[1] is False

    line.fault = ""
    later = now + timedelta(seconds=60)
    tasks.try_banks(now=later)
    assert not selectors.is_out(name), "it is back by itself"
    for order in orders:
        form = go(order, later, rail=name).form
        assert form is not None
        bank.teller.try_card(arrive(bank, form), CARD)
    tasks.sweep_attempts(now=now + timedelta(hours=1))
    charged = [payment for payment in bank.book.payments() if payment.state == "authorised"]
    assert len(charged) == PEOPLE
    assert Order.objects.filter(status="paid").count() == Capture.objects.count() == len(service.told) == PEOPLE
    assert balance(ACCOUNT) == PEOPLE * 105_00
    assert breaches() == []
    assert_books_balance()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["lyra", "stripe"])
def test_money_given_back_over_a_bad_line_is_given_back_once(
    banks: tuple[Bank, Line], service: FakeService, name: str, fault: str
) -> None:
    bank, line = banks
    now = timezone.now()
    order = OrderFactory(created_at=now)
    tokens = []
    for _turn in range(2):
        tokens.append(arrive(bank, go(order, now, rail=name).form))
        Attempt.objects.filter(status="begun").update(status="expired", ended_at=now, ask_at=None)
    for attempt, token in zip(Attempt.objects.order_by("rank"), tokens, strict=True):
        bank.teller.try_card(token, CARD)
        actions.ask_bank(attempt_id=attempt.pk, now=now)
    refund = Refund.objects.get()
    line.fault = fault
    seconds, given = timed(lambda: actions.give_back(refund_id=refund.pk, now=now))()
    assert seconds < 2 * PATIENCE + MARGIN, "it is asked first, and each question has its own time"
    assert isinstance(given, ProviderUnavailable)
    line.fault = ""
    assert actions.give_back(refund_id=refund.pk, now=now + LEASE) == "given"
    assert sum(len(bank.book.refunds(payment.id)) for payment in bank.book.payments()) == 1
    assert balance(f"payments:surplus:{name}") == 0
    assert balance(f"psp:{name}:receivable") == -105_00
    assert breaches() == []
    assert_books_balance()


@pytest.mark.parametrize("name", ["lyra", "stripe"])
def test_a_refund_done_whose_answer_was_lost_is_seen_to_be_done(
    banks: tuple[Bank, Line], service: FakeService, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, line = banks
    now = timezone.now()
    order = OrderFactory(created_at=now)
    for _turn in range(2):
        bank.teller.try_card(arrive(bank, go(order, now, rail=name).form), CARD)
        Attempt.objects.filter(status="begun").update(status="expired", ended_at=now, ask_at=None)
    for attempt in Attempt.objects.order_by("rank"):
        actions.ask_bank(attempt_id=attempt.pk, now=now)
    refund = Refund.objects.get()
    rail = type(rail_named(name))
    real = rail.give_back

    def over_a_bad_line(self: Any, tx_id: str, amount_cents: int, key: str) -> Any:
        line.fault = "lost"
        return real(self, tx_id, amount_cents, key)

    monkeypatch.setattr(rail, "give_back", over_a_bad_line)
    with pytest.raises(ProviderUnavailable):
        actions.give_back(refund_id=refund.pk, now=now)
    assert sum(len(bank.book.refunds(payment.id)) for payment in bank.book.payments()) == 1, "the bank has done it"
    line.fault = ""
    assert actions.give_back(refund_id=refund.pk, now=now + LEASE) == "given"
    assert sum(len(bank.book.refunds(payment.id)) for payment in bank.book.payments()) == 1


def test_a_line_that_is_slow_but_in_time_changes_nothing(banks: tuple[Bank, Line]) -> None:
    _bank, line = banks
    assert not line.fault
    for name in RAILS:
        assert go(OrderFactory(created_at=timezone.now()), timezone.now(), rail=name).form is not None
        assert not selectors.is_out(name)
