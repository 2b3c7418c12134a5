"""Closings: every cent told once, mistakes on demand, what was left out comes with the next one."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bank.form import sign
from bank.spoil import KINDS
from bank.statement_pages import _SAID
from bank.statements import ZONE, Closing, fee_of, iban_of
from bank.teller import Refused
from bank.tests.conftest import KEY, Browser
from bank.web import Bank

CONTRACT = "2000012"
Form = Callable[..., dict[str, str]]


def pay(bank: Bank, form: Form, *, number: int, cents: int = 105_00, contract: str = CONTRACT) -> dict[str, Any]:
    """Pay by card under a contract."""
    sent = form(
        amount=str(cents), trans_id=f"{number:06d}", order_id=f"ORDER-{number}", contracts=f"CB={contract}",
    )  # fmt: skip
    return bank.control.pay({"form": sent})


def entries(closing: Closing) -> list[tuple[int, list[str]]]:
    """Read the entries of a statement: signed cents, and the references inside."""
    found = []
    tree = ET.parse(io.BytesIO(closing.statement))  # noqa: S314 - written here
    for entry in tree.iter():
        if entry.tag.endswith("}Ntry"):
            space = entry.tag.removesuffix("Ntry")
            cents = round(float(entry.findtext(f"{space}Amt") or 0) * 100)
            sign_ = 1 if entry.findtext(f"{space}CdtDbtInd") == "CRDT" else -1
            refs = [e.text or "" for e in entry.iter() if e.tag.endswith(("}EndToEndId", "}MsgId"))]
            found.append((sign_ * cents, refs))
    return found


def lines(closing: Closing) -> list[list[str]]:
    """Read the lines of a settlement file."""
    return [row.split(";") for row in closing.settlement.decode().splitlines() if row.startswith("line;")]


def test_a_closing_settles_what_was_paid_and_credits_the_net(bank: Bank, form: Form) -> None:
    paid = [pay(bank, form, number=n, cents=cents) for n, cents in enumerate((105_00, 91_00), 1)]
    pay(bank, form, number=3, contract="2000026")
    back = bank.teller.give_back(paid[1]["tx_uuid"], 91_00)
    made = bank.statements.close(CONTRACT)
    assert {line[3] for line in lines(made)} == {back.uuid, *(one["tx_uuid"] for one in paid)}
    net = sum(int(line[6]) - int(line[7]) for line in lines(made))
    assert entries(made) == [(net, [f"REM{CONTRACT}N00001"])]
    assert (made.opening, made.ending) == (0, net)
    assert made.day == f"{datetime.fromtimestamp(bank.book.now(), UTC).astimezone(ZONE):%Y-%m-%d}"


def test_what_was_told_is_told_once_and_balances_follow_each_other(bank: Bank, form: Form) -> None:
    pay(bank, form, number=1)
    first = bank.statements.close(CONTRACT)
    empty = bank.statements.close(CONTRACT)
    pay(bank, form, number=2)
    third = bank.statements.close(CONTRACT)
    assert empty.settlement == b""
    assert entries(empty) == []
    assert (empty.opening, third.opening) == (first.ending, empty.ending)
    assert [len(lines(one)) for one in (first, third)] == [1, 1]
    assert [one.number for one in bank.statements.closings()] == [3, 2, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_each_mistake_is_made_on_demand(bank: Bank, form: Form, kind: str) -> None:
    for number in (1, 2):
        pay(bank, form, number=number)
    bank.statements.close(CONTRACT)
    for number in (3, 4, 5):
        pay(bank, form, number=number)
    made = bank.statements.close(CONTRACT, kind)
    net = 105_00 - fee_of(105_00)
    said = (made.opening, sum(cents for cents, _refs in entries(made)), len(lines(made)))
    is_of_today = f"<BookgDt><Dt>{made.day}" in made.statement.decode()
    is_plain = all(line[5] == made.day and line[8] == "EUR" for line in lines(made))
    assert (*said, is_of_today, is_plain) != (2 * net, 3 * net, 3, True, True)
    assert made.kind == kind


def test_what_a_mistake_left_out_comes_with_the_next_closing(bank: Bank, form: Form) -> None:
    paid = [pay(bank, form, number=n) for n in (1, 2)]
    first = bank.statements.close(CONTRACT, "missing_at_bank")
    second = bank.statements.close(CONTRACT)
    assert len(lines(first)) == len(lines(second)) == 1
    assert {line[3] for one in (first, second) for line in lines(one)} == {one["tx_uuid"] for one in paid}
    pay(bank, form, number=3)
    third = bank.statements.close(CONTRACT, "not_credited")
    assert entries(third) == []
    fourth = bank.statements.close(CONTRACT)
    assert [refs for _cents, refs in entries(fourth)] == [[f"REM{CONTRACT}N00003"]]


def test_a_settlement_with_nothing_left_is_not_sent(bank: Bank, form: Form) -> None:
    pay(bank, form, number=1)
    made = bank.statements.close(CONTRACT, "missing_at_bank")
    assert (made.settlement, entries(made)) == (b"", [])
    assert len(lines(bank.statements.close(CONTRACT))) == 1


def test_nothing_is_got_wrong_where_nothing_is(bank: Bank) -> None:
    with pytest.raises(Refused, match="nothing"):
        bank.statements.close(CONTRACT, "doubled")
    for contract, kind in (("12", ""), ("²000012", ""), (CONTRACT, "unheard")):
        with pytest.raises(Refused, match="unknown"):
            bank.statements.close(contract, kind)
    assert bank.statements.closings() == []


def test_transfers_and_cash_stand_on_the_statement(bank: Bank) -> None:
    account = iban_of("2000026")
    with bank.book.writing() as db:
        db.execute("insert into transfer_file values ('RUN-1', 'x', ?, 2, 150, 0)", (account,))
        db.executemany(
            "insert into transfer (message_id, number, cents, iban, name, fate) values ('RUN-1', ?, ?, '', '', ?)",
            [("P-1", 100, ""), ("P-2", 20, "return:AC04"), ("P-3", 30, "reject:AC01")],
        )
        db.executemany(
            "insert into movement (due_at, account, cents, reference, code) values (?, ?, ?, ?, ?)",
            [(1, account, -120, "RUN-1", ""), (2, account, 20, "P-2", "AC04"), (9e12, account, 7, "P-9", "AC04")],
        )
        db.execute(
            "insert into taking (at, day, reference, amount, fee, operation, file) values"
            " (1, '2026-08-24', 'R', 10500, 500, 'O', 1)"
        )
    made = bank.statements.close("2000026")
    assert entries(made) == [(-120, ["RUN-1", "P-1", "P-2"]), (20, ["P-2"]), (105_00, ["EFICASH-075019-1"])]
    assert "<Cd>AC04</Cd>" in made.statement.decode()
    assert entries(bank.statements.close("2000026")) == []


def test_the_account_of_a_contract_is_that_of_the_platforms_demonstration() -> None:
    assert iban_of("2000001") == "FR7619999000010000000000121"
    assert iban_of("2000012") == "FR7619999000010000000001285"


def test_the_page_closes_and_gives_files(bank: Bank, browser: Browser, form: Form) -> None:
    pay(bank, form, number=1)
    assert browser.open("/statements/close", {"contract": CONTRACT, "kind": ""})[::2] == (303, "/statements?lang=fr")
    status, said, _to = browser.open("/statements?lang=en")
    assert status == 200
    assert iban_of(CONTRACT) in said
    for which in ("statement", "notice", "settlement"):
        status, content, _to = browser.open(f"/statements/1/{which}")
        assert (status, bool(content)) == (200, True)
    for path in ("/statements/1/account", "/statements/9/statement", "/statements/x"):
        assert browser.open(path)[0] == 404
    assert browser.open("/statements/close", {"contract": "2000026", "kind": "doubled"})[0] == 400
    status, said = browser.tell("/control/close", {"contract": CONTRACT})
    assert (status, said["settlement"]) == (200, "")


def test_every_mistake_has_its_words() -> None:
    assert set(KINDS) <= set(_SAID)


def test_a_form_without_a_contract_is_settled_to_nobody(bank: Bank, form: Form) -> None:
    sent = form(trans_id="zz0001")
    assert sent["signature"] == sign(sent, KEY)
    bank.control.pay({"form": sent})
    assert bank.statements.contracts() == ["2000026"]
    assert bank.statements.close("2000026").settlement == b""
