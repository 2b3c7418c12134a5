"""Races around a payer's link (T2), each with its control: the same with the guard taken away, which must fail."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, connection
from django.db.models import F

from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.actions.go import Gone
from messervices.foundations.payments.models import Attempt, Order, PayerLink, Refund
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import LIVE
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    breaches,
    notice,
    receive,
    said,
)  # fmt: skip
from messervices.foundations.payments.tests.links import at, make_link, student
from messervices.foundations.payments.tests.test_races import THREADS, settle, without
from messervices.kernel import clock
from messervices.kernel.errors import Refusal
from messervices.kernel.tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10
BEGIN = sys.modules["messervices.foundations.payments.actions.begin"]


@pytest.fixture
def order() -> Order:
    return OrderFactory()


@pytest.fixture(autouse=True)
def _it_is_now() -> Iterator[None]:
    with at(NOW):
        yield


def payer(link: PayerLink, key: str = "", now: datetime = NOW) -> Callable[[], Any]:
    """Somebody with the link, and a browser of their own."""
    return lambda: actions.go_to_bank(
        uuid=link.order.uuid, person_id=link.person_id, language="fr", back_url="https://a/b", now=now,
        by_link=actions.ByLink(link.pk, key or f"browser {threading.get_ident()}"),
    )  # fmt: skip


def own_card(order: Order) -> Callable[[], Any]:
    return lambda: actions.go_to_bank(
        uuid=order.uuid, person_id=order.person_id, language="fr", back_url="https://a/b", now=NOW
    )  # fmt: skip


def making(order: Order) -> Callable[[], Any]:
    return lambda: actions.open_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=NOW)


def cancelling(order: Order) -> Callable[[], Any]:
    return lambda: actions.cancel_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=NOW)


def forms(given: list[Any]) -> list[Any]:
    """Those who were led to the bank."""
    return [one.form for one in given if getattr(one, "form", None) is not None]


@contextmanager
def unlocked() -> Iterator[None]:
    """Let nobody wait for anybody: no row is locked."""
    manager = type(Order.objects)
    with mock.patch.object(manager, "select_for_update", lambda self, **_: self.all(), create=True):
        yield


def number_once() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where conrelid = 'payments_attempt'::regclass and contype = 'u'"
            " and pg_get_constraintdef(oid) = 'UNIQUE (number)'"
        )
        return str(cursor.fetchone()[0])


def together_at_the_draw() -> Any:
    """Hold everybody until all are about to write their try."""
    gate = threading.Barrier(THREADS)
    drawn = iter(f"{turn:06d}" for turn in range(1000))

    def draw() -> str:
        return next(drawn) if gate.wait(10) >= 0 else ""

    return mock.patch.object(BEGIN, "_draw", draw)


# Two payers


def test_of_eight_payers_at_once_one_goes_to_the_bank_and_seven_wait(order: Order) -> None:
    given = together([payer(make_link(order))] * THREADS)
    assert len(forms(given)) == 1
    assert not [failure for failure in given if isinstance(failure, Exception)]
    assert Attempt.objects.filter(order=order).count() == 1
    assert breaches() == []


def test_control_without_lock_and_index_several_payers_go(order: Order) -> None:
    link = make_link(order)
    with without("payments_attempt", "attempt_one_live", "attempt_rank", number_once()):
        everybody = mock.patch.object(BEGIN, "accept_link", return_value=True)
        with unlocked(), everybody, together_at_the_draw():
            given = together([payer(link)] * THREADS)
        assert len(forms(given)) > 1
        assert Attempt.objects.filter(order=order, status__in=LIVE).count() > 1


def test_eight_links_asked_for_at_once_are_one(order: Order) -> None:
    given = together([making(order)] * THREADS)
    assert {link.pk for link in given} == {PayerLink.objects.get().pk}


def test_control_without_lock_and_index_many_links_are_made(order: Order) -> None:
    gate = threading.Barrier(THREADS)

    def look_together(order_id: int) -> None:
        gate.wait(10)

    with without("payments_payerlink", "payer_link_one_live"):
        with unlocked(), mock.patch.object(selectors, "live_attempt", look_together):
            together([making(order)] * THREADS)
        assert PayerLink.objects.count() > 1


# Accepting against closing


def all_is_one_way(order: Order) -> None:
    """Whoever won: at most one live way of paying, and none on a link that is closed."""
    assert Attempt.objects.filter(order=order, status__in=LIVE).count() <= 1
    assert not Attempt.objects.filter(order=order, status__in=LIVE).exclude(link=None).exclude(
        link__status="accepted"
    ).exists()  # fmt: skip
    assert breaches() == []


def test_accepting_against_cancelling(bank: FakeRail) -> None:
    bank.says = said(Outcome.UNFINISHED)
    for order in OrderFactory.create_batch(ROUNDS):
        link = make_link(order)
        given = together([payer(link, "one"), cancelling(order)] * 4)
        link.refresh_from_db()
        assert link.status == "cancelled"
        assert given[1::2].count(True) == 1, "it is cancelled once"
        assert {type(one) for one in given[::2]} <= {Refusal, Gone}
        all_is_one_way(order)
        assert not Attempt.objects.filter(order=order, status__in=LIVE).exists()


def test_control_without_the_lock_a_payer_is_led_to_the_bank_by_a_link_that_is_closed(order: Order) -> None:
    link = make_link(order)
    looked, closed = threading.Event(), threading.Event()

    def look_then_wait(*, order: Order, live: Any, by_link: Any, language: str, now: datetime) -> bool:
        looked.set()
        assert closed.wait(10)
        return True

    def cancel_meanwhile() -> bool:
        assert looked.wait(10)
        done = bool(cancelling(order)())
        closed.set()
        return done

    with unlocked(), mock.patch.object(BEGIN, "accept_link", look_then_wait):
        given = together([payer(link), cancel_meanwhile])
    link.refresh_from_db()
    assert (link.status, given[1]) == ("cancelled", True)
    assert Attempt.objects.filter(link=link, status__in=LIVE).exists(), "the race is there when nothing guards it"
    assert breaches() != []


def test_accepting_against_the_students_own_card(bank: FakeRail) -> None:
    bank.says = said(Outcome.UNFINISHED)
    for order in OrderFactory.create_batch(ROUNDS):
        link = make_link(order)
        together([payer(link, "one"), own_card(order)] * 4)
        all_is_one_way(order)
        live = selectors.live_attempt(order.pk)
        assert live is not None
        assert live.link_id is None, "the student’s card closes the link, whoever came first"
        link.refresh_from_db()
        assert link.status == "cancelled"


def test_both_taken_by_the_bank_at_the_same_instant_one_is_kept_and_one_goes_back(
    order: Order, bank: FakeRail, service: FakeService
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    link = make_link(order)
    payer(link, "one")()
    own_card(order)()
    by_link, own = Attempt.objects.order_by("rank")
    events = [receive(notice(attempt.number)) for attempt in (by_link, own)]
    effects = together([settle(event) for event in events if event])
    assert sorted(effects) == ["captured", "surplus"]
    assert Refund.objects.get().capture.attempt == by_link
    assert balance(ACCOUNT) == 105_00
    assert [facts.payer for facts in service.told] == ["student"]
    assert breaches() == []
    assert_books_balance()


def test_cancelling_while_the_bank_tells_us_never_loses_the_money(
    order: Order, bank: FakeRail, service: FakeService
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    link = make_link(order)
    payer(link)()
    event = receive(notice(Attempt.objects.get().number))
    assert event is not None
    effect, *_others = together([settle(event), *([cancelling(order)] * 4)])
    link.refresh_from_db()
    assert (effect, link.status) in {("captured", "paid"), ("surplus", "cancelled")}
    assert Refund.objects.count() == (effect == "surplus")
    assert breaches() == []
    assert_books_balance()


# The last second


def race_to_the_end(order: Order, lasts: timedelta) -> tuple[PayerLink, list[tuple[datetime, Any]]]:
    """Eight payers press the button around the end of a link; give when each had its answer."""
    link = make_link(order)
    PayerLink.objects.filter(pk=link.pk).update(expires_at=clock.by_database() + lasts)
    link.refresh_from_db()
    offset = NOW - datetime.now(UTC)

    def press(place: int) -> tuple[datetime, Any]:
        time.sleep(place * lasts.total_seconds() * 2 / THREADS)
        try:
            given: Any = payer(link, "one")()
        except Refusal as refusal:
            given = refusal
        return datetime.now(UTC) + offset, given

    return link, together([lambda place=place: press(place) for place in range(THREADS)])


def test_in_the_last_second_the_databases_clock_decides_at_the_moment_of_acceptance(order: Order) -> None:
    link, answers = race_to_the_end(order, timedelta(milliseconds=400))
    link.refresh_from_db()
    _at, first = answers[0]
    assert first.form is not None
    assert link.accepted_at < link.expires_at
    assert Attempt.objects.count() == 1
    late = [given for when, given in answers if when > link.expires_at + timedelta(milliseconds=50)]
    assert late
    assert all(given.form == first.form for given in late), "begun in time, it is gone on with"


def test_after_the_last_second_nothing_begins(order: Order) -> None:
    link = make_link(order)
    PayerLink.objects.filter(pk=link.pk).update(expires_at=clock.by_database() + timedelta(milliseconds=50))
    time.sleep(0.1)
    given = together([payer(link)] * THREADS)
    assert {type(one) for one in given} == {Refusal}
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("skew", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_a_server_whose_clock_is_wrong_decides_as_the_others_do(order: Order, skew: timedelta) -> None:
    """T9: the time that a server believes it is (``now``) is ten minutes off; the database's is not."""
    link = make_link(order)
    end = link.expires_at
    with at(end - timedelta(seconds=2)):
        assert payer(link, now=end - timedelta(seconds=2) + skew)().form is not None
    Attempt.objects.update(status="refused", ended_at=NOW, ask_at=None)
    with at(end + timedelta(seconds=1)), pytest.raises(Refusal, match="link_over"):
        payer(link, now=end + timedelta(seconds=1) + skew)()


def test_control_by_the_servers_own_clock_a_payment_begins_after_the_end_and_the_database_refuses_it(
    order: Order,
) -> None:
    link = make_link(order)
    late = link.expires_at + timedelta(minutes=1)
    with at(late), mock.patch.object(clock, "by_database", return_value=late - timedelta(minutes=10)):
        assert payer(link, now=late)().form is not None, "decided by a slow clock, it would begin"
    PayerLink.objects.filter(pk=link.pk).update(accepted_at=None, status="open")
    Attempt.objects.update(status="refused", ended_at=NOW, ask_at=None)
    with pytest.raises(IntegrityError, match="payer_link_accepted_in_time"):
        PayerLink.objects.filter(pk=link.pk).update(accepted_at=F("expires_at"))


def test_expiring_against_accepting(order: Order, bank: FakeRail) -> None:
    bank.says = said(Outcome.UNFINISHED)
    link, _answers = race_to_the_end(order, timedelta(milliseconds=200))
    together([lambda: actions.expire_link(link_id=link.pk, now=NOW)] * THREADS)
    link.refresh_from_db()
    assert link.status == "accepted", "who is at the bank in time is waited for"
    bank.says = said(Outcome.ABANDONED)
    given = together([lambda: actions.expire_link(link_id=link.pk, now=NOW)] * THREADS)
    assert given.count(True) == 1
    assert breaches() == []


def test_the_students_card_that_was_given_up_and_a_relatives_money_come_together(
    order: Order, bank: FakeRail, service: FakeService
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    own = begin(order)
    link = making(order)()
    payer(link)()
    by_link = Attempt.objects.get(link=link)
    events = [receive(notice(attempt.number)) for attempt in (own, by_link)]
    assert sorted(together([settle(event) for event in events if event])) == ["captured", "surplus"]
    assert len(service.told) == 1
    assert balance(ACCOUNT) == 105_00
    assert breaches() == []
