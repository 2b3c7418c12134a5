"""Stripe as this bank plays it: sessions by key, refunds, webhooks that are signed, late, doubled or forged."""

import hashlib
import hmac
import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from bank import cards
from bank.book import SCHEMA, Book
from bank.tests.conftest import Browser, Shop
from bank.web import Bank

KEY = "sk_test_demonstration"
BACK = "http://shop.example/back"
Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(bank: Bank) -> Call:
    """Call the API as a shop's server does."""

    def ask(path: str, fields: dict[str, str] | None = None, key: str = "", secret: str = KEY) -> tuple[int, Any]:
        data = None if fields is None else urlencode(fields).encode()
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        request = urllib.request.Request(f"{bank.url}/v1/{path}", data, headers)  # noqa: S310 - our own bank
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    return ask


def session(**changes: str) -> dict[str, str]:
    return {
        "mode": "payment", "payment_method_types[0]": "card", "client_reference_id": "K7-1",
        "metadata[attempt]": "K7-1", "payment_intent_data[metadata][attempt]": "K7-1", "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur", "line_items[0][price_data][unit_amount]": "10500",
        "line_items[0][price_data][product_data][name]": "CVEC", "success_url": BACK, "cancel_url": f"{BACK}?no",
        "locale": "en", "expires_at": str(int(time.time()) + 7200),
    } | changes  # fmt: skip


def token_of(said: dict[str, Any]) -> str:
    return str(said["id"]).removeprefix("cs_test_")


def test_a_payment_goes_from_session_to_page_to_the_shop(bank: Bank, call: Call, browser: Browser) -> None:
    status, said = call("checkout/sessions", session(), "K7-1")
    assert (status, said["status"], said["payment_status"]) == (200, "open", "unpaid")
    here = f"/pay/{token_of(said)}"
    assert "Pay by card – Stripe" in browser.open(f"{here}?lang=en")[1]
    status, _body, location = browser.open(f"{here}/card", {"number": cards.BY_NAME["frictionless"].number})
    assert (status, location) == (303, BACK)
    _status, said = call(f"checkout/sessions/{said['id']}")
    assert (said["status"], said["payment_status"], said["payment_intent"]["amount_received"]) == (
        "complete",
        "paid",
        10500,
    )
    assert said["url"] is None


def test_the_same_key_gives_the_same_answer_and_other_fields_are_refused(bank: Bank, call: Call) -> None:
    fields = session()
    first, second = call("checkout/sessions", fields, "K7-1"), call("checkout/sessions", fields, "K7-1")
    assert first == second
    assert len(bank.book.payments()) == 1
    status, said = call("checkout/sessions", fields | {"locale": "fr"}, "K7-1")
    assert (status, said["error"]["code"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "subscription"}, {"line_items[0][price_data][unit_amount]": "49"},
        {"line_items[0][price_data][currency]": "usd"}, {"success_url": "here"}, {"expires_at": "12"},
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(call: Call, changes: dict[str, str]) -> None:
    status, said = call("checkout/sessions", session(**changes), "K7-2")
    assert status == 400
    assert said["error"]["param"] in changes


def test_another_key_knows_nothing(call: Call) -> None:
    assert call("checkout/sessions", session(), "K7-1", secret="sk_test_wrong")[0] == 401
    assert call("checkout/sessions/cs_test_none")[1]["error"]["code"] == "resource_missing"


def test_a_refused_card_leaves_the_page_open_for_another(bank: Bank, call: Call, browser: Browser) -> None:
    _status, said = call("checkout/sessions", session(), "K7-1")
    here = f"/pay/{token_of(said)}"
    browser.open(f"{here}/card", {"number": cards.BY_NAME["refused"].number})
    browser.open(f"{here}/code", {"code": cards.CODE})
    assert "refuse cette carte" in browser.open(here)[1]
    browser.open(f"{here}/card", {"number": cards.BY_NAME["frictionless"].number})
    assert call(f"checkout/sessions/{said['id']}")[1]["payment_status"] == "paid"


def test_a_session_is_closed_by_the_shop_or_by_time(bank: Bank, call: Call, browser: Browser) -> None:
    _status, said = call("checkout/sessions", session(), "K7-1")
    assert call(f"checkout/sessions/{said['id']}/expire", {})[1]["status"] == "expired"
    assert call(f"checkout/sessions/{said['id']}/expire", {})[0] == 400
    _status, said = call("checkout/sessions", session(client_reference_id="K7-2"), "K7-2")
    browser.tell("/control/clock", {"seconds": 7300})
    assert call(f"checkout/sessions/{said['id']}")[1]["status"] == "expired"


@pytest.mark.parametrize(("card", "times"), [("frictionless", 1), ("notice_twenty", 20)])
def test_webhooks_are_signed_and_come_as_the_card_says(
    bank: Bank, call: Call, browser: Browser, shop: Shop, *, card: str, times: int
) -> None:
    object.__setattr__(bank.settings, "stripe_notice_url", shop.url)
    call("checkout/sessions", session(), "K7-1")
    browser.tell("/control/pay", {"order_id": "K7-1", "card": card})
    assert [json.loads(raw)["type"] for raw in shop.letters] == ["checkout.session.completed"] * times
    payment = bank.book.payments()[0]
    raw, headers = bank.stripe.letter(payment, "right", "PAY")
    dated, made, *_old = headers["Stripe-Signature"].split(",")
    wanted = hmac.new(b"whsec_demonstration", dated[2:].encode() + b"." + raw, hashlib.sha256).hexdigest()
    assert made == f"v1={wanted}"
    assert bank.stripe.letter(payment, "forged", "PAY")[1]["Stripe-Signature"].split(",")[1] != made


def test_money_is_given_back_once(bank: Bank, call: Call, browser: Browser) -> None:
    call("checkout/sessions", session(), "K7-1")
    browser.tell("/control/pay", {"order_id": "K7-1", "card": "frictionless"})
    intent = f"pi_{bank.book.payments()[0].tx_uuid}"
    assert call(f"refunds?payment_intent={intent}")[1]["data"] == []
    fields = {"payment_intent": intent, "amount": "10500"}
    first = call("refunds", fields, "refund-1")
    assert call("refunds", fields, "refund-1") == first
    assert call("refunds", fields, "refund-2")[1]["error"]["code"] == "charge_already_refunded"
    assert [one["id"] for one in call(f"refunds?payment_intent={intent}")[1]["data"]] == [first[1]["id"]]
    assert call("refunds", {"payment_intent": "pi_none", "amount": "1"}, "refund-3")[0] == 404


def test_a_book_of_before_is_opened(bank: Bank, tmp_path: Any) -> None:
    """A demonstration that was begun with one bank goes on with three."""
    older = replace(bank.settings, folder=tmp_path / "older")
    older.folder.mkdir()
    with sqlite3.connect(older.folder / "bank.sqlite") as db:
        db.executescript(SCHEMA.replace("house text not null default 'lyra', lasts real not null default 900, ", ""))
    db.close()
    assert Book(older).payments() == []
    assert Book(older).payments(house="lyra") == []
