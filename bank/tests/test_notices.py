"""Notices: before, after, twenty times, late, never, forged, for another amount."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from bank.form import is_signed
from bank.notices import LAST_TRY, PLANS
from bank.settings import Settings
from bank.tests.conftest import KEY, Browser, Shop
from bank.web import Bank

Form = Callable[..., dict[str, str]]


def pay(browser: Browser, fields: dict[str, str], card: str = "accepted") -> dict[str, str]:
    """Play the cardholder by the control side."""
    status, said = browser.tell("/control/pay", {"form": fields, "card": card})
    assert status == 200, said
    return said


def wait_for(count: int, shop: Shop) -> None:
    """Wait until the shop has that many letters; five seconds at most."""
    end = time.monotonic() + 5
    while len(shop.letters) < count and time.monotonic() < end:
        time.sleep(0.02)
    assert len(shop.letters) == count


def test_a_notice_after_the_return_comes_by_itself(browser: Browser, shop: Shop, form: Form) -> None:
    pay(browser, form(), "notice_after")
    assert shop.letters == []
    browser.tell("/control/clock", {"seconds": 3})
    wait_for(1, shop)


def test_a_notice_twenty_times_is_half_the_same_letter(browser: Browser, shop: Shop, form: Form) -> None:
    pay(browser, form(), "notice_twenty")
    assert len(shop.letters) == 20
    assert len(set(shop.letters)) == 2, "ten times the first, ten times the one sent again"
    assert {notice["vads_trans_uuid"] for notice in shop.notices} == {shop.notices[0]["vads_trans_uuid"]}


def test_a_notice_hours_late_waits_for_the_clock(browser: Browser, shop: Shop, form: Form) -> None:
    browser.tell("/control/hour", {"seconds": 3600})
    pay(browser, form(), "notice_late")
    browser.tell("/control/clock", {"seconds": 3 * 3600 - 60})
    time.sleep(0.3)
    assert shop.letters == []
    browser.tell("/control/clock", {"seconds": 61})
    wait_for(1, shop)


def test_a_notice_never_sent_leaves_the_payment_to_be_asked_for(
    bank: Bank, browser: Browser, shop: Shop, form: Form
) -> None:
    said = pay(browser, form(), "notice_never")
    assert said["state"] == "authorised"
    assert bank.book.notices(1) == []


def test_a_forged_notice_has_a_wrong_signature(browser: Browser, shop: Shop, form: Form) -> None:
    pay(browser, form(), "notice_forged")
    assert [is_signed(notice, (KEY,)) for notice in shop.notices] == [False]


def test_another_amount_is_taken_and_told(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    pay(browser, form(), "other_amount")
    assert bank.book.payments()[0].taken == 10400
    assert [n["vads_effective_amount"] for n in shop.notices] == ["10400"]
    assert is_signed(shop.notices[0], (KEY,))


def test_a_notice_may_also_lie_about_the_amount(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    browser.tell("/control/plan", {"notice": "other_amount_said"})
    pay(browser, form())
    assert bank.book.payments()[0].taken == 10500
    assert [n["vads_effective_amount"] for n in shop.notices] == ["10400"]


def test_a_pending_authorisation_is_given_later(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    pay(browser, form(), "waiting")
    browser.tell("/control/clock", {"seconds": 21})
    wait_for(2, shop)
    assert [n["vads_trans_status"] for n in shop.notices] == ["WAITING_AUTHORISATION", "AUTHORISED"]
    assert len({n["vads_trans_uuid"] for n in shop.notices}) == 1


def test_a_page_left_open_is_given_up_and_told(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    browser.open("/vads-payment/", form())
    browser.tell("/control/clock", {"seconds": 15 * 60 + 1})
    wait_for(1, shop)
    assert bank.book.payments()[0].state == "expired"
    assert shop.notices[0]["vads_trans_status"] == "ABANDONED"


def test_a_notice_refused_by_the_shop_comes_again_five_times_at_most(
    bank: Bank, browser: Browser, shop: Shop, form: Form
) -> None:
    shop.status = 503
    pay(browser, form())
    for turn in range(2, LAST_TRY + 1):
        browser.tell("/control/clock", {"seconds": 6})
        wait_for(turn, shop)
    time.sleep(0.05)
    notice = bank.book.notices(1)[0]
    assert (notice.state, notice.tries) == ("failed", LAST_TRY)
    assert notice.answer.startswith("503")


def test_a_shop_that_is_away_gets_its_notice_when_it_is_back(
    bank: Bank, browser: Browser, shop: Shop, form: Form
) -> None:
    pay(browser, form(url_check="http://127.0.0.1:9/closed"))
    notice = bank.book.notices(1)[0]
    assert (notice.state, notice.tries) == ("due", 1)
    assert notice.answer.startswith("no answer")


def test_the_form_may_name_where_notices_go(browser: Browser, shop: Shop, settings: Settings, form: Form) -> None:
    pay(browser, form(url_check=shop.url + "/elsewhere"))
    assert len(shop.letters) == 1


def test_a_bank_killed_while_sending_sends_again(settings: Settings, shop: Shop, form: Form) -> None:
    first = Bank(settings)
    payment = first.teller.receive(form())
    first.teller.try_card(payment.token, "4970100000000022")
    assert len(first.postman.take()) == 1, "taken, then killed"
    first.server.server_close()
    second = Bank(replace(settings))
    assert second.postman.deliver_now(payment.id) == 1
    second.server.server_close()
    assert shop.notices[0]["vads_trans_status"] == "AUTHORISED"


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_plan_can_be_asked_for_by_control(browser: Browser, name: str) -> None:
    assert browser.tell("/control/plan", {"notice": name}) == (200, {"notice": name})


def test_a_plan_laid_for_an_order_is_used_once(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    browser.tell("/control/plan", {"notice": "never", "order_id": "ORDER-1"})
    pay(browser, form(trans_id="aaaaaa", order_id="ORDER-2"))
    pay(browser, form(trans_id="bbbbbb"))
    pay(browser, form(trans_id="cccccc"))
    assert [n["vads_trans_id"] for n in shop.notices] == ["aaaaaa", "cccccc"]
