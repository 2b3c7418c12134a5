"""Cash taken at a post office (Eficash): no page to lead to, nobody to ask, and no card to give the money back to.

What was taken comes once a day, in the return file that the room ``cash`` reads.
"""

from dataclasses import dataclass
from datetime import datetime

from messervices.foundations.payments.providers.rail import (
    NO_WAY_BACK,
    Answer,
    BankForm,
    Facts,
    GivenBack,
    Handover,
    Notice,
    RefundRefusedByBank,
)
from messervices.foundations.payments.rules import Outcome, Terms
from messervices.foundations.payments.states import Verdict

_TERMS = Terms(gives_back=False)


@dataclass(frozen=True, slots=True)
class Eficash:
    """The post offices of France."""

    name: str = "eficash"
    receivable: str = "psp:eficash:receivable"
    terms: Terms = _TERMS

    def begin(self, attempt: Handover) -> BankForm:
        """Raise ``LookupError``: cash is paid at a counter, with a notice of the room ``cash``."""
        msg = f"{attempt.number} is paid at a post office: there is no page to lead to"
        raise LookupError(msg)

    def read(self, raw: bytes, signature: str, now: datetime) -> Notice:
        """Nothing comes one by one: a whole file is believed or refused by the room ``cash``."""
        return Notice(Verdict.UNREADABLE)

    def ask(self, attempt: Handover) -> Answer:
        """Nobody can be asked: what is not in a return file is not known."""
        return Answer(f"eficash {attempt.number}".encode(), Facts(attempt.number, Outcome.UNFINISHED))

    def close(self, attempt: Handover) -> bool:
        """Say no: a notice can be paid as long as the post office takes it."""
        return False

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """A post office gives nothing back."""
        return None

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> GivenBack:
        """Raise ``RefundRefusedByBank``: the money goes back by a transfer, to an account that the person names."""
        raise RefundRefusedByBank(NO_WAY_BACK)
