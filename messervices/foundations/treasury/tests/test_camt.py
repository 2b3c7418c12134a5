"""The reader of bank statements: what it reads of four versions, and what it refuses whole."""

import io
import re
import resource
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bank import letters
from bank.letters import Booking, Deal
from messervices.foundations.treasury.providers import camt
from messervices.foundations.treasury.providers.lines import (
    DetailLine,
    EntryLine,
    Faulty,
    Piece,
    StatementEnd,
    StatementHead,
)
from messervices.foundations.treasury.tests.factories import DAY, IBAN, VERSAILLES, statement

BOOKINGS = [
    Booking(104_63, DAY, "B1", deals=(Deal(104_63, end_to_end="R20260825-26", text="REMISE CB"),)),
    Booking(-105_00, DAY, "B2", letters.DEBIT, deals=(Deal(-105_00, end_to_end="PAY0001-1"),)),
    Booking(91_00, DAY, "B3", letters.RETURN, deals=(Deal(91_00, end_to_end="PAY0002-1", reason="AC04"),)),
]


def read(content: bytes, version: str = "camt.053.001.08", **how: bool) -> list[Piece]:
    return list(camt.read(io.BytesIO(content), version, **how))


def fault(content: bytes, version: str = "camt.053.001.08") -> str:
    with pytest.raises(Faulty) as raised:
        read(content, version)
    return raised.value.code


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_statement_is_read_with_its_references_and_its_balances(version: str) -> None:
    content = statement(BOOKINGS, opening=10_00, version=version)
    head, *entries, end = read(content, f"camt.053.001.{version}")
    assert camt.version_of(content) == f"camt.053.001.{version}"
    assert isinstance(head, StatementHead)
    assert (head.iban, head.opening_cents, head.closing_cents) == (IBAN[VERSAILLES], 10_00, 100_63)
    assert [one.amount_cents for one in entries] == [104_63, -105_00, 91_00]
    assert "R20260825-26" in entries[0].refs
    assert entries[0].text == "REMISE CB"
    assert (entries[2].return_reason, entries[2].code) == ("AC04", "PMNT/ICDT/RRTN")
    assert [one.bank_ref for one in entries] == ["B1", "B2", "B3"]
    assert end == StatementEnd(3, 195_63, 105_00)


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_gathered_entry_gives_its_transactions_one_by_one(version: str) -> None:
    deals = tuple(Deal(-100 * n, end_to_end=f"PAY{n:04d}-1") for n in range(1, 5))
    gathered = Booking(-10_00, DAY, "B9", letters.DEBIT, deals=deals, batch="MSG-1")
    content = b"".join(
        letters.notice(iban=IBAN[VERSAILLES], number="N1", day=DAY, bookings=[gathered], version=version)
    )
    head, *details, entry, end = read(content, f"camt.054.001.{version}")
    assert isinstance(head, StatementHead)
    assert all(isinstance(one, DetailLine) for one in details)
    assert [(one.entry, one.number, one.amount_cents) for one in details] == [(1, n, -100 * n) for n in range(1, 5)]
    assert isinstance(entry, EntryLine)
    assert (entry.details, entry.refs) == (4, ("MSG-1",))
    assert end == StatementEnd(1, 0, 10_00)


def test_a_day_without_entries_is_a_statement_too() -> None:
    head, end = read(statement([], opening=5))
    assert isinstance(head, StatementHead)
    assert end == StatementEnd(0, 0, 0)


def test_entries_not_booked_yet_move_nothing() -> None:
    content = statement(BOOKINGS[:1]).replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts><Cd>PDNG</Cd></Sts>")
    closing = b'<Amt Ccy="EUR">104.63</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt>'
    content = content.replace(closing, closing.replace(b"104.63", b"0.00"))
    assert read(content)[-1] == StatementEnd(0, 0, 0)


def test_the_second_reading_gives_the_same_without_the_schema() -> None:
    content = statement(BOOKINGS)
    assert read(content) == read(content, check=False)


GOOD = statement(BOOKINGS)
BILLION = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LATIN = GOOD.replace(b"REMISE CB", "REMISE PAYÉE".encode("latin-1"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (GOOD[: len(GOOD) // 2], "not_xml"),
        (GOOD[:-20], "not_xml"),
        (GOOD.replace(b"</Ntry>", b"</Ntr>", 1), "not_xml"),
        (GOOD + GOOD, "not_xml"),
        (GOOD.replace(b"<Document", BILLION + b"<Document", 1), "unsafe"),
        (GOOD.replace(b"<Document", OUTSIDE + b"<Document", 1), "unsafe"),
        (GOOD.replace(b"REMISE CB", b"&a;"), "not_xml"),
        (LATIN, "encoding"),
        (GOOD.replace(b"UTF-8", b"ISO-8859-1", 1), "encoding"),
        (GOOD.decode().encode("utf-16"), "encoding"),
        (GOOD.replace(b"REMISE", b"REM\x00SE"), "encoding"),
        (GOOD.replace(b"104.63</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", b"104.64</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"),
         "totals"),
        (re.sub(rb"<Ntry>.*?</Ntry>\n", b"", GOOD, count=1), "totals"),
        (re.sub(rb"(<Ntry>.*?</Ntry>\n)", rb"\1\1", GOOD, count=1), "totals"),
        (re.sub(rb"<TxsSummry>.*?</TxsSummry>", b"", re.sub(rb"<Ntry>.*?</Ntry>\n", b"", GOOD, count=1)), "balances"),
        (re.sub(rb"<TxsSummry>.*?</TxsSummry>", b"", GOOD).replace(b"104.63", b"104.62", 1), "balances"),
        (re.sub(rb"(<Amt Ccy=.EUR.>91.00</Amt>)(<CdtDbtInd>CRDT</CdtDbtInd>)", rb"\2\1", GOOD, count=1), "schema"),
        (GOOD.replace(b"<Acct>", b"<Acct><Nm>X</Nm>", 1), "schema"),
        (GOOD.replace(b"104.63", b"104.635", 1), "shape"),
        (GOOD.replace(b'Ccy="EUR">104.63', b'Ccy="USD">104.63', 1), "currency"),
        (GOOD.replace(b"<Ccy>EUR</Ccy>", b"<Ccy>USD</Ccy>"), "currency"),
        (GOOD.replace(b"OPBD", b"ITBD"), "balances"),
        (GOOD.replace(b"camt.053.001.08", b"camt.053.001.02"), "schema"),
    ],
)  # fmt: skip
def test_a_cut_doubled_altered_or_hostile_file_is_refused_with_its_reason(content: bytes, code: str) -> None:
    assert fault(content, camt.version_of(content) or "camt.053.001.08") == code


def test_a_version_without_a_schema_is_not_a_file_of_ours() -> None:
    assert camt.version_of(GOOD.replace(b"camt.053.001.08", b"camt.053.001.99")) == ""
    assert camt.version_of(b"%PDF-1.7") == ""


class Long(io.RawIOBase):
    """A statement of any length, written as it is read."""

    def __init__(self, entries: int) -> None:
        super().__init__()
        self.pieces = self._written(entries)
        self.left = b""

    def _written(self, entries: int) -> Iterator[bytes]:
        class Many(list):
            def __len__(self) -> int:
                return entries

            def __iter__(self) -> Iterator[Booking]:
                return (Booking(100, DAY, f"B{n}", deals=(Deal(100, end_to_end=f"E{n}"),)) for n in range(entries))

        return letters.statement(
            iban=IBAN[VERSAILLES], number="LONG", day=date(2026, 8, 25), opening=0, bookings=Many()
        )

    def read(self, size: int = -1) -> bytes:
        while len(self.left) < size:
            piece = next(self.pieces, b"")
            if not piece:
                break
            self.left += piece
        given, self.left = self.left[:size], self.left[size:]
        return given


def test_a_cut_file_is_called_cut_whatever_was_read_before_it() -> None:
    whole = statement([Booking(50_00, DAY, "BANKREFERENCE")])
    cut = whole[: whole.index(b"BANKREFERENCE") + 4]

    def fault(content: bytes) -> str:
        with pytest.raises(Faulty) as refused:
            list(camt.read(io.BytesIO(content), "camt.053.001.08"))
        return str(refused.value)

    assert fault(cut).startswith("not_xml")
    assert fault(whole.replace(b"AcctSvcrRef>", b"Nope>")).startswith("schema")
    assert fault(cut).startswith("not_xml")


def megabytes() -> float:
    """What this process holds now, the parser's own memory included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def test_fifty_thousand_entries_are_read_in_little_memory() -> None:
    before, most, count = megabytes(), 0.0, 0
    for one in camt.read(Long(50_000), "camt.053.001.08"):
        count += isinstance(one, EntryLine)
        if count % 5_000 == 0:
            most = max(most, megabytes() - before)
    assert count == 50_000
    assert most < 48
