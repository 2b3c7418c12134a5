"""Which bank a person is led to, and how they change: never two live tries, nothing lost, nothing paid for nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from bank.web import Bank
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, RailHealth, Refund
from messervices.foundations.payments.providers.rail import BankForm
from messervices.foundations.payments.providers.stripe import Stripe
from messervices.foundations.payments.rules import RESUME_WITHIN, RETRY_WITHIN
from messervices.foundations.payments.tests.banks import arrive, playing
from messervices.foundations.payments.tests.factories import ACCOUNT, FakeService, OrderFactory, go
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.kernel.tests.races import together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
CARD = "4970100000000022"
FORM = "application/x-www-form-urlencoded"
NOTICE = {rail: f"/api/payments/{rail}/notification" for rail in ("lyra", "stripe", "payfip")}


@pytest.fixture
def banks(tmp_path: Path) -> Iterator[Bank]:
    """The three banks, over HTTP."""
    with playing(tmp_path) as running:
        yield running


@pytest.fixture
def order() -> Order:
    """An order of now: the banks read dates."""
    return OrderFactory(created_at=timezone.now())


def down(banks: Bank, house: str, seconds: int = 60) -> None:
    banks.control.handle("down", {"seconds": seconds, "house": house})


def put_out(rail: str, now: datetime) -> None:
    """A bank has just failed too often."""
    RailHealth.objects.update_or_create(
        rail=rail, defaults={"failures": 3, "since": now, "out_since": now, "out_until": now + timedelta(seconds=15)}
    )
    selectors.forget_health()


def tries(order: Order) -> list[tuple[str, str, str]]:
    return list(Attempt.objects.filter(order=order).order_by("rank").values_list("rail", "status", "detail"))


def tell(banks: Bank, client: Client) -> None:
    """Every finished payment of the banks is told to us, and what that makes us do is done."""
    for payment in (one for one in banks.book.payments() if one.is_finished):
        raw, headers = banks.postman.writers[payment.house](payment, "right", "PAY")
        client.post(NOTICE[payment.house], raw, content_type=headers["Content-Type"], headers=headers)
    now = timezone.now()
    for event in OutsideEvent.objects.filter(status="new"):
        tasks.read_inbox(event_id=event.pk, now=now)
    for attempt in Attempt.objects.filter(rail="payfip").exclude(asked_at=None).exclude(status="captured"):
        tasks.ask_bank(attempt_id=attempt.pk, now=now)


# The bank that answers


def test_a_card_goes_to_the_first_bank_and_another_means_to_its_own(banks: Bank, order: Order) -> None:
    assert go(order, timezone.now()).form.fields
    assert tries(order) == [("lyra", "begun", "")]
    other = OrderFactory()
    form = go(other, timezone.now(), rail="payfip").form
    attempt = Attempt.objects.get(order=other)
    assert form == BankForm(attempt.door_url, {}, attempt.rail_ref)
    assert attempt.door_url.endswith(f"idop={attempt.rail_ref}")
    assert attempt.door_at is not None


def test_a_bank_that_is_out_is_passed_over(banks: Bank, order: Order) -> None:
    put_out("lyra", timezone.now())
    assert "/pay/" in go(order, timezone.now()).form.action_url
    assert tries(order) == [("stripe", "begun", "")]


def test_a_bank_that_fails_as_one_leaves_makes_room_for_the_next_at_once(
    banks: Bank, order: Order, settings: Any
) -> None:
    settings.PAYMENT_RAILS = ["stripe", "lyra"]
    down(banks, "stripe")
    assert go(order, timezone.now()).form.fields["vads_order_id"] == f"{order.number}-2"
    assert tries(order) == [("stripe", "abandoned", "no_door"), ("lyra", "begun", "")]
    assert selectors.attempts_to_ask(timezone.now() + timedelta(days=2)) == [Attempt.objects.get(rail="lyra").pk], (
        "nobody was led to Stripe: there is nothing to ask"
    )


def test_when_every_bank_is_out_nothing_begins_and_nothing_is_called(banks: Bank, order: Order) -> None:
    for rail in ("lyra", "stripe"):
        put_out(rail, timezone.now())
    called = mock.patch("urllib.request.OpenerDirector.open", side_effect=AssertionError("called"))
    with called, pytest.raises(ProviderUnavailable):
        go(order, timezone.now())
    assert tries(order) == []
    later = timezone.now() + timedelta(seconds=16)
    assert go(order, later).form.fields, "the first that answers again is taken"
    assert not selectors.is_out("lyra")


def test_a_means_that_is_not_offered_is_refused(banks: Bank, order: Order, settings: Any) -> None:
    for rail in ("eficash", "barter", ""):
        with pytest.raises(Refusal, match="means_closed"):
            go(order, timezone.now(), rail=rail)
    settings.PAYMENT_RAILS = ["lyra"]
    with pytest.raises(Refusal, match="means_closed"):
        go(order, timezone.now(), rail="payfip")


def test_a_bank_that_does_not_take_the_payment_is_told_from_one_that_is_silent(
    banks: Bank, order: Order, settings: Any
) -> None:
    Order.objects.filter(pk=order.pk).update(label="", amount_cents=1_00)
    with mock.patch.object(banks.settings.__class__, "payfip_numcli", "999999", create=True):
        settings.PAYFIP_NUMCLI = "111111"
        from messervices.foundations.payments.providers import rail_named

        rail_named.cache_clear()
        with pytest.raises(Refusal, match="bank_refuses"):
            go(order, timezone.now(), rail="payfip")
    assert tries(order) == [("payfip", "abandoned", "no_door")]
    assert not RailHealth.objects.filter(failures__gt=0).exists()


# An outcome that is not known


def test_a_beginning_whose_answer_was_lost_is_asked_for_again_and_is_the_same(banks: Bank, order: Order) -> None:
    real = Stripe.begin

    def lost(rail: Stripe, attempt: Any) -> BankForm:
        real(rail, attempt)
        raise ProviderUnavailable("stripe", "TimeoutError")

    put_out("lyra", timezone.now() + timedelta(hours=1))
    now = timezone.now()
    with mock.patch.object(Stripe, "begin", lost), pytest.raises(ProviderUnavailable):
        go(order, now)
    assert tries(order) == [("stripe", "begun", "")]
    form = go(order, now + timedelta(seconds=2)).form
    assert go(order, now + timedelta(seconds=3)).form == form
    assert len(banks.book.payments()) == 1, "the same key, the same session"
    assert tries(order) == [("stripe", "begun", "")]


def test_an_operation_begun_twice_shows_one_to_everybody(banks: Bank, order: Order) -> None:
    from messervices.foundations.payments.providers.payfip import PayFip

    real = PayFip.begin

    def lost(rail: PayFip, attempt: Any) -> BankForm:
        real(rail, attempt)
        raise ProviderUnavailable("payfip", "TimeoutError")

    now = timezone.now()
    with mock.patch.object(PayFip, "begin", lost), pytest.raises(ProviderUnavailable):
        go(order, now, rail="payfip")
    shown = {go(order, now + timedelta(seconds=turn), rail="payfip").form.ref for turn in range(3)}
    assert len(shown) == 1
    assert len(banks.book.payments()) == 2
    assert tries(order) == [("payfip", "begun", "")]


def test_who_was_led_nowhere_changes_freely(banks: Bank, order: Order) -> None:
    down(banks, "payfip")
    now = timezone.now()
    with pytest.raises(ProviderUnavailable):
        go(order, now, rail="payfip")
    assert go(order, now).form.fields
    assert tries(order) == [("payfip", "abandoned", "no_door"), ("lyra", "begun", "")]


def test_a_beginning_that_came_to_nothing_is_not_begun_again_after_an_hour(banks: Bank, order: Order) -> None:
    down(banks, "payfip")
    now = timezone.now()
    with pytest.raises(ProviderUnavailable):
        go(order, now, rail="payfip")
    down(banks, "payfip", 0)
    go(order, now + RETRY_WITHIN, rail="payfip")
    assert tries(order) == [("payfip", "abandoned", "no_door"), ("payfip", "begun", "")]


def test_a_door_that_comes_after_the_try_has_ended_leads_nowhere(banks: Bank, order: Order) -> None:
    """One tab waits for PayFiP; in another one the student takes a card."""
    from messervices.foundations.payments.providers.payfip import PayFip

    real, now = PayFip.begin, timezone.now()

    def slow(rail: PayFip, attempt: Any) -> BankForm:
        assert go(order, now).form.fields
        return real(rail, attempt)

    with mock.patch.object(PayFip, "begin", slow):
        assert go(order, now, rail="payfip").form is None
    assert tries(order) == [("payfip", "abandoned", "no_door"), ("lyra", "begun", "")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rail", ["stripe", "payfip"])
def test_eight_clicks_at_once_are_one_try_with_one_door(banks: Bank, order: Order, rail: str) -> None:
    now = timezone.now()
    gone = together([lambda: go(order, now, rail=rail)] * 8)
    assert len({one.form.action_url for one in gone}) == 1
    assert len(tries(order)) == 1


# Changing


def test_changing_asks_the_first_bank_and_has_its_page_closed_where_that_can_be(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    token = arrive(banks, go(order, now, rail="stripe").form)
    assert go(order, now, rail="payfip").form.ref
    assert tries(order) == [("stripe", "abandoned", "closed"), ("payfip", "begun", "")]
    assert banks.teller.try_card(token, CARD).state == "abandoned", "nothing is taken by the page that was left"


def test_a_form_that_was_left_may_still_be_paid_and_then_one_of_both_goes_back(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    first = arrive(banks, go(order, now).form)
    second = arrive(banks, go(order, now, rail="payfip").form)
    assert tries(order) == [("lyra", "abandoned", "left"), ("payfip", "begun", "")]
    assert Attempt.objects.get(rail="lyra").pk in selectors.attempts_to_ask(now + timedelta(minutes=11))
    banks.teller.try_card(second, CARD)
    tell(banks, client)
    order.refresh_from_db()
    assert order.status == "paid"
    banks.teller.try_card(first, CARD)
    tasks.sweep_attempts(now=now + timedelta(minutes=11))  # no notice comes: it is asked about all the same
    assert Capture.objects.count() == 2
    refund = Refund.objects.get()
    assert refund.capture.rail == "lyra"
    tasks.give_back(refund_id=refund.pk, now=now + timedelta(minutes=12))
    assert balance(ACCOUNT) == 105_00
    assert balance("payments:surplus:lyra") == 0
    assert len(service.told) == 1


def test_money_given_twice_to_a_bank_that_gives_nothing_back_waits_for_an_agent(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    first = arrive(banks, go(order, now).form)
    second = arrive(banks, go(order, now, rail="payfip").form)
    for token in (first, second):
        banks.teller.try_card(token, CARD)
        tell(banks, client)
    refund = Refund.objects.get()
    assert refund.capture.rail == "payfip"
    for _turn in range(2):
        tasks.give_back(refund_id=refund.pk, now=now)
    refund.refresh_from_db()
    assert (refund.status, refund.detail) == ("failed", "no_way_back")
    assert balance("payments:surplus:payfip") == 105_00, "it is ours to give back, and is seen to be"


def test_who_came_back_from_the_bank_is_not_led_to_another_before_it_answers(banks: Bank, order: Order) -> None:
    now = timezone.now()
    arrive(banks, go(order, now).form)
    actions.note_return(order_id=order.pk, now=now)
    down(banks, "lyra")
    for leave_silent in (False, True):
        with pytest.raises(ProviderUnavailable):
            go(order, now, rail="payfip", leave_silent=leave_silent)
    assert tries(order) == [("lyra", "unconfirmed", "")]


def test_who_says_that_they_did_not_pay_at_a_silent_bank_takes_another(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    go(order, now)
    down(banks, "lyra")
    later = now + RESUME_WITHIN
    with pytest.raises(ProviderUnavailable):
        go(order, later)
    with pytest.raises(ProviderUnavailable):
        go(order, later, rail="payfip")
    gone = go(order, later, leave_silent=True)
    assert tries(order) == [("lyra", "abandoned", "left"), ("stripe", "begun", "")]
    banks.teller.try_card(arrive(banks, gone.form), CARD)
    tell(banks, client)
    order.refresh_from_db()
    assert order.status == "paid"


def test_who_has_just_left_a_silent_bank_is_not_led_back_to_it(banks: Bank, order: Order) -> None:
    now = timezone.now()
    go(order, now)
    down(banks, "lyra")
    assert not go(order, now + timedelta(seconds=9), leave_silent=True).form.fields
    assert tries(order) == [("lyra", "abandoned", "left"), ("stripe", "begun", "")]


def test_a_live_try_of_a_bank_that_went_out_is_asked_about_however_young(banks: Bank, order: Order) -> None:
    now = timezone.now()
    go(order, now)
    put_out("lyra", now)
    with pytest.raises(ProviderUnavailable):
        go(order, now + timedelta(seconds=1))


def test_an_operation_that_can_no_longer_be_opened_makes_room_and_is_still_asked_about(
    banks: Bank, order: Order, service: FakeService
) -> None:
    now = timezone.now()
    form = go(order, now, rail="payfip").form
    assert go(order, now + timedelta(minutes=14), rail="payfip").form == form
    assert go(order, now + timedelta(minutes=16), rail="payfip").form is None, "it may be under way: wait"
    assert go(order, now + timedelta(minutes=21), rail="payfip").form.ref != form.ref
    assert tries(order) == [("payfip", "abandoned", "left"), ("payfip", "begun", "")]
    banks.teller.try_card(banks.book.payment(trans_id=form.ref).token, CARD)
    tasks.sweep_attempts(now=now + timedelta(hours=1))
    order.refresh_from_db()
    assert order.status == "paid"


def test_an_operation_without_an_end_is_over_after_two_hours(banks: Bank, order: Order) -> None:
    now = timezone.now()
    go(order, now, rail="payfip")
    for hours in (1, 2, 3):
        tasks.sweep_attempts(now=now + timedelta(hours=hours))
    assert tries(order) == [("payfip", "expired", "")]
