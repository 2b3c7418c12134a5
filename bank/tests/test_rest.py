"""Asking the bank, and giving money back."""

import base64
from collections.abc import Callable
from typing import Any

from bank.tests.conftest import Browser
from bank.web import Bank

Form = Callable[..., dict[str, str]]
BASIC = "Basic " + base64.b64encode(b"12345678:secret").decode()


def ask(browser: Browser, service: str, **said: Any) -> dict[str, Any]:
    """Call a web service as the shop."""
    status, answer = browser.tell(f"/api-payment/V4/{service}", said, Authorization=BASIC)
    assert status == 200
    return answer


def pay(browser: Browser, fields: dict[str, str], card: str = "notice_never") -> None:
    """Play the cardholder."""
    assert browser.tell("/control/pay", {"form": fields, "card": card})[0] == 200


def test_only_the_shop_may_ask(browser: Browser) -> None:
    status, _ = browser.tell("/api-payment/V4/Order/Get", {"orderId": "x"}, Authorization="Basic eDp5")
    assert status == 401


def test_an_order_never_seen_is_an_error(browser: Browser) -> None:
    answer = ask(browser, "Order/Get", orderId="NOTHING")
    assert (answer["status"], answer["answer"]["errorCode"]) == ("ERROR", "PSP_010")


def test_an_open_payment_runs_and_has_no_transaction(browser: Browser, form: Form) -> None:
    browser.open("/vads-payment/", form())
    answer = ask(browser, "Order/Get", orderId="ORDER-1")["answer"]
    assert (answer["orderStatus"], answer["orderCycle"], answer["transactions"]) == ("RUNNING", "OPEN", [])


def test_a_paid_order_says_what_was_taken(browser: Browser, form: Form) -> None:
    pay(browser, form(ext_info_attempt="7"))
    answer = ask(browser, "Order/Get", orderId="ORDER-1")["answer"]
    assert answer["orderStatus"] == "PAID"
    (transaction,) = answer["transactions"]
    assert (transaction["amount"], transaction["currency"], transaction["detailedStatus"]) == (
        10500,
        "EUR",
        "AUTHORISED",
    )
    assert transaction["metadata"] == {"attempt": "7"}
    assert transaction["transactionDetails"]["cardDetails"]["legacyTransId"] == "abc123"


def test_another_amount_is_told_as_it_was_taken(browser: Browser, form: Form) -> None:
    pay(browser, form(), "other_amount")
    (transaction,) = ask(browser, "Order/Get", orderId="ORDER-1")["answer"]["transactions"]
    assert transaction["amount"] == 10400


def test_a_refused_order_says_why(browser: Browser, form: Form) -> None:
    pay(browser, form(), "no_funds")
    answer = ask(browser, "Order/Get", orderId="ORDER-1")["answer"]
    assert answer["orderStatus"] == "UNPAID"
    assert answer["transactions"][0]["detailedErrorCode"] == "51"


def test_a_page_left_open_is_found_given_up_when_asked(bank: Bank, browser: Browser, form: Form) -> None:
    browser.open("/vads-payment/", form())
    bank.book.set_switch("forward", "1000")
    assert ask(browser, "Order/Get", orderId="ORDER-1")["answer"]["orderStatus"] == "UNPAID"


def test_money_is_given_back_once_and_never_more_than_was_taken(bank: Bank, browser: Browser, form: Form) -> None:
    pay(browser, form())
    uuid = bank.book.payments()[0].tx_uuid
    answer = ask(browser, "Transaction/CancelOrRefund", uuid=uuid, amount=10500, currency="EUR")
    assert answer["answer"]["operationType"] == "CREDIT"
    assert answer["answer"]["transactionDetails"]["parentTransactionUuid"] == uuid
    again = ask(browser, "Transaction/CancelOrRefund", uuid=uuid, amount=10500, currency="EUR")
    assert (again["status"], again["answer"]["errorCode"]) == ("ERROR", "PSP_083")
    transactions = ask(browser, "Order/Get", orderId="ORDER-1")["answer"]["transactions"]
    assert [t["operationType"] for t in transactions] == ["DEBIT", "CREDIT"]


def test_bad_requests_are_answers_too(browser: Browser) -> None:
    assert ask(browser, "Transaction/CancelOrRefund", uuid="x", amount="much")["answer"]["errorCode"] == "INT_009"
    assert ask(browser, "Transaction/CancelOrRefund", uuid="x", amount=1)["answer"]["errorCode"] == "PSP_010"
    assert ask(browser, "Order/Nothing")["answer"]["errorCode"] == "INT_901"


def test_an_outage_closes_the_web_services(browser: Browser) -> None:
    browser.tell("/control/down", {"seconds": 60})
    status, *_ = browser.open("/api-payment/V4/Order/Get", {})
    assert status == 503
    browser.tell("/control/down", {"seconds": 0})
    assert browser.open("/api-payment/V4/Order/Get", {})[0] == 401
