"""Settlements of a rail (what it pays out at once, transaction by transaction), in a neutral CSV of our own.

UTF-8, semicolons, cents as whole numbers, days as ISO dates, in this order and no other::

    messervices-settlement;1
    settlement;<rail>;<contract>;<reference>;<day>;<credited on>;<currency>;<lines>;<gross>;<fees>;<net>
    line;<n>;<payment|refund|charge_back>;<transaction>;<our attempt>;<day>;<amount>;<fee>;<currency>
    total;<settlements>;<lines>;<gross>;<fees>;<net>

Lines are numbered from 1 in each settlement; a refund or a charge-back has a negative amount; a line names its
transaction, or our attempt, or both. Every total is checked: a cut, altered or re-ordered file is refused whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO

from messervices.foundations.treasury.providers.lines import Faulty, SettlementHead, SettlementLine
from messervices.foundations.treasury.states import Fault, LineKind

FIRST = b"messervices-settlement;1"
_LONGEST = 400
_RAIL, _NAME = re.compile(r"[a-z]{2,16}"), re.compile(r"[A-Za-z0-9._/-]{1,64}")
_CURRENCY, _WHOLE = re.compile(r"[A-Z]{3}"), re.compile(r"-?\d{1,15}")
_HEAD, _LINE, _TOTAL = 11, 9, 6


def is_one(head: bytes) -> bool:
    """Tell whether a file begins as one."""
    return head.startswith(FIRST)


def rows_of(source: IO[bytes], separator: str = ";") -> Iterator[tuple[int, list[str]]]:
    """Give each line's number and cells. Raises ``Faulty`` on a line too long, or that is not UTF-8."""
    number = 0
    while raw := source.readline(_LONGEST + 1):
        number += 1
        if len(raw) > _LONGEST:
            raise Faulty(Fault.SHAPE, number)
        try:
            text = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Faulty(Fault.ENCODING, number) from None
        yield number, text.split(separator)


@dataclass
class _Sums:
    """What was counted so far: of a settlement, or of the file."""

    lines: int = 0
    gross_cents: int = 0
    fees_cents: int = 0

    def add(self, line: SettlementLine) -> None:
        self.lines += 1
        self.gross_cents += line.amount_cents
        self.fees_cents += line.fee_cents

    def are(self, lines: int, gross_cents: int, fees_cents: int, net_cents: int) -> bool:
        counted = (self.lines, self.gross_cents, self.fees_cents, self.gross_cents - self.fees_cents)
        return counted == (lines, gross_cents, fees_cents, net_cents)


def read(source: IO[bytes]) -> Iterator[SettlementHead | SettlementLine]:
    """Read a file, piece by piece. Raises ``Faulty`` at the first thing that is wrong."""
    rows = rows_of(source)
    if ";".join(next(rows, (0, [""]))[1]).encode() != FIRST:
        raise Faulty(Fault.NOT_KNOWN, 1)
    head: SettlementHead | None = None
    heads, whole, part, closed, number = 0, _Sums(), _Sums(), False, 1
    for number, cells in rows:
        if closed:
            raise Faulty(Fault.ORDER, number)
        if cells[0] == "line" and head is not None:
            line = _line(cells, number)
            if line.number != part.lines + 1:
                raise Faulty(Fault.ORDER, number)
            part.add(line)
            whole.add(line)
            yield line
            continue
        if head is not None and not part.are(head.lines, head.gross_cents, head.fees_cents, head.net_cents):
            raise Faulty(Fault.TOTALS, number)
        if cells[0] == "settlement":
            head, part, heads = _head(cells, number), _Sums(), heads + 1
            yield head
        elif cells[0] == "total":
            closed = _is_total(cells, number, heads, whole)
        else:
            raise Faulty(Fault.SHAPE, number)
    if not closed or head is None:
        raise Faulty(Fault.ORDER, number)


def _head(cells: list[str], number: int) -> SettlementHead:
    if len(cells) != _HEAD or not all(map(_NAME.fullmatch, cells[2:4])):
        raise Faulty(Fault.SHAPE, number)
    lines, gross, fees, net = (whole(cell, number) for cell in cells[7:11])
    if not _RAIL.fullmatch(cells[1]) or not _CURRENCY.fullmatch(cells[6]) or lines < 0:
        raise Faulty(Fault.SHAPE, number)
    return SettlementHead(
        rail=cells[1], contract=cells[2], reference=cells[3].upper()[:35], day=day(cells[4], number),
        credit_on=day(cells[5], number), currency=cells[6], lines=lines, gross_cents=gross, fees_cents=fees,
        net_cents=net,
    )  # fmt: skip


def _line(cells: list[str], number: int) -> SettlementLine:
    named = [cell for cell in cells[3:5] if cell]
    if len(cells) != _LINE or cells[2] not in LineKind.values or not named or not all(map(_NAME.fullmatch, named)):
        raise Faulty(Fault.SHAPE, number)
    cents = whole(cells[6], number)
    if not _CURRENCY.fullmatch(cells[8]) or (cents <= 0) == (cells[2] == LineKind.PAYMENT):
        raise Faulty(Fault.SHAPE, number)
    return SettlementLine(
        number=whole(cells[1], number), kind=cells[2], tx_id=cells[3], attempt=cells[4], day=day(cells[5], number),
        amount_cents=cents, fee_cents=whole(cells[7], number), currency=cells[8],
    )  # fmt: skip


def _is_total(cells: list[str], number: int, heads: int, counted: _Sums) -> bool:
    if len(cells) != _TOTAL:
        raise Faulty(Fault.SHAPE, number)
    settlements, lines, gross, fees, net = (whole(cell, number) for cell in cells[1:])
    if settlements != heads or not counted.are(lines, gross, fees, net):
        raise Faulty(Fault.TOTALS, number)
    return True


def whole(cell: str, number: int) -> int:
    """Read a whole number. Raises ``Faulty``."""
    if not _WHOLE.fullmatch(cell):
        raise Faulty(Fault.SHAPE, number)
    return int(cell)


def day(cell: str, number: int) -> date:
    """Read a day, ``2026-11-24`` or ``20261124``. Raises ``Faulty``."""
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Faulty(Fault.SHAPE, number) from None
