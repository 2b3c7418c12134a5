"""Stripe as a shop's server meets it: Checkout sessions, refunds, signed webhooks. One account, one currency."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bank.book import Book, Payment, Refund
from bank.settings import Settings
from bank.teller import Refused, Teller

HOUSE = "stripe"
SHORTEST, LONGEST = 30 * 60, 24 * 3600
"""Seconds that a session may stay open from its making."""

LEAST_CENTS = 50
EVENTS = {
    "authorised": "checkout.session.completed",
    "waiting": "checkout.session.completed",
    "expired": "checkout.session.expired",
    "abandoned": "checkout.session.expired",
    "refused": "payment_intent.payment_failed",
}
Reply = tuple[HTTPStatus, dict[str, Any]]


class Stripe:
    """Answers the API. A key (``Idempotency-Key``) gives the first answer again; with other fields it is refused."""

    def __init__(self, book: Book, teller: Teller, settings: Settings, url: str) -> None:
        """Keep the book. ``url`` is where the bank's own pages are."""
        self.book, self.teller, self.settings, self.url = book, teller, settings, url

    def is_known(self, header: str) -> bool:
        """Tell whether an ``Authorization: Bearer`` header is the shop's own."""
        return hmac.compare_digest(header.encode(), f"Bearer {self.settings.stripe_key}".encode())

    def answer(self, method: str, path: str, fields: Mapping[str, str], key: str) -> Reply:
        """Answer a call below ``/v1/``. What is refused is an answer too."""
        try:
            if method == "POST" and key:
                return self._once(path, fields, key)
            return HTTPStatus.OK, self._do(method, path, fields, key)
        except Refused as refused:
            status = HTTPStatus.NOT_FOUND if refused.code == "resource_missing" else HTTPStatus.BAD_REQUEST
            return status, _error(refused.code, refused.fields)

    def _once(self, path: str, fields: Mapping[str, str], key: str) -> Reply:
        """Give the answer that this key had. A refusal before anything was done is not kept."""
        asked = hashlib.sha256(json.dumps([path, sorted(fields.items())]).encode()).hexdigest()
        with self.book.reading() as db:
            row = db.execute("select asked, body from answer where key = ?", (key,)).fetchone()
        if row is None:
            body = json.dumps(self._do("POST", path, fields, key))
            with self.book.writing() as db:
                db.execute("insert or ignore into answer (key, asked, body) values (?, ?, ?)", (key, asked, body))
                row = db.execute("select asked, body from answer where key = ?", (key,)).fetchone()
        if row["asked"] != asked:
            return HTTPStatus.BAD_REQUEST, _error("idempotency_error", ["Idempotency-Key"], "idempotency_error")
        return HTTPStatus.OK, json.loads(row["body"])

    def _do(self, method: str, path: str, fields: Mapping[str, str], key: str) -> dict[str, Any]:
        parts = path.split("/")
        if parts[:2] == ["checkout", "sessions"]:
            if method == "POST" and len(parts) == 2:  # noqa: PLR2004 - the collection itself
                return self.session(self.open(fields, key))
            payment = self._payment(parts[2])
            if method == "POST" and parts[3:] == ["expire"]:
                if payment.state not in {"open", "challenge"}:
                    raise Refused("resource_not_open")
                payment = self.teller.abandon(payment.token)
            return self.session(payment)
        if path == "refunds" and method == "POST":
            return self.refund(fields, key)
        if path == "refunds":
            payment = self._paid(fields.get("payment_intent", ""))
            return {"object": "list", "has_more": False, "data": [
                told_refund(payment, refund) for refund in reversed(self.book.refunds(payment.id))
            ]}  # fmt: skip
        raise Refused("resource_missing")

    def open(self, fields: Mapping[str, str], key: str) -> Payment:
        """Open a session for one thing to pay, by card."""
        cents = fields.get("line_items[0][price_data][unit_amount]", "")
        until, now = fields.get("expires_at", ""), self.book.now()
        wrong = [name for name, value in {
            "mode": "payment", "payment_method_types[0]": "card", "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "eur",
        }.items() if fields.get(name) != value]  # fmt: skip
        if not (cents.isdecimal() and int(cents) >= LEAST_CENTS):
            wrong.append("line_items[0][price_data][unit_amount]")
        if until and not (until.isdecimal() and SHORTEST - 60 <= int(until) - now <= LONGEST):
            wrong.append("expires_at")
        wrong += [name for name in ("success_url", "cancel_url") if not urlsplit(fields.get(name, "")).netloc]
        if wrong:
            raise Refused("parameter_invalid", wrong)
        seconds = int(until) - now if until else LONGEST
        number = fields.get("client_reference_id", "")
        return self.teller.open(
            HOUSE, site="acct_demo", trans_id=key or hashlib.sha256(f"{number}{now}".encode()).hexdigest(),
            order_id=number, amount=int(cents), form=dict(fields), lasts=seconds,
        )  # fmt: skip

    def session(self, payment: Payment) -> dict[str, Any]:
        """Tell a session, with its payment intent expanded."""
        sent, state = payment.sent, payment.state
        taken = state in {"authorised", "waiting"}
        return {
            "id": f"cs_test_{payment.token}",
            "object": "checkout.session",
            "status": "complete" if taken else "open" if state in {"open", "challenge"} else "expired",
            "payment_status": "paid" if state == "authorised" else "unpaid",
            "client_reference_id": payment.order_id,
            "amount_total": payment.taken or payment.amount,
            "currency": "eur",
            "created": int(payment.opened_at),
            "expires_at": int(sent.get("expires_at") or payment.opened_at + LONGEST),
            "livemode": False,
            "metadata": _metadata(sent, "metadata["),
            "mode": "payment",
            "payment_intent": told_intent(payment) if taken else None,
            "success_url": sent["success_url"],
            "cancel_url": sent["cancel_url"],
            "url": f"{self.url}/pay/{payment.token}?lang={sent.get('locale', 'fr')}"
            if not payment.is_finished
            else None,
        }

    def refund(self, fields: Mapping[str, str], key: str) -> dict[str, Any]:
        """Give money back."""
        payment = self._paid(fields.get("payment_intent", ""))
        cents = fields.get("amount", "")
        try:
            refund = self.teller.give_back(payment.tx_uuid, int(cents) if cents.isdecimal() else 0)
        except Refused:
            raise Refused("charge_already_refunded" if self.book.refunds(payment.id) else "amount_too_large") from None
        return told_refund(payment, refund) | {"metadata": {"key": key}}

    def _payment(self, session_id: str) -> Payment:
        self.teller.expire_old()
        payment = self.book.payment(house=HOUSE, token=session_id.removeprefix("cs_test_"))
        if payment is None:
            raise Refused("resource_missing")
        return payment

    def _paid(self, intent: str) -> Payment:
        payment = self.book.payment(house=HOUSE, tx_uuid=intent.removeprefix("pi_"))
        if payment is None:
            raise Refused("resource_missing")
        return payment

    def letter(self, payment: Payment, kind: str, source: str) -> tuple[bytes, dict[str, str]]:
        """Write a webhook, dated and signed now: its bytes and its headers. A ``forged`` one has another's secret."""
        session = self.session(payment)
        state, thing = payment.state, session | {"payment_intent": (session["payment_intent"] or {}).get("id")}
        named = EVENTS[state]
        if kind == "authorise":
            named = "checkout.session.async_payment_succeeded"
        if state == "refused":
            thing = told_intent(payment)
        if kind == "other_amount":
            thing["amount_total"] = payment.amount - 100 if payment.amount > 100 else payment.amount + 100  # noqa: PLR2004 - a euro
        event = {
            "id": f"evt_{payment.tx_uuid[:20]}{source.lower()}{len(self.book.refunds(payment.id))}",
            "object": "event", "api_version": "2024-06-20", "created": int(payment.finished_at or payment.opened_at),
            "livemode": False, "type": named, "data": {"object": thing}, "request": {"id": None}, "source": source,
        }  # fmt: skip
        raw = json.dumps(event, indent=2).encode()
        secret = "whsec_of_somebody_else" if kind == "forged" else self.settings.stripe_secret
        return raw, {"Content-Type": "application/json", "Stripe-Signature": sign(raw, int(self.book.now()), secret)}


def sign(raw: bytes, at: int, secret: str) -> str:
    """Write the header ``Stripe-Signature``."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
    return f"t={at},v1={made},v0=0"


def told_intent(payment: Payment) -> dict[str, Any]:
    """Tell what a session took, or will."""
    done = payment.state == "authorised"
    return {
        "id": f"pi_{payment.tx_uuid}",
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_received": payment.taken if done else 0,
        "currency": "eur",
        "created": int(payment.finished_at or payment.opened_at),
        "metadata": _metadata(payment.sent, "payment_intent_data[metadata]["),
        "status": "succeeded" if done else "processing" if payment.state == "waiting" else "requires_payment_method",
    }


def told_refund(payment: Payment, refund: Refund) -> dict[str, Any]:
    """Tell a refund."""
    return {
        "id": f"re_{refund.uuid}",
        "object": "refund",
        "amount": refund.amount,
        "currency": "eur",
        "created": int(refund.at),
        "payment_intent": f"pi_{payment.tx_uuid}",
        "status": "succeeded",
    }


def _metadata(sent: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix).rstrip("]"): value for name, value in sent.items() if name.startswith(prefix)}


def _error(code: str, fields: list[str], kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "param": fields[0] if fields else None, "message": code}}
