"""Stripe: a Checkout page at Stripe's, signed webhooks, and its API to ask and to give back. None of its scripts here.

The attempt's number is the key of its beginning: however often it is begun, it is one session.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from messervices.foundations.payments.providers import rail
from messervices.foundations.payments.providers.http import call, read_object
from messervices.foundations.payments.providers.rail import Answer, BankForm, Facts, GivenBack, Handover, Notice
from messervices.foundations.payments.rules import Outcome, Terms
from messervices.foundations.payments.states import Verdict
from messervices.kernel.errors import ProviderUnavailable

VERSION = "2024-06-20"
TOLERANCE = timedelta(seconds=300)
SESSION = timedelta(hours=2)
"""How long a page of Stripe's stays open: between half an hour and a day, says Stripe."""

TERMS = Terms(calls=True, door=SESSION, free=SESSION, life=SESSION + timedelta(minutes=10), least_cents=50)
NOT_FOUND = "resource_missing"
_ANSWERS = {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.NOT_FOUND}
_SESSION_ENDS = {"expired": Outcome.ABANDONED, "complete": Outcome.WAITING, "open": Outcome.UNFINISHED}
_EVENTS = {
    "checkout.session.completed": Outcome.WAITING,
    "checkout.session.async_payment_succeeded": Outcome.WAITING,
    "checkout.session.async_payment_failed": Outcome.REFUSED,
    "checkout.session.expired": Outcome.ABANDONED,
    "payment_intent.succeeded": Outcome.PAID,
    "charge.refunded": Outcome.GIVEN_BACK,
    "charge.dispute.created": Outcome.GIVEN_BACK,
}
"""What an event means, unless its session says that it is paid. Others tell us nothing: a refused card may be followed
by another on the same page."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """An account at Stripe. ``secrets`` sign the webhooks: the current one, then the previous one while it changes."""

    api_url: str
    key: str
    secrets: tuple[str, ...]
    name: str = "stripe"
    receivable: str = "psp:stripe:receivable"
    terms: Terms = TERMS

    def begin(self, attempt: Handover) -> BankForm:
        """Make the session of an attempt, by card alone. Stripe is told nothing of the student."""
        fields = {
            "mode": "payment", "payment_method_types[0]": "card", "client_reference_id": attempt.number,
            "metadata[attempt]": attempt.number, "payment_intent_data[metadata][attempt]": attempt.number,
            "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "eur",
            "line_items[0][price_data][unit_amount]": str(attempt.amount_cents),
            "line_items[0][price_data][product_data][name]": attempt.label or attempt.number,
            "success_url": attempt.back_url, "cancel_url": attempt.back_url, "locale": attempt.language,
            "expires_at": str(int((attempt.begun_at + SESSION).timestamp())),
        }  # fmt: skip
        _raw, said = self._call("checkout/sessions", fields, attempt.number)
        if "error" in said:
            raise rail.BeginRefusedByBank(_why(said))
        return BankForm(str(said["url"]), {}, str(said["id"]))

    def read(self, raw: bytes, signature: str, now: datetime) -> Notice:
        """Read a webhook: signed bytes of five minutes at most, of our mode, about a payment."""
        parts = [part.strip().partition("=") for part in signature.split(",")]
        dated = next((value for name, _eq, value in parts if name == "t"), "")
        given = [value.encode() for name, _eq, value in parts if name == "v1"]
        made = [sign(raw, dated, secret).encode() for secret in self.secrets]
        if not any([hmac.compare_digest(one, other) for one in made for other in given]):  # noqa: C419 - every pair, always: constant time
            return Notice(Verdict.FORGED)
        if not re.fullmatch(r"[0-9]{1,11}", dated) or abs(now.timestamp() - int(dated)) > TOLERANCE.total_seconds():
            return Notice(Verdict.STALE)
        try:
            event = read_object(self.name, raw)
            facts = _facts_of_event(event)
        except (ProviderUnavailable, AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError):
            return Notice(Verdict.UNREADABLE)
        if bool(event.get("livemode")) is not self.key.startswith(("sk_live_", "rk_live_")):
            return Notice(Verdict.FOREIGN)
        return Notice(Verdict.GOOD, facts)

    def ask(self, attempt: Handover) -> Answer:
        """Ask for the session, and what it took."""
        raw, said = self._call(f"checkout/sessions/{quote(attempt.rail_ref, safe='')}?expand[]=payment_intent")
        if "error" in said:
            if _why(said) != NOT_FOUND:
                raise ProviderUnavailable(self.name, _why(said))
            return Answer(raw, Facts(attempt.number, Outcome.NEVER_SEEN))
        outcome = _SESSION_ENDS.get(str(said.get("status")), Outcome.UNCLEAR)
        if said.get("client_reference_id") != attempt.number:
            outcome = Outcome.UNCLEAR
        return Answer(raw, _facts_of_session(said, attempt.number, outcome))

    def close(self, attempt: Handover) -> bool:
        """Close the page: what was open is expired, what was paid says no."""
        _raw, said = self._call(f"checkout/sessions/{quote(attempt.rail_ref, safe='')}/expire", {})
        return "error" not in said

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """Add up the refunds of a payment that have not failed."""
        _raw, said = self._call(f"refunds?{urlencode({'payment_intent': tx_id, 'limit': 100})}")
        kept = [one for one in said["data"] if one.get("status") in {"succeeded", "pending", "requires_action"}]
        return GivenBack(str(kept[0]["id"]), sum(int(one["amount"]) for one in kept)) if kept else None

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> GivenBack:
        """Refund a payment; the same key is the same refund."""
        _raw, said = self._call("refunds", {"payment_intent": tx_id, "amount": str(amount_cents)}, key)
        if "error" in said or said.get("status") in {"failed", "canceled"}:
            raise rail.RefundRefusedByBank(_why(said))
        return GivenBack(str(said["id"]), int(said["amount"]))

    def _call(self, path: str, fields: dict[str, str] | None = None, key: str = "") -> tuple[bytes, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.key}", "Stripe-Version": VERSION}
        headers |= {"Idempotency-Key": key} if key else {}
        body = None if fields is None else urlencode(fields).encode()
        status, raw = call(self.name, self.api_url + path, body, headers)
        if status not in _ANSWERS:
            raise ProviderUnavailable(self.name, str(status))
        return raw, read_object(self.name, raw)


def sign(raw: bytes, dated: str, secret: str) -> str:
    """Sign a webhook: HMAC-SHA-256 in hexadecimal of its date (seconds since 1970), a full stop and its bytes."""
    return hmac.new(secret.encode(), dated.encode() + b"." + raw, hashlib.sha256).hexdigest()


def _why(said: Mapping[str, Any]) -> str:
    error = said.get("error") or {}
    return str(error.get("code") or error.get("type") or said.get("failure_reason") or "refused")


def _facts_of_event(event: Mapping[str, Any]) -> Facts | None:
    """Put an event into our words; ``None`` when it tells nothing of an attempt of ours."""
    outcome, thing = _EVENTS.get(str(event["type"])), event["data"]["object"]
    number = str((thing.get("metadata") or {}).get("attempt") or thing.get("client_reference_id") or "")
    if outcome is None or not (number or outcome == Outcome.GIVEN_BACK):
        return None
    at = datetime.fromtimestamp(int(event["created"]), UTC).isoformat()
    if thing.get("object") == "checkout.session":
        return _facts_of_session(thing, number, outcome, at)
    cents = thing.get("amount_refunded") or thing.get("amount_received") or thing["amount"]
    tx_id = thing["id"] if outcome == Outcome.PAID else thing.get("payment_intent") or ""
    return Facts(number, outcome, int(cents), str(thing.get("currency")).upper(), str(tx_id), at)


def _facts_of_session(said: Mapping[str, Any], number: str, outcome: Outcome, at: str = "") -> Facts:
    """Put a session into our words; ``outcome`` is what it means as long as it is not paid."""
    intent = said.get("payment_intent") or ""
    known = intent if isinstance(intent, dict) else {"id": intent, "amount_received": said.get("amount_total")}
    if said.get("payment_status") == "paid" and outcome != Outcome.UNCLEAR:
        outcome = Outcome.PAID
        at = at or datetime.fromtimestamp(int(known.get("created") or said["created"]), UTC).isoformat()
    cents = known.get("amount_received") if outcome == Outcome.PAID else said.get("amount_total")
    return Facts(number, outcome, int(cents or 0), str(said.get("currency")).upper(), str(known.get("id") or ""), at)
