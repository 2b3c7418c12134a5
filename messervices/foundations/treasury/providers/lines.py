"""What the readers give, one piece after the other; nothing of the file stays in memory behind them."""

from dataclasses import dataclass
from datetime import date


class Faulty(Exception):  # noqa: N818 - read as a fact: the file is faulty
    """The file is to be refused whole: ``code`` is a ``states.Fault``, ``line`` that of the file (0: none to name)."""

    def __init__(self, code: str, line: int = 0) -> None:
        """Keep both."""
        super().__init__(f"{code} line {line}")
        self.code, self.line = code, line


@dataclass(frozen=True, slots=True)
class StatementHead:
    """A statement (camt.053) begins, or a notice (camt.054: then without balances). Signed cents."""

    number: str
    iban: str
    currency: str
    sequence: int
    day: date
    opening_cents: int = 0
    closing_cents: int = 0


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of a statement or a notice, in its order (1, 2, 3…). ``refs``: every reference it carries."""

    number: int
    amount_cents: int
    booked_on: date
    value_on: date
    bank_ref: str
    refs: tuple[str, ...]
    code: str
    text: str
    return_reason: str
    details: int


@dataclass(frozen=True, slots=True)
class DetailLine:
    """One transaction inside an entry that gathers several. ``entry``: the number of that entry."""

    entry: int
    number: int
    amount_cents: int
    bank_ref: str
    refs: tuple[str, ...]
    text: str
    return_reason: str


@dataclass(frozen=True, slots=True)
class StatementEnd:
    """A statement ends: how many entries, and their sums (both positive)."""

    entries: int
    credits_cents: int
    debits_cents: int


@dataclass(frozen=True, slots=True)
class SettlementHead:
    """A settlement begins: what a rail pays out at once for one contract. Signed cents, fees as a cost (positive)."""

    rail: str
    contract: str
    reference: str
    day: date
    credit_on: date
    currency: str
    lines: int
    gross_cents: int
    fees_cents: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One transaction of a settlement: named by the rail's own number, or by the number of our attempt."""

    number: int
    kind: str
    tx_id: str
    attempt: str
    day: date
    amount_cents: int
    fee_cents: int
    currency: str


Piece = StatementHead | EntryLine | DetailLine | StatementEnd | SettlementHead | SettlementLine
