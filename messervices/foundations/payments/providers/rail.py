"""What every way of paying gives: the interface between this room and a bank."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messervices.foundations.payments.rules import Outcome, Terms
from messervices.foundations.payments.states import Verdict

NO_WAY_BACK = "no_way_back"
"""Why a refund fails at a rail that cannot give back: the money goes by a transfer, to an account that is asked for."""


class RefundRefusedByBank(Exception):  # noqa: N818 - read as a fact: the refund was refused
    """The bank says no to giving money back, for good: an agent looks."""


class BeginRefusedByBank(Exception):  # noqa: N818 - read as a fact: the beginning was refused
    """The bank answers, and does not take this attempt: nothing was begun there."""


@dataclass(frozen=True, slots=True)
class Handover:
    """An attempt, as a bank needs to know it.

    ``number`` is ours and unique; ``bank_ref`` is six letters or digits, unique in a day; ``begun_at`` dates the form;
    ``rail_ref`` is the bank's own name for the attempt, once it gave one; ``mail`` is the payer's; ``crous_id`` says
    into whose contract it is paid.
    """

    number: str
    bank_ref: str
    amount_cents: int
    begun_at: datetime
    label: str = ""
    language: str = "fr"
    back_url: str = ""
    notice_url: str = ""
    rail_ref: str = ""
    mail: str = ""
    crous_id: int | None = None


@dataclass(frozen=True, slots=True)
class BankForm:
    """What takes the browser to the bank: fields to post, or, without any, an address to open.

    ``ref`` is the bank's own name for the attempt, when it gave one.
    """

    action_url: str
    fields: dict[str, str]
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a bank says happened to an attempt, in words common to all rails.

    ``number`` is the attempt's ("": the one whose money ``tx_id`` was); ``tx_id`` the bank's own, unique for each
    movement of money; ``at`` by its clock.
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
    """A notice, read: whether to believe it, and what it says (``None`` when that cannot be told).

    An authentic one that says nothing of a payment has no facts. A ``hint`` names an attempt by the bank's ``ref`` and
    proves nothing: the bank is asked.
    """

    verdict: Verdict
    facts: Facts | None = None
    ref: str = ""


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
    """A way of paying. Only ``read`` never uses the network, nor ``begin`` where ``terms`` say so; all have a time-out.

    They raise ``ProviderUnavailable`` when the bank does not answer: the outcome is then unknown, never guessed.
    """

    @property
    def name(self) -> str:
        """The value of ``RailName``."""

    @property
    def receivable(self) -> str:
        """Ledger account of what the bank owes us."""

    @property
    def terms(self) -> Terms:
        """What this bank takes, and for how long."""

    def begin(self, attempt: Handover) -> BankForm:
        """Give what takes the browser to the bank. Called again for the same attempt, it begins nothing twice.

        Raises ``BeginRefusedByBank``.
        """

    def read(self, raw: bytes, signature: str, now: datetime) -> Notice:
        """Read a notice from its raw bytes and the header that signs them ("" where the bytes do).

        Never raises: what cannot be read is ``unreadable``.
        """

    def ask(self, attempt: Handover) -> Answer:
        """Ask what became of an attempt."""

    def close(self, attempt: Handover) -> bool:
        """Have the bank refuse to take this attempt from now on; ``False`` when it cannot, or no longer."""

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """Ask whether the money of a transaction was given back already."""

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> GivenBack:
        """Give the money of a transaction back, once for a ``key`` where the bank knows keys: ask first.

        Raises ``RefundRefusedByBank``.
        """
