"""The readers of settlements: our neutral form, and Lyra's own journal."""

import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank import letters
from bank.letters import Part, Remittance
from messervices.foundations.treasury.providers import lyra_report, settlement
from messervices.foundations.treasury.providers.lines import Faulty, SettlementHead, SettlementLine
from messervices.foundations.treasury.tests.factories import DAY

PARTS = (
    Part("payment", "a" * 32, DAY, 105_00, 37, attempt="XA-1"),
    Part("refund", "b" * 32, DAY, -91_00, 0, attempt="XB-1"),
    Part("payment", "c" * 32, DAY, 40_00, 14, attempt="XC-1"),
)
ONE = Remittance("lyra", "2000026", "R1", DAY, DAY + timedelta(days=1), PARTS)
GOOD = letters.settlements([ONE])
LINES = GOOD.splitlines(keepends=True)


def read(content: bytes) -> list[object]:
    return list(settlement.read(io.BytesIO(content)))


def fault(content: bytes) -> str:
    with pytest.raises(Faulty) as raised:
        read(content)
    return raised.value.code


def test_a_settlement_is_read_whole() -> None:
    head, *lines = read(GOOD)
    assert isinstance(head, SettlementHead)
    assert (head.gross_cents, head.fees_cents, head.net_cents, head.lines) == (54_00, 51, 53_49, 3)
    assert all(isinstance(one, SettlementLine) for one in lines)
    assert [one.amount_cents for one in lines] == [105_00, -91_00, 40_00]


def test_windows_ends_of_lines_are_read_alike() -> None:
    assert read(GOOD.replace(b"\n", b"\r\n")) == read(GOOD)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"".join(LINES[:-1]), "order"),
        (b"".join(LINES[:3]), "order"),
        (b"".join([*LINES[:3], *LINES[4:]]), "order"),
        (b"".join([*LINES[:4], *LINES[5:]]), "totals"),
        (b"".join([LINES[0], LINES[1], LINES[3], LINES[2], *LINES[4:]]), "order"),
        (b"".join([*LINES[:3], LINES[2], *LINES[3:]]), "order"),
        (b"".join([*LINES, LINES[2]]), "order"),
        (GOOD + GOOD, "order"),
        (GOOD.replace(b"10500", b"10501", 1), "totals"),
        (GOOD.replace(b";37;", b";36;", 1), "totals"),
        (GOOD.replace(b"5400;51;5349\n", b"5400;51;5350\n"), "totals"),
        (GOOD.replace(b"payment", b"paiement", 1), "shape"),
        (GOOD.replace(b"a" * 32, b"a;b", 1), "shape"),
        (GOOD.replace(b"a" * 32, "é".encode("latin-1"), 1), "encoding"),
        (GOOD.replace(b"10500", b"105.00", 1), "shape"),
        (GOOD.replace(b"payment;a", b"refund;a", 1), "shape"),
        (GOOD.replace(b"2026-08-24", b"2026-02-31", 1), "shape"),
        (GOOD.replace(b"a" * 32, b"=cmd|' /C calc'!A0", 1), "shape"),
        (GOOD.replace(b"R1", b"R" * 500, 1), "shape"),
        (LINES[0], "order"),
        (b"", "not_known"),
    ],
)
def test_a_cut_reordered_or_altered_settlement_is_refused_with_its_reason(content: bytes, code: str) -> None:
    assert fault(content) == code


@given(place=st.integers(0, len(GOOD) - 1), sign=st.integers(0, 255))
def test_any_one_byte_changed_is_refused_or_says_the_same_money(place: int, sign: int) -> None:
    changed = GOOD[:place] + bytes([sign]) + GOOD[place + 1 :]
    try:
        head, *lines = read(changed)
    except Faulty:
        return
    assert isinstance(head, SettlementHead)
    assert (head.gross_cents, head.fees_cents, head.net_cents) == (54_00, 51, 53_49)
    assert sum(one.amount_cents for one in lines) == 54_00


def test_the_journal_of_lyra_gives_the_same_settlement_by_our_attempts() -> None:
    content = letters.lyra_journal([ONE])
    assert lyra_report.is_one(content)
    head, *lines = lyra_report.read(io.BytesIO(content))
    assert isinstance(head, SettlementHead)
    assert (head.contract, head.reference, head.gross_cents, head.fees_cents) == ("2000026", "R1", 54_00, 51)
    assert [(one.attempt, one.amount_cents) for one in lines] == [("XA-1", 105_00), ("XB-1", -91_00), ("XC-1", 40_00)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ((b"\nFIN\n", b"\n"), "order"),
        ((b"REMITTANCE_NB", b"REMITTANCE"), "shape"),
        ((b";DT;1;", b";ZZ;1;"), "shape"),
        ((b";10463;37;", b";10464;37;"), "totals"),
        ((b"XA-1", b""), "shape"),
    ],
)
def test_a_journal_that_is_cut_or_altered_is_refused(change: tuple[bytes, bytes], code: str) -> None:
    content = letters.lyra_journal([ONE]).replace(*change)
    with pytest.raises(Faulty) as raised:
        list(lyra_report.read(io.BytesIO(content)))
    assert raised.value.code == code


def test_what_the_bank_has_not_matched_yet_is_left_for_the_next_journal() -> None:
    content = letters.lyra_journal([ONE]).replace(b"MATCH_OK", b"MATCH_KO", 1)
    head, *lines = lyra_report.read(io.BytesIO(content))
    assert len(lines) == 2
    assert isinstance(head, SettlementHead)
    assert head.lines == 2
