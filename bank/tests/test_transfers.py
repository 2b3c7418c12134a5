"""The desk of credit transfers: a file is taken once, checked, answered in its own time."""

import base64
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bank.book import Book
from bank.settings import Settings
from bank.transfers import NAMESPACE, Transfers, Wrong

GOOD, REFUSED, CLOSED = "DE89370400440532013000", "FR7619999000020000000000106", "FR7619999000020000000000203"
DEBTOR = "FR7630006000011234567890189"
CREDENTIALS = "crous:secret"
BASIC = {"Authorization": "Basic " + base64.b64encode(CREDENTIALS.encode()).decode()}


def pain(*lines: tuple[str, str, int], name: str = "MSV1", count: int | None = None, total: str = "") -> bytes:
    """Write a file: EndToEndId, IBAN and cents of each line."""
    said = total or f"{sum(cents for _n, _i, cents in lines) / 100:.2f}"
    body = "".join(
        f"<CdtTrfTxInf><PmtId><EndToEndId>{number}</EndToEndId></PmtId><Amt>"
        f'<InstdAmt Ccy="EUR">{cents / 100:.2f}</InstdAmt></Amt>'
        f"<Cdtr><Nm>Lina</Nm></Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for number, iban, cents in lines
    )
    return (
        f'<?xml version="1.0"?><Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn><GrpHdr><MsgId>{name}</MsgId><NbOfTxs>'
        f"{len(lines) if count is None else count}</NbOfTxs><CtrlSum>{said}</CtrlSum></GrpHdr><PmtInf><DbtrAcct><Id>"
        f"<IBAN>{DEBTOR}</IBAN></Id></DbtrAcct>{body}</PmtInf></CstmrCdtTrfInitn></Document>"
    ).encode()


@pytest.fixture
def desk(tmp_path: Path) -> Transfers:
    """A desk with an empty book."""
    settings = Settings(
        folder=tmp_path, port=0, site_id="1", keys=("k",), mode="TEST", password="p", notice_url="", hour_seconds=60
    )
    return Transfers(Book(settings), CREDENTIALS)


def told(desk: Transfers, after: int = 0) -> list[tuple[int, str]]:
    return [(one["number"], base64.b64decode(one["content"]).decode()) for one in desk.answers(after)]


def hours_later(desk: Transfers, hours: int) -> None:
    desk.book.set_switch("forward", str(hours * 60 + 1))


def test_a_file_is_taken_once_and_other_bytes_under_its_name_are_refused(desk: Transfers) -> None:
    raw = pain(("A-1", GOOD, 105_00))
    receipt, is_new = desk.take(raw)
    assert is_new
    assert desk.take(raw) == (receipt, False)
    with pytest.raises(Wrong, match="DUPL"):
        desk.take(pain(("A-1", GOOD, 106_00)))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "FF01"), (b"<html/>", "FF01"), (b"<!DOCTYPE x>" + pain(("A-1", GOOD, 1)), "FF01"),
        (pain(("A-1", GOOD, 105_00))[:-9], "FF01"), (pain(("A-1", GOOD, 105_00), count=2), "AM10"),
        (pain(("A-1", GOOD, 105_00), total="105.01"), "AM10"), (pain(), "AM10"),
        (pain(("A-1", GOOD[:-1] + "1", 105_00)), "AC01"), (pain(("A-1", GOOD, 1), ("A-1", GOOD, 1)), "FF01"),
        (pain(("A-1", GOOD, 1)).replace(b"001.001.09", b"001.001.03"), "FF01"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_not_taken(desk: Transfers, raw: bytes, code: str) -> None:
    with pytest.raises(Wrong, match=code):
        desk.take(raw)
    assert told(desk) == []


def test_answers_come_in_their_time_each_with_a_number(desk: Transfers) -> None:
    desk.take(pain(("A-1", GOOD, 105_00), ("B-1", REFUSED, 50_00), ("C-1", CLOSED, 20_00)))
    first = told(desk)
    assert [number for number, _said in first] == [1]
    assert "<GrpSts>PART</GrpSts>" in first[0][1]
    assert "B-1</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01" in first[0][1]
    assert told(desk, after=1) == []
    hours_later(desk, 1)
    ((number, second),) = told(desk, after=1)
    assert number == 2
    assert second.count("ACSC") == 2
    assert "B-1" not in second


def test_the_account_is_debited_of_what_was_not_refused_and_credited_of_what_comes_back(desk: Transfers) -> None:
    desk.take(pain(("A-1", GOOD, 105_00), ("B-1", REFUSED, 50_00), ("C-1", CLOSED, 20_00)))
    assert desk.movements() == []
    hours_later(desk, 2)
    moved = [(one.account, one.cents, one.reference, one.code) for one in desk.movements()]
    assert moved == [(DEBTOR, -125_00, "MSV1", ""), (DEBTOR, 20_00, "C-1", "AC04")]
    assert desk.movements(after=desk.movements()[-1].id) == []


def test_the_door_asks_who_it_is_and_says_what_is_wrong(desk: Transfers) -> None:
    def post(raw: bytes, headers: dict[str, str] = BASIC) -> tuple[dict[str, Any], int]:
        return desk.handle("/sepa/transfers", headers, {}, raw)

    raw = pain(("A-1", GOOD, 105_00))
    assert post(raw, {})[1] == HTTPStatus.UNAUTHORIZED
    assert post(raw)[1] == HTTPStatus.CREATED
    assert post(raw)[1] == HTTPStatus.OK
    assert post(pain(("A-1", GOOD, 1)))[1] == HTTPStatus.CONFLICT
    assert post(b"<x/>") == ({"code": "FF01"}, HTTPStatus.UNPROCESSABLE_ENTITY)
    said, status = desk.handle("/sepa/answers", BASIC, {"after": "x"}, b"")
    assert (len(said["answers"]), status) == (1, HTTPStatus.OK)
