"""Lyra's own "journal de rapprochement bancaire" (versions 1 and 2), as settlements.

Records ``TITRE``, ``ENTETE`` (labels), ``MATCHING`` (one a transaction), ``FIN``. Columns are found by their labels, so
that the two versions, and an installation that hides some, read alike. It names our attempt (``ORDER_ID``) and the
remittance (``REMITTANCE_NB``, ``REMITTANCE_DATE``), and announces no totals: only a missing ``FIN`` tells of a cut.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from messervices.foundations.treasury.providers.lines import Faulty, SettlementHead, SettlementLine
from messervices.foundations.treasury.providers.settlement import day, rows_of, whole
from messervices.foundations.treasury.states import Fault, LineKind

RAIL = "lyra"
_FIRST = b"TITRE"
_WANTED = (
    "CONTRACT", "PAYMENT_DATE", "CURRENCY_CODE", "ORDER_ID", "OPERATION_TYPE", "REMITTANCE_DATE", "BRUT_AMOUNT",
    "MATCH_STATUS", "REMITTANCE_NB",
)  # fmt: skip
_EURO = ("978", "EUR")


def is_one(head: bytes) -> bool:
    """Tell whether a file begins as one."""
    return head.startswith(_FIRST) and b"TABLE_V" in head[:400]


def read(source: IO[bytes]) -> Iterator[SettlementHead | SettlementLine]:
    """Read a report: what the bank has matched, gathered by remittance. Raises ``Faulty``."""
    found: dict[tuple[str, str, str], list[SettlementLine]] = {}
    for number, cells in _matched(source):
        key = (cells["CONTRACT"], cells["REMITTANCE_NB"], cells["REMITTANCE_DATE"])
        if not all(key):
            raise Faulty(Fault.SHAPE, number)
        lines = found.setdefault(key, [])
        lines.append(replace(_line(cells, number), number=len(lines) + 1))
    for (contract, remittance, made_on), lines in found.items():
        gross, fees = sum(line.amount_cents for line in lines), sum(line.fee_cents for line in lines)
        on = day(made_on, 0)
        yield SettlementHead(
            rail=RAIL, contract=contract, reference=remittance.upper()[:35], day=on, credit_on=on, currency="EUR",
            lines=len(lines), gross_cents=gross, fees_cents=fees, net_cents=gross - fees,
        )  # fmt: skip
        yield from lines


def _matched(source: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    """Give the transactions that the bank has matched, cells by their labels. Raises ``Faulty`` without an end."""
    first = source.readline(400).decode(errors="replace")
    separator = "\t" if "\t" in first else ";"
    labels: list[str] = []
    number, ended = 1, False
    for number, cells in ((row + 1, cells) for row, cells in rows_of(source, separator)):
        if ended:
            raise Faulty(Fault.ORDER, number)
        if cells[0] == "ENTETE":
            labels = cells
            if not set(_WANTED) <= set(labels):
                raise Faulty(Fault.SHAPE, number)
        elif cells[0] == "MATCHING" and len(cells) == len(labels):
            row = dict(zip(labels, cells, strict=True))
            if row["MATCH_STATUS"] == "MATCH_OK":
                yield number, row
        elif cells[0] == "FIN" and labels:
            ended = True
        else:
            raise Faulty(Fault.SHAPE, number)
    if not ended:
        raise Faulty(Fault.ORDER, number)


def _line(cells: dict[str, str], number: int) -> SettlementLine:
    kind = {"DT": LineKind.PAYMENT, "CT": LineKind.REFUND}.get(cells["OPERATION_TYPE"])
    cents, fee = whole(cells["BRUT_AMOUNT"], number), cells.get("COMMISSION_AMOUNT") or "0"
    net = cells.get("NET_AMOUNT") or ""
    if net and whole(net, number) != cents - whole(fee, number):
        raise Faulty(Fault.TOTALS, number)
    if kind is None or cents <= 0 or not cells["ORDER_ID"]:
        raise Faulty(Fault.SHAPE, number)
    currency = "EUR" if cells["CURRENCY_CODE"] in _EURO else cells["CURRENCY_CODE"][:3]
    return SettlementLine(
        number=0, kind=kind, tx_id="", attempt=cells["ORDER_ID"][:64], day=day(cells["PAYMENT_DATE"], number),
        amount_cents=cents if kind == LineKind.PAYMENT else -cents, fee_cents=whole(fee, number), currency=currency,
    )  # fmt: skip
