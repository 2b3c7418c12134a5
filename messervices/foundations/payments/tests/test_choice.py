"""Which bank a person is led to, and how they change: never two live tries, nothing lost, nothing paid for nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bank.web import Bank
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, RailHealth, Refund
from messervices.foundations.payments.providers.rail import BankForm
from messervices.foundations.payments.providers.stripe import Stripe
from messervices.foundations.payments.rules import RESUME_WITHIN, RETRY_WITHIN
from messervices.foundations.payments.tests.banks import arrive, playing
from messervices.foundations.payments.tests.factories import ACCOUNT, FakeService, OrderFactory, go, jobs_waiting
from messervices.foundations.payments.tests.test_races import together
from messervices.foundations.students.tests.factories import user_of
from messervices.kernel.errors import ProviderUnavailable, Refusal

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


# Hints


def test_a_hint_makes_us_ask_and_proves_nothing(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    form = go(order, now, rail="payfip").form
    token = arrive(banks, form)

    def hint() -> int:
        said = client.post(NOTICE["payfip"], f"idop={form.ref}", content_type=FORM)
        assert said.status_code == 200
        return jobs_waiting("ask_bank")

    assert hint() == 1
    assert hint() == 1, "the same words again, within seconds"
    attempt = Attempt.objects.get()
    tasks.ask_bank(attempt_id=attempt.pk, now=now)
    assert Order.objects.get().status == "open", "whoever sent it, nothing was paid"
    banks.teller.try_card(token, CARD)
    Attempt.objects.update(asked_at=now - timedelta(seconds=30))
    assert hint() == 2
    tasks.ask_bank(attempt_id=attempt.pk, now=now)
    assert Order.objects.get().status == "paid"
    assert hint() == 2, "there is nothing more to ask"
    assert OutsideEvent.objects.filter(kind="notice").get().status == "refused", "a hint is never read as a notice"


def test_a_hint_about_nothing_asks_nobody(banks: Bank, client: Client) -> None:
    for turn in range(70):
        assert client.post(NOTICE["payfip"], f"idop=guess-{turn}", content_type=FORM).status_code == 200
    assert jobs_waiting("ask_bank") == 0
    assert OutsideEvent.objects.count() == 60


def test_a_hint_after_an_end_asks_again_for_the_payer_may_have_tried_again(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    form = go(order, now, rail="payfip").form
    Attempt.objects.update(status="refused", ended_at=now, ask_at=None)
    banks.teller.try_card(arrive(banks, form), CARD)
    client.post(NOTICE["payfip"], f"idop={form.ref}", content_type=FORM)
    assert jobs_waiting("ask_bank") == 1
    tasks.ask_bank(attempt_id=Attempt.objects.get().pk, now=now)
    assert Order.objects.get().status == "paid"


# On the pages


@pytest.fixture
def student(order: Order, client: Client) -> Client:
    client.force_login(user_of(order.person))
    client.cookies["language"] = "fr"
    return client


def test_the_page_offers_the_choice_and_leads_to_what_was_chosen(banks: Bank, order: Order, student: Client) -> None:
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert "Par carte bancaire" in body
    assert 'value="card" checked' in body
    assert "Par le service PayFiP de l’État" in body
    gone = student.post(reverse("pay:go", args=[order.uuid]), {"rail": "payfip"})
    assert gone.status_code == 302
    assert gone["Location"] == Attempt.objects.get().door_url
    assert banks.book.payments()[0].sent["mel"] == user_of(order.person).email


def test_a_means_that_does_not_answer_stays_on_the_page_and_cannot_be_chosen(order: Order, student: Client) -> None:
    put_out("payfip", timezone.now())
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert 'value="payfip" disabled' in body
    assert "Aucune banque ne répond pour ce moyen" in body


def test_when_all_banks_are_out_the_page_says_what_to_do_and_that_nothing_is_lost(
    order: Order, student: Client
) -> None:
    for rail in ("lyra", "stripe", "payfip"):
        put_out(rail, timezone.now())
    page = student.post(reverse("pay:go", args=[order.uuid]))
    assert page.status_code == 503
    body = page.content.decode()
    for sentence in ("Votre demande est gardée", "Revenez dans quelques minutes", "Choisir un autre moyen de payer"):
        assert sentence in body
    assert "Payer autrement maintenant" not in body
    assert tries(order) == []


def test_a_silent_bank_offers_the_others_to_who_has_not_come_back(banks: Bank, order: Order, student: Client) -> None:
    at_go = reverse("pay:go", args=[order.uuid])
    student.post(at_go)
    put_out("lyra", timezone.now())
    body = student.post(at_go).content.decode()
    assert "Vous êtes sûr de n’avoir pas payé" in body
    assert '<input type="hidden" name="leave" value="yes">' in body
    gone = student.post(at_go, {"rail": "payfip", "leave": "yes"})
    assert gone.status_code == 302
    assert tries(order) == [("lyra", "abandoned", "left"), ("payfip", "begun", "")]
    student.get(reverse("pay:back", args=[order.uuid]))
    body = student.post(at_go, {"rail": "card"}).content.decode()
    assert "Vous avez laissé" not in body


def test_the_page_of_a_try_that_was_left_says_that_it_is_still_asked_about(order: Order, student: Client) -> None:
    now = timezone.now()
    go(order, now)
    Attempt.objects.update(status="abandoned", ended_at=now, detail="left")
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert "Vous avez laissé votre premier essai" in body
    assert "l’un des deux vous serait rendu" in body


@pytest.mark.parametrize(("rail", "longest"), [("lyra", 16 * 1024), ("stripe", 64 * 1024), ("payfip", 1024)])
def test_a_letter_too_long_is_not_read(client: Client, rail: str, longest: int) -> None:
    assert client.post(NOTICE[rail], b"a" * (longest + 1), content_type="text/plain").status_code == 413
    assert client.get(NOTICE[rail]).status_code == 405
