"""The daily return file of the post offices, in our own neutral layout, read as a stream.

La Banque Postale's own layout is not public. Everything that depends on one is here: another layout is another reader
that yields the same ``Taken``. The layout is described in the README of the room.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO

from messervices.foundations.cash.states import Fault

LONGEST_LINE = 160
"""Bytes. A line has about 85."""

MOST_FAULTS = 200
"""Of a file that is wrong everywhere, the first ones are enough."""

_HEADER = re.compile(r"H;EFICASH;1;(\d{6});(\d{1,8});(\d{4}-\d\d-\d\d)")
_LINE = re.compile(r"D;(\d{1,7});(\d{4}-\d\d-\d\d);(\d{6});(\d{20});(\d{1,8});(\d{1,6});([A-Z0-9]{6,24})")
_TRAILER = re.compile(r"T;(\d{1,7});(\d{1,14});(\d{1,12});([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Taken:
    """Money that a counter took: ``amount_cents`` is ours, ``fee_cents`` is what La Poste keeps on top of it.

    ``operation`` is the bank's own number, unique for ever.
    """

    number: int
    paid_on: date
    office: str
    reference: str
    amount_cents: int
    fee_cents: int
    operation: str

    def evidence(self) -> bytes:
        """Write what the bank said of this operation, whichever file and rank it came in."""
        said = (self.paid_on.isoformat(), self.office, self.reference, self.amount_cents, self.fee_cents)
        return ";".join(["eficash", *map(str, said), self.operation]).encode()


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault, on which line (counted from 1)."""

    line: int
    fault: Fault


@dataclass(slots=True)
class Checked:
    """What a file says of itself, once read from its first byte to its last. ``faults`` is empty when it is right."""

    creditor: str = ""
    number: int = 0
    day: date | None = None
    count: int = 0
    amount_cents: int = 0
    fee_cents: int = 0
    faults: list[Wrong] = field(default_factory=list)

    def blame(self, line: int, fault: Fault) -> None:
        """Note a fault, up to a limit."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Wrong(line, fault))


def check(raw: bytes, *, creditor: str) -> Checked:
    """Read a whole file and say all that is wrong with it. Never raises: what cannot be read is a fault."""
    found = Checked()
    mark = hashlib.sha256()
    operations: set[str] = set()
    trailer: re.Match[str] | None = None
    number = 0
    for number, row in enumerate(BytesIO(raw), 1):
        if trailer is not None:
            found.blame(number, Fault.AFTER_TRAILER)
            break
        text = _text(row, number, found)
        if number == 1:
            _head(text, creditor, found)
        elif text is not None:
            trailer = _TRAILER.fullmatch(text)
            if trailer is None:
                _line(text, number, operations, found)
        if trailer is None:
            mark.update(row)
    if number == 0:
        found.blame(1, Fault.EMPTY)
    elif trailer is None:
        found.blame(number, Fault.NO_TRAILER)
    else:
        _agree(trailer, mark.hexdigest(), number, found)
    return found


def _text(row: bytes, number: int, found: Checked) -> str | None:
    """Give a line without its end; ``None`` when it is no line of ours."""
    if len(row) > LONGEST_LINE:
        found.blame(number, Fault.TOO_LONG)
    elif not row.isascii():
        found.blame(number, Fault.ENCODING)
    elif not row.endswith(b"\r\n"):
        found.blame(number, Fault.LINE_END)
    else:
        return row[:-2].decode("ascii")
    return None


def _head(text: str | None, creditor: str, found: Checked) -> None:
    said = _HEADER.fullmatch(text or "")
    day = _day(said[3]) if said else None
    if said is None or day is None:
        if text is not None:
            found.blame(1, Fault.HEADER)
        return
    found.creditor, found.number, found.day = said[1], int(said[2]), day
    if said[1] != creditor:
        found.blame(1, Fault.CREDITOR)


def _line(text: str, number: int, operations: set[str], found: Checked) -> None:
    taken = _taken(text)
    found.count += 1
    if taken is None:
        found.blame(number, Fault.SHAPE if _LINE.fullmatch(text) is None else Fault.DAY)
        return
    found.amount_cents += taken.amount_cents
    found.fee_cents += taken.fee_cents
    if taken.number != number - 1:
        found.blame(number, Fault.RANK)
    if found.day is not None and taken.paid_on > found.day:
        found.blame(number, Fault.DAY)
    if not taken.amount_cents:
        found.blame(number, Fault.AMOUNT)
    if taken.operation in operations:
        found.blame(number, Fault.DOUBLED)
    operations.add(taken.operation)


def _agree(trailer: re.Match[str], mark: str, number: int, found: Checked) -> None:
    """Hold the last line against what was read."""
    count, amount, fees, said = int(trailer[1]), int(trailer[2]), int(trailer[3]), trailer[4]
    if count != found.count:
        found.blame(number, Fault.COUNT)
    if amount != found.amount_cents:
        found.blame(number, Fault.SUM)
    if fees != found.fee_cents:
        found.blame(number, Fault.FEES)
    if said != mark:
        found.blame(number, Fault.MARK)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _taken(text: str) -> Taken | None:
    said = _LINE.fullmatch(text)
    day = _day(said[2]) if said else None
    if said is None or day is None:
        return None
    return Taken(
        number=int(said[1]),
        paid_on=day,
        office=said[3],
        reference=said[4],
        amount_cents=int(said[5]),
        fee_cents=int(said[6]),
        operation=said[7],
    )


def lines(raw: bytes, *, after: int = 0) -> Iterator[Taken]:
    """Give the lines of a file that ``check`` found right, from the one that follows line ``after``."""
    for number, row in enumerate(BytesIO(raw)):
        if number <= after or row.startswith(b"T"):
            continue
        taken = _taken(row[:-2].decode("ascii"))
        if taken is None:
            msg = f"line {number} of a file that was found right"
            raise ValueError(msg)
        yield taken
