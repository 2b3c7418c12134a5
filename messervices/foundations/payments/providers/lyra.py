"""Lyra (PayZen, Systempay, Scellius): form V2 to pay, signed notices, REST V4 to ask and to give back.

No page of ours sees a card number; the browser's return is not even read: signed notices and our questions count.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from messervices.foundations.payments.providers import rail
from messervices.foundations.payments.providers.http import ask_json, read_form
from messervices.foundations.payments.providers.rail import Answer, BankForm, Facts, GivenBack, Handover, Notice
from messervices.foundations.payments.rules import LYRA_TERMS, Outcome, Terms
from messervices.foundations.payments.states import Verdict
from messervices.kernel.errors import ProviderUnavailable

_NAME = re.compile(r"vads_[a-z0-9_]+|signature")
EURO, NOT_FOUND = "978", "PSP_010"
_WORDS = {
    Outcome.PAID: "AUTHORISED CAPTURED",
    Outcome.WAITING: "WAITING_AUTHORISATION AUTHORISED_TO_VALIDATE WAITING_AUTHORISATION_TO_VALIDATE"
    " WAITING_FOR_PAYMENT UNDER_VERIFICATION PRE_AUTHORISED",
    Outcome.UNFINISHED: "INITIAL",
    Outcome.UNCLEAR: "",
    Outcome.REFUSED: "REFUSED ERROR",
    Outcome.ABANDONED: "ABANDONED CANCELLED NOT_CREATED EXPIRED",
}
_OUTCOMES = {word: outcome for outcome, words in _WORDS.items() for word in words.split()}
_WEIGHT = list(_WORDS)  # of several transactions of one attempt, the first of this order says where it stands


def sign(fields: Mapping[str, str], key: str) -> str:
    """Sign: the values of the ``vads_*`` fields by name, joined by ``+`` with the key; HMAC-SHA-256 in Base64."""
    text = "+".join([value for name, value in sorted(fields.items()) if name.startswith("vads_")] + [key])
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Lyra:
    """A shop at Lyra. ``keys``: the current one, then the previous one while keys are being changed.

    ``contracts``: the card contract of each Crous that has its own; Lyra's shop takes its first one without.
    """

    payment_url: str
    api_url: str
    site_id: str
    keys: tuple[str, ...]
    mode: str
    password: str
    shop_name: str
    name: str = "lyra"
    receivable: str = "psp:lyra:receivable"
    terms: Terms = LYRA_TERMS
    contracts: Mapping[int, str] = field(default_factory=dict)

    def begin(self, attempt: Handover) -> BankForm:
        """Make the signed form of an attempt. Nothing that a person typed may stand in it: see ``read``."""
        fields = {
            "vads_action_mode": "INTERACTIVE", "vads_amount": str(attempt.amount_cents), "vads_ctx_mode": self.mode,
            "vads_currency": EURO, "vads_language": attempt.language, "vads_order_id": attempt.number,
            "vads_order_info": attempt.label.replace("+", " ")[:255],
            "vads_page_action": "PAYMENT", "vads_payment_config": "SINGLE",
            "vads_redirect_error_timeout": "0", "vads_redirect_success_timeout": "0", "vads_return_mode": "NONE",
            "vads_shop_name": self.shop_name, "vads_site_id": self.site_id, "vads_trans_id": attempt.bank_ref,
            "vads_trans_date": f"{attempt.begun_at.astimezone(UTC):%Y%m%d%H%M%S}", "vads_version": "V2",
            "vads_url_check": attempt.notice_url, "vads_url_return": attempt.back_url,
        }  # fmt: skip
        if contract := self.contracts.get(attempt.crous_id or 0):
            fields["vads_contracts"] = f"CB={contract}"
        return BankForm(self.payment_url, fields | {"signature": sign(fields, self.keys[0])})

    def read(self, raw: bytes, signature: str, now: datetime) -> Notice:
        """Read a notice. Values are signed and names are not, so a name that the bank does not use is not read."""
        said = read_form(raw, _NAME)
        if said is None or not said.get("vads_trans_status") or not said.get("vads_order_id"):
            return Notice(Verdict.UNREADABLE)
        given = said.get("signature", "").encode()
        if not any([hmac.compare_digest(sign(said, key).encode(), given) for key in self.keys]):  # noqa: C419 - every key, always: constant time
            return Notice(Verdict.FORGED)
        if (said.get("vads_site_id"), said.get("vads_ctx_mode")) != (self.site_id, self.mode):
            return Notice(Verdict.FOREIGN)
        return Notice(Verdict.GOOD, _facts_of_notice(said))

    def ask(self, attempt: Handover) -> Answer:
        """Ask ``Order/Get``. Each attempt is an order of its own at the bank, so the answer speaks of it alone."""
        raw, said = self._call("Order/Get", {"orderId": attempt.number})
        answer = said.get("answer") or {}
        if said.get("status") != "SUCCESS":
            if answer.get("errorCode") == NOT_FOUND:
                return Answer(raw, Facts(attempt.number, Outcome.NEVER_SEEN))
            raise ProviderUnavailable(self.name, str(answer.get("errorCode")))
        every = answer.get("transactions") or []
        read = [_facts_of_transaction(attempt.number, t) for t in every if t.get("operationType") == "DEBIT"]
        read.sort(key=lambda facts: _WEIGHT.index(facts.outcome))
        return Answer(raw, read[0] if read else Facts(attempt.number, Outcome.UNFINISHED))

    def close(self, attempt: Handover) -> bool:
        """Say no: a form that has left can be posted for a day."""
        return False

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """Look for a credit of this transaction, or for its cancelling before it was sent to the bank."""
        _raw, said = self._call("Order/Get", {"orderId": attempt.number})
        for t in (said.get("answer") or {}).get("transactions") or []:
            parent = (t.get("transactionDetails") or {}).get("parentTransactionUuid")
            credited = t.get("operationType") == "CREDIT" and parent == tx_id
            if credited or (t.get("uuid") == tx_id and t.get("detailedStatus") == "CANCELLED"):
                return GivenBack(str(t["uuid"]), int(t["amount"]))
        return None

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> GivenBack:
        """Ask ``Transaction/CancelOrRefund``: the bank cancels what it has not sent yet, and credits the rest."""
        wanted = {"uuid": tx_id, "amount": amount_cents, "currency": "EUR"}
        _raw, said = self._call("Transaction/CancelOrRefund", wanted | {"resolutionMode": "AUTO"})
        answer = said.get("answer") or {}
        if said.get("status") != "SUCCESS":
            raise rail.RefundRefusedByBank(str(answer.get("errorCode")))
        return GivenBack(str(answer["uuid"]), int(answer["amount"]))

    def _call(self, service: str, wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        return ask_json(self.name, self.api_url + service, wanted, f"{self.site_id}:{self.password}")


def _facts_of_notice(said: Mapping[str, str]) -> Facts:
    """Put a notice into our words. Amounts that disagree inside one notice are unclear."""
    asked, taken = said.get("vads_amount", ""), said.get("vads_effective_amount") or said.get("vads_amount", "")
    currency = said.get("vads_effective_currency") or said.get("vads_currency", "")
    outcome = _OUTCOMES.get(said["vads_trans_status"], Outcome.UNCLEAR)
    if said.get("vads_operation_type", "DEBIT") != "DEBIT":
        outcome = Outcome.GIVEN_BACK
    if not taken.isdecimal() or taken != asked:
        outcome = Outcome.UNCLEAR
    return Facts(
        number=said["vads_order_id"], outcome=outcome, amount_cents=int(taken) if taken.isdecimal() else 0,
        currency="EUR" if currency == EURO else currency, tx_id=said.get("vads_trans_uuid", ""),
        at=_instant(said.get("vads_effective_creation_date", "")),
        detail=said.get("vads_auth_result") or said.get("vads_result", ""),
    )  # fmt: skip


def _facts_of_transaction(number: str, said: Mapping[str, Any]) -> Facts:
    return Facts(
        number=number, outcome=_OUTCOMES.get(said.get("detailedStatus") or "", Outcome.UNCLEAR),
        amount_cents=int(said.get("amount") or 0), currency=str(said.get("currency")), tx_id=str(said.get("uuid")),
        at=str(said.get("creationDate") or ""), detail=str(said.get("detailedErrorCode") or ""),
    )  # fmt: skip


def _instant(made: str) -> str:
    try:
        return datetime.strptime(made, "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return ""
