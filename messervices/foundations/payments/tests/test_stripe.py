"""Stripe: its signature, its events, its keys; and a server of Stripe's API that others wrote, run as a process."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bank.web import Bank
from messervices.foundations.payments import actions
from messervices.foundations.payments.models import Order, OutsideEvent
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BeginRefusedByBank, Handover, RefundRefusedByBank
from messervices.foundations.payments.providers.stripe import SESSION, Stripe, sign
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import Verdict
from messervices.foundations.payments.tests.banks import playing
from messervices.foundations.payments.tests.factories import FakeService, OrderFactory, begin
from messervices.kernel.errors import ProviderUnavailable

SECRET, AT = "whsec_test", 1492774577
NOW = datetime.fromtimestamp(AT, UTC)
STRIPE = Stripe(api_url="http://127.0.0.1:9/v1/", key="sk_test_key", secrets=(SECRET,))


def event(kind: str = "checkout.session.completed", **changes: Any) -> bytes:
    """Write an event about the session of an attempt; keywords change the session."""
    thing = {
        "object": "checkout.session", "id": "cs_test_1", "client_reference_id": "K7-1", "payment_status": "paid",
        "status": "complete", "amount_total": 105_00, "currency": "eur", "payment_intent": "pi_1", "created": AT,
        "metadata": {"attempt": "K7-1"},
    } | changes  # fmt: skip
    return json.dumps(
        {"id": "evt_1", "type": kind, "created": AT, "livemode": False, "data": {"object": thing}}
    ).encode()


def header(raw: bytes, secret: str = SECRET, at: int = AT) -> str:
    return f"t={at},v1={sign(raw, str(at), secret)}"


# The signature


def test_the_signature_is_the_one_that_stripe_gives() -> None:
    vector = "7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2"
    assert sign(b'{"id":"evt_1"}', "1492774577", "whsec_test") == vector


def test_one_right_signature_of_several_is_enough() -> None:
    raw = event()
    right = sign(raw, str(AT), SECRET)
    for given in (f"t={AT},v1={'0' * 64},v1={right}", f"t={AT}, v1={right}, v0=old", f"v1={right},t={AT}"):
        assert STRIPE.read(raw, given, NOW).verdict == Verdict.GOOD


def test_two_secrets_are_believed_while_they_are_changed_and_one_afterwards() -> None:
    raw = event()
    changing = replace(STRIPE, secrets=("whsec_new", SECRET))
    assert changing.read(raw, header(raw), NOW).verdict == Verdict.GOOD
    assert changing.read(raw, header(raw, "whsec_new"), NOW).verdict == Verdict.GOOD
    assert replace(STRIPE, secrets=("whsec_new",)).read(raw, header(raw), NOW).verdict == Verdict.FORGED


def test_without_a_secret_nothing_is_believed() -> None:
    raw = event()
    assert replace(STRIPE, secrets=()).read(raw, header(raw, ""), NOW).verdict == Verdict.FORGED


@pytest.mark.parametrize("given", ["", "t=,v1=", f"t={AT}", "v1=abc", "t=x,v1=x", f"t={AT},v1=é", f"t={AT};v1=0"])
def test_a_header_that_is_none_is_forged(given: str) -> None:
    assert STRIPE.read(event(), given, NOW).verdict == Verdict.FORGED


@pytest.mark.parametrize(("seconds", "verdict"), [(300, "good"), (-300, "good"), (301, "stale"), (-301, "stale")])
def test_five_minutes_are_the_limit_on_both_sides(seconds: int, verdict: str) -> None:
    raw = event()
    assert STRIPE.read(raw, header(raw), NOW + timedelta(seconds=seconds)).verdict == verdict


def test_a_signed_date_that_is_none_is_stale() -> None:
    raw = event()
    for dated in ("", "1e9", "-5", "٣", "9" * 40):
        assert STRIPE.read(raw, f"t={dated},v1={sign(raw, dated, SECRET)}", NOW).verdict == Verdict.STALE


def test_one_changed_byte_is_forged() -> None:
    raw = event()
    assert STRIPE.read(raw.replace(b"10500", b"10501"), header(raw), NOW).verdict == Verdict.FORGED


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": "a"}',
        b'{"type": "a", "data": {"object": []}}',
        b"\xff",
        event("payment_intent.succeeded", object="payment_intent", amount="x"),
        event().replace(b'"created": 1492774577', b'"created": 1e300'),
    ],
)
def test_signed_nonsense_is_unreadable_and_raises_nothing(raw: bytes) -> None:
    assert STRIPE.read(raw, header(raw), NOW).verdict == Verdict.UNREADABLE


def test_an_event_of_the_other_mode_is_foreign() -> None:
    raw = event()
    assert replace(STRIPE, key="sk_live_key").read(raw, header(raw), NOW).verdict == Verdict.FOREIGN


# The events


@pytest.mark.parametrize(
    ("kind", "changes", "outcome"),
    [
        ("checkout.session.completed", {}, Outcome.PAID),
        ("checkout.session.completed", {"payment_status": "unpaid"}, Outcome.WAITING),
        ("checkout.session.async_payment_succeeded", {}, Outcome.PAID),
        ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, Outcome.REFUSED),
        ("checkout.session.expired", {"payment_status": "unpaid", "status": "expired"}, Outcome.ABANDONED),
        (
            "payment_intent.succeeded",
            {"object": "payment_intent", "id": "pi_1", "amount_received": 105_00},
            Outcome.PAID,
        ),
        ("charge.refunded", {"object": "charge", "id": "ch_1", "amount_refunded": 105_00}, Outcome.GIVEN_BACK),
        ("charge.dispute.created", {"object": "dispute", "id": "du_1", "amount": 105_00}, Outcome.GIVEN_BACK),
    ],
)
def test_every_event_has_one_meaning(kind: str, changes: dict[str, Any], outcome: Outcome) -> None:
    raw = event(kind, **changes)
    facts = STRIPE.read(raw, header(raw), NOW).facts
    assert facts is not None
    assert (facts.number, facts.outcome, facts.amount_cents, facts.currency) == ("K7-1", outcome, 105_00, "EUR")
    assert facts.tx_id == "pi_1"
    assert facts.at == NOW.isoformat() or outcome not in {Outcome.PAID, Outcome.GIVEN_BACK}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("payment_intent.payment_failed", {"object": "payment_intent"}), ("customer.created", {"object": "customer"}),
        ("payment_intent.succeeded", {"object": "payment_intent", "metadata": {}, "client_reference_id": None}),
    ],
)  # fmt: skip
def test_an_event_that_tells_nothing_of_an_attempt_is_authentic_and_has_no_facts(
    kind: str, changes: dict[str, Any]
) -> None:
    raw = event(kind, **changes)
    read = STRIPE.read(raw, header(raw), NOW)
    assert (read.verdict, read.facts) == (Verdict.GOOD, None)


@pytest.mark.django_db
def test_it_is_kept_and_answered_and_nothing_is_left_to_read(settings: Any) -> None:
    raw = event("payment_intent.payment_failed", object="payment_intent")
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    rail_named.cache_clear()
    for _turn in range(2):
        assert actions.receive(rail="stripe", raw=raw, signature=header(raw), now=NOW) == Verdict.GOOD
    rail_named.cache_clear()
    kept = OutsideEvent.objects.get()
    assert (kept.status, kept.effect, kept.signature) == ("done", "noted", header(raw))


@pytest.mark.django_db
def test_a_dispute_names_the_money_and_is_shown_with_its_order(service: FakeService, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    rail_named.cache_clear()
    attempt = begin(OrderFactory())
    type(attempt).objects.update(rail="stripe", rail_ref="cs_test_1")

    def told(raw: bytes) -> str:
        actions.receive(rail="stripe", raw=raw, signature=header(raw), now=NOW)
        return actions.settle(event_id=OutsideEvent.objects.latest("pk").pk, now=NOW)

    named = {"client_reference_id": attempt.number, "metadata": {"attempt": attempt.number}}
    assert told(event(**named)) == "captured"
    bare = {"object": "dispute", "id": "du_1", "amount": 105_00, "metadata": {}, "client_reference_id": None}
    assert told(event("charge.dispute.created", **bare)) == "reversed"
    assert OutsideEvent.objects.latest("pk").attempt == attempt
    assert told(event("charge.dispute.created", **(bare | {"payment_intent": "pi_of_nobody"}))) == "unknown_order"
    assert Order.objects.get().status == "paid", "an agent decides"
    rail_named.cache_clear()


# The keys


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """The bank that plays Stripe."""
    with playing(tmp_path) as running:
        yield running


def test_a_beginning_is_one_session_for_its_number_and_other_words_under_it_are_refused(bank: Bank) -> None:
    rail = rail_named("stripe")
    attempt = Handover("K7-1", "abc123", 105_00, datetime.now(UTC), "CVEC", back_url="https://a.example/b")
    assert rail.begin(attempt) == rail.begin(attempt)
    assert len(bank.book.payments()) == 1
    sent = bank.book.payments()[0].sent
    assert (sent["client_reference_id"], sent["metadata[attempt]"]) == ("K7-1", "K7-1")
    assert int(sent["expires_at"]) == int((attempt.begun_at + SESSION).timestamp())
    assert not [name for name in sent if "email" in name or "customer" in name], "nothing of the student"
    with pytest.raises(BeginRefusedByBank, match="idempotency_error"):
        rail.begin(replace(attempt, amount_cents=106_00))


def test_a_key_that_is_none_is_a_silence_not_a_refusal(bank: Bank) -> None:
    with pytest.raises(ProviderUnavailable, match="401"):
        replace(rail_named("stripe"), key="sk_test_wrong").ask(Handover("K7-1", "", 1, NOW, rail_ref="cs_1"))  # type: ignore[type-var]  # a dataclass


# Against localstripe: the payments, refunds and webhooks that it knows. It has no Checkout; the bank plays that.


@dataclass
class Local:
    """A server of Stripe's API that is not ours, and what it posted to us."""

    url: str
    letters: list[tuple[bytes, str]]
    rail: Stripe

    def ask(self, path: str, **fields: str) -> dict[str, Any]:
        """Do what a shop's pages would do with a card."""
        data = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"Authorization": "Bearer sk_test_local"})  # noqa: S310 - our own process
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            said: dict[str, Any] = json.load(answer)
            return said

    def pay(self, number: str, card: str = "4242424242424242") -> dict[str, Any]:
        """Pay an attempt by a card."""
        method = self.ask(
            "/v1/payment_methods", type="card", **{"card[number]": card, "card[exp_month]": "12",
            "card[exp_year]": "2031", "card[cvc]": "123"},
        )  # fmt: skip
        return self.ask(
            "/v1/payment_intents", amount="10500", currency="eur", payment_method=method["id"], confirm="true",
            **{"metadata[attempt]": number},
        )  # fmt: skip


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    """``localstripe`` on a free port, with a webhook to us."""
    letters: list[tuple[bytes, str]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            letters.append((raw, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_given: Any) -> None: ...

    door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    rail = Stripe(api_url=f"http://127.0.0.1:{port}/v1/", key="sk_test_local", secrets=("whsec_local",))
    found = Local(f"http://127.0.0.1:{port}", letters, rail)
    try:
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < until, "localstripe does not start"
            time.sleep(0.1)
        hook = urllib.parse.urlencode({"url": f"http://127.0.0.1:{door.server_address[1]}/", "secret": "whsec_local"})
        urllib.request.urlopen(f"{found.url}/_config/webhooks/ours", hook.encode(), timeout=10).close()  # noqa: S310 - as above
        yield found
    finally:
        process.terminate()
        process.wait(10)
        door.shutdown()
        door.server_close()


def webhook(local: Local, number: str) -> tuple[bytes, str]:
    """Wait for the webhook about an attempt."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for raw, signature in local.letters:
            if number.encode() in raw:
                return raw, signature
        time.sleep(0.05)
    raise AssertionError(f"no webhook about {number}")


def test_a_webhook_signed_by_others_is_believed_and_says_what_was_paid(local: Local) -> None:
    intent = local.pay("LOCAL-1")
    assert intent["status"] == "succeeded"
    raw, signature = webhook(local, "LOCAL-1")
    read = local.rail.read(raw, signature, datetime.now(UTC))
    assert read.verdict == Verdict.GOOD
    assert read.facts is not None
    said = (read.facts.number, read.facts.outcome, read.facts.amount_cents, read.facts.currency, read.facts.tx_id)
    assert said == ("LOCAL-1", Outcome.PAID, 105_00, "EUR", intent["id"])
    assert local.rail.read(raw + b" ", signature, datetime.now(UTC)).verdict == Verdict.FORGED


def test_a_card_that_is_challenged_pays_once_the_challenge_is_met(local: Local) -> None:
    intent = local.pay("LOCAL-2", "4000002500003155")
    assert intent["status"] == "requires_action"
    secret = intent["client_secret"]
    local.ask(f"/v1/payment_intents/{intent['id']}/_authenticate", client_secret=secret, success="true")
    raw, signature = webhook(local, "LOCAL-2")
    facts = local.rail.read(raw, signature, datetime.now(UTC)).facts
    assert facts is not None
    assert (facts.outcome, facts.tx_id) == (Outcome.PAID, intent["id"])


def test_money_is_given_back_and_seen_to_be_by_a_server_that_is_not_ours(local: Local) -> None:
    tx_id = local.pay("LOCAL-3")["id"]
    attempt = Handover("LOCAL-3", "abc123", 105_00, NOW)
    assert local.rail.given_back(attempt, tx_id) is None
    done = local.rail.give_back(tx_id, 105_00, "refund-1")
    assert local.rail.given_back(attempt, tx_id) == done


def test_a_payment_that_failed_cannot_be_given_back(local: Local) -> None:
    method = local.ask("/v1/payment_methods", type="card", **{"card[number]": "4242424242424242", "card[cvc]": "123",
                       "card[exp_month]": "12", "card[exp_year]": "2031"})  # fmt: skip
    intent = local.ask("/v1/payment_intents", amount="10500", currency="eur", payment_method=method["id"])
    with pytest.raises((RefundRefusedByBank, ProviderUnavailable)):
        local.rail.give_back(intent["id"], 105_00, "refund-2")


def test_a_key_that_is_none_is_refused_by_a_server_that_is_not_ours(local: Local) -> None:
    with pytest.raises(ProviderUnavailable, match="401"):
        replace(local.rail, key="none").give_back("pi_1", 1, "key")
