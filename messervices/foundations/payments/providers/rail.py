"""What every way of paying gives: the interface between this room and a bank."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import Verdict


class RefundRefusedByBank(Exception):  # noqa: N818 - read as a fact: the refund was refused
    """The bank says no to giving money back, for good: an agent looks."""


@dataclass(frozen=True, slots=True)
class Handover:
    """An attempt, as a bank needs to know it.

    ``number`` is ours and unique; ``bank_ref`` is six letters or digits, unique in a day; ``begun_at`` dates the form.
    """

    number: str
    bank_ref: str
    amount_cents: int
    begun_at: datetime
    label: str = ""
    language: str = "fr"
    back_url: str = ""
    notice_url: str = ""


@dataclass(frozen=True, slots=True)
class BankForm:
    """What the browser posts to the bank."""

    action_url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a bank says happened to an attempt, in words common to all rails.

    ``number`` is the attempt's; ``tx_id`` the bank's own, unique for each movement of money; ``at`` by its clock.
    """

    number: str
    outcome: Outcome
    amount_cents: int = 0
    currency: str = ""
    tx_id: str = ""
    at: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, read: whether to believe it, and what it says (``None`` when that cannot be told)."""

    verdict: Verdict
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The bank's answer to a question: its raw bytes, kept as evidence, and what they say."""

    raw: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money given back: the bank's own number for it."""

    tx_id: str
    amount_cents: int


class Rail(Protocol):
    """A way of paying. Only ``ask``, ``given_back`` and ``give_back`` use the network, with a time-out.

    They raise ``ProviderUnavailable`` when the bank does not answer: the outcome is then unknown, never guessed.
    """

    @property
    def name(self) -> str:
        """The value of ``RailName``."""

    @property
    def receivable(self) -> str:
        """Ledger account of what the bank owes us."""

    def begin(self, attempt: Handover) -> BankForm:
        """Make the form that takes the browser to the bank. The same attempt gives the same form."""

    def read(self, raw: bytes) -> Notice:
        """Read a notice from its raw bytes. Never raises: what cannot be read is ``unreadable``."""

    def ask(self, attempt: Handover) -> Answer:
        """Ask what became of an attempt."""

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """Ask whether the money of a transaction was given back already."""

    def give_back(self, tx_id: str, amount_cents: int) -> GivenBack:
        """Give the money of a transaction back. Raises ``RefundRefusedByBank``. Not safe to repeat: ask first."""
