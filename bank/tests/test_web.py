"""The bank as a cardholder and a shop meet it, over HTTP."""

import re
from collections.abc import Callable

import pytest

from bank import cards
from bank.form import is_signed
from bank.tests.conftest import KEY, Browser, Shop
from bank.web import Bank

Form = Callable[..., dict[str, str]]
BACK = "http://shop.example/back"


def enter(browser: Browser, fields: dict[str, str]) -> str:
    """Send the form; give the address of the card page."""
    status, _body, location = browser.open("/vads-payment/", fields)
    assert status == 303
    return location.partition("?")[0]


def pay(browser: Browser, here: str, name: str, code: str = cards.CODE) -> tuple[int, str, str]:
    """Use a card; give the last answer."""
    status, body, location = browser.open(f"{here}/card", {"number": cards.BY_NAME[name].number})
    if cards.BY_NAME[name].challenge == "none" or status != 303:
        return status, body, location
    return browser.open(f"{here}/code", {"code": code})


def test_a_payment_goes_from_form_to_card_to_code_to_the_shop(
    bank: Bank, browser: Browser, shop: Shop, form: Form
) -> None:
    here = enter(browser, form())
    status, body, _ = browser.open(here)
    assert status == 200
    assert "Banque de démonstration" in body
    assert "105,00\u00a0€" in body
    assert "Demonstration bank" in browser.open(f"{here}?lang=en")[1]

    status, body, location = browser.open(f"{here}/card", {"number": "4970 1000 0000 0014"})
    assert (status, location) == (303, f"{here}?lang=fr")
    assert cards.CODE in browser.open(here)[1]

    status, _, location = browser.open(f"{here}/code", {"code": cards.CODE})
    assert (status, location) == (303, BACK)
    assert [notice["vads_trans_status"] for notice in shop.notices] == ["AUTHORISED"], (
        "told before the browser goes back"
    )
    notice = shop.notices[0]
    assert is_signed(notice, (KEY,))
    assert notice["vads_hash"]
    assert notice["vads_url_check_src"] == "PAY"
    assert notice["vads_card_number"] == "497010XXXXXX0014"
    assert bank.book.payments()[0].taken == 10500


def test_the_card_page_lists_every_card_with_what_it_does(bank: Bank, browser: Browser, form: Form) -> None:
    here = enter(browser, form())
    for language in ("fr", "en"):
        body = browser.open(f"{here}?lang={language}")[1]
        for card in cards.CARDS:
            assert f"card={card.number}" in body
    chosen = browser.open(f"{here}?card={cards.CARDS[2].number}")[1]
    assert f'value="{cards.CARDS[2].number}"' in chosen


@pytest.mark.parametrize(
    ("name", "auth"),
    [("refused", "05"), ("no_funds", "51"), ("challenge_refused", "")],
)
def test_a_refusal_is_final_and_told(
    bank: Bank, browser: Browser, shop: Shop, form: Form, *, name: str, auth: str
) -> None:
    here = enter(browser, form(url_refused="http://shop.example/refused"))
    status, _, location = pay(browser, here, name)
    assert (status, location) == (303, "http://shop.example/refused")
    assert bank.book.payments()[0].state == "refused"
    assert [(n["vads_trans_status"], n["vads_auth_result"]) for n in shop.notices] == [("REFUSED", auth)]


def test_a_wrong_code_can_be_typed_again_twice(bank: Bank, browser: Browser, form: Form) -> None:
    here = enter(browser, form())
    assert pay(browser, here, "accepted", code="9999")[0] == 422
    assert browser.open(f"{here}/code", {"code": "9999"})[0] == 422
    assert browser.open(f"{here}/code", {"code": "9999"})[0] == 303
    assert bank.book.payments()[0].state == "refused"


def test_giving_up_leads_back_and_is_told_once(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    here = enter(browser, form(url_cancel="http://shop.example/cancel"))
    for _ in range(2):
        assert browser.open(f"{here}/abandon", {})[2] == "http://shop.example/cancel"
    assert [n["vads_trans_status"] for n in shop.notices] == ["ABANDONED"]


def test_a_number_that_is_no_test_card_is_refused_and_kept(browser: Browser, form: Form) -> None:
    here = enter(browser, form())
    status, body, _ = browser.open(f"{here}/card", {"number": "4111 1111 1111 1111"})
    assert status == 422
    assert 'value="4111 1111 1111 1111"' in body


def test_the_same_form_resumes_and_a_finished_payment_is_not_paid_twice(
    bank: Bank, browser: Browser, shop: Shop, form: Form
) -> None:
    fields = form()
    here = enter(browser, fields)
    assert enter(browser, fields) == here
    pay(browser, here, "accepted")
    status, body, _ = browser.open("/vads-payment/", fields)
    assert status == 200
    assert "déjà terminé" in body
    assert BACK in body
    pay(browser, here, "frictionless")
    assert len(shop.letters) == 1
    assert len(bank.book.payments()) == 1


def test_a_transaction_number_used_for_another_payment_is_refused(browser: Browser, form: Form) -> None:
    enter(browser, form())
    status, body, _ = browser.open("/vads-payment/", form(amount="9900"))
    assert status == 400
    assert "déjà servi" in body


def test_a_wrong_signature_and_a_wrong_field_are_refused_by_name(browser: Browser, form: Form) -> None:
    status, body, _ = browser.open("/vads-payment/", form(key="other"))
    assert status == 400
    assert "signature" in body
    status, body, _ = browser.open("/vads-payment/", form(currency="840"))
    assert status == 400
    assert "vads_currency" in body


@pytest.mark.parametrize(("mode", "expected"), [("NONE", BACK), ("GET", BACK + "?vads_trans_id=abc123")])
def test_the_browser_goes_back_as_the_shop_asked(browser: Browser, form: Form, mode: str, expected: str) -> None:
    here = enter(browser, form(return_mode=mode))
    assert pay(browser, here, "accepted")[2].startswith(expected)


def test_the_browser_can_go_back_by_post(browser: Browser, form: Form) -> None:
    here = enter(browser, form(return_mode="POST"))
    status, body, _ = pay(browser, here, "accepted")
    assert status == 200
    assert re.search(
        rf'<form method="post" action="{BACK}"><input type="hidden" name="vads_trans_id" value="abc123">', body
    )


def test_without_a_zero_timeout_the_bank_shows_how_it_ended(browser: Browser, form: Form) -> None:
    here = enter(browser, form(redirect_success_timeout="5"))
    status, body, _ = pay(browser, here, "accepted")
    assert status == 200
    assert f'content="5;url={BACK}"' in body


def test_an_outage_closes_the_card_side_and_ends_by_itself(bank: Bank, browser: Browser, form: Form) -> None:
    here = enter(browser, form())
    assert pay(browser, here, "outage")[0] == 503
    assert browser.open(here)[0] == 503
    assert browser.open("/vads-payment/", form())[0] == 503
    assert browser.open("/")[0] == 200
    browser.tell("/control/clock", {"seconds": 31})
    assert browser.open(here)[0] == 200


def test_another_site_cannot_post_for_the_cardholder(browser: Browser, form: Form) -> None:
    here = enter(browser, form())
    status, _, _ = browser.open(f"{here}/abandon", {}, Origin="http://evil.example")
    assert status == 403
    status, _, _ = browser.open("/vads-payment/", form(), Origin="null")
    assert status == 303, "the shop's form comes from another site by nature"


def test_the_list_shows_payments_and_sends_notices_again(bank: Bank, browser: Browser, shop: Shop, form: Form) -> None:
    assert "Aucun paiement" in browser.open("/")[1]
    pay(browser, enter(browser, form()), "accepted")
    payment = bank.book.payments()[0]
    assert "ORDER-1" in browser.open("/")[1]
    for what, total in (("1:right", 2), ("20:right", 22), ("1:forged", 23)):
        assert browser.open(f"/payments/{payment.id}/resend", {"what": what})[0] == 303
        assert len(shop.letters) == total
    assert [is_signed(n, (KEY,)) for n in shop.notices].count(False) == 1
    assert browser.open("/payments/999/resend", {"what": "1:right"})[0] == 404


@pytest.mark.parametrize("path", ["/nothing", "/pay/guess", "/control"])
def test_what_does_not_exist_is_said_so(browser: Browser, path: str) -> None:
    assert browser.open(path)[0] == 404


def test_a_body_too_long_is_not_read(browser: Browser) -> None:
    assert browser.open("/vads-payment/", {"x": "y" * 70000})[0] == 413
