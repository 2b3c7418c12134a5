"""The demonstration post office: exact sums only, one file a day, spoiled on demand."""

import hashlib
import re
from dataclasses import replace

import pytest

from bank.book import Book
from bank.postoffice import FEE, SPOILED, PostOffice
from bank.settings import Settings
from bank.teller import Refused
from bank.tests.conftest import Browser, Shop
from bank.web import Bank

REFERENCE = "00000000000000000195"
CODE = f"075019{REFERENCE}00010500"


@pytest.fixture
def office(settings: Settings) -> PostOffice:
    """A post office whose files the shop gets."""
    return PostOffice(Book(settings), settings)


def test_the_counter_takes_the_exact_sum_and_no_other(office: PostOffice) -> None:
    taking = office.take(f"{CODE[:10]} {CODE[10:]}", 105_00 + FEE)
    assert (taking.reference, taking.amount, taking.fee) == (REFERENCE, 105_00, FEE)
    for handed in (105_00, 110_01, 0):
        with pytest.raises(Refused, match="sum"):
            office.take(CODE, handed)
    assert len(office.waiting()) == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "code"), (CODE[:-1], "code"), (CODE.replace("195", "194"), "code"), (CODE[:26] + "00000000", "code"),
        ("x" * 34, "code"), ("²" * 34, "code"), ("999999" + CODE[6:], "creditor"),
    ],
)  # fmt: skip
def test_what_is_no_notice_of_the_creditor_is_refused(office: PostOffice, code: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        office.take(code, 105_00 + FEE)


def test_the_day_is_one_file_whose_last_line_agrees(office: PostOffice) -> None:
    for _turn in range(3):
        office.take(CODE, 105_00 + FEE)
    made = office.close()
    rows = made.content.splitlines(keepends=True)
    assert rows[0].startswith(b"H;EFICASH;1;075019;1;")
    mark = hashlib.sha256(b"".join(rows[:-1])).hexdigest()
    assert rows[-1] == f"T;3;31500;1500;{mark}\r\n".encode()
    assert office.waiting() == []
    assert office.close().number == 2, "a day on which nobody paid has its file too"
    assert office.close().content.count(b"\r\n") == 2


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_file_is_another_and_uses_up_no_number(office: PostOffice, kind: str) -> None:
    for _turn in range(3):
        office.take(CODE, 105_00 + FEE)
    spoiled = office.close(kind)
    right = office.close()
    assert (spoiled.kind, spoiled.number, right.number) == (kind, 1, 1)
    assert spoiled.content != right.content


def test_a_file_is_delivered_signed_as_often_as_one_likes(office: PostOffice, shop: Shop) -> None:
    made = office.close()
    assert office.deliver(made.id) == "200 ok"
    shop.status = 403
    assert office.deliver(made.id) == "403 ok"
    assert shop.letters == [made.content, made.content]
    with pytest.raises(Refused):
        office.deliver(99)


def test_a_creditor_who_does_not_answer_is_told_of(settings: Settings) -> None:
    away = replace(settings, return_url="http://127.0.0.1:9/")
    office = PostOffice(Book(away), away)
    assert office.deliver(office.close().id).startswith("no answer")


def test_a_counter_at_fault_tells_less_than_it_took(office: PostOffice) -> None:
    office.take(CODE, 105_00 + FEE, short=100)
    assert b";10400;500;" in office.close().content


def test_nothing_is_lost_when_the_program_is_killed(office: PostOffice, settings: Settings) -> None:
    office.take(CODE, 105_00 + FEE)
    assert len(PostOffice(Book(settings), settings).waiting()) == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_of_the_counter(browser: Browser, language: str) -> None:
    at = "/post-office"
    status, page, _to = browser.open(f"{at}?lang={language}")
    assert status == 200
    assert ("Encaisser" in page) is (language == "fr")
    status, page, _to = browser.open(f"{at}/take?lang={language}", {"code": CODE, "handed": "105"})
    assert status == 422
    assert ("somme exacte" if language == "fr" else "exact sum") in page
    status, _page, to = browser.open(f"{at}/take?lang={language}", {"code": CODE, "handed": "110,00 €"})
    assert status == 303
    status, page, _to = browser.open(to)
    assert REFERENCE in page
    assert ("110,00" if language == "fr" else "€110.00") in page
    assert browser.open(f"{at}/file", {"kind": "right"})[0] == 303
    _status, page, _to = browser.open(f"{at}?lang={language}")
    assert (found := re.search(r'href="(/post-office/files/\d+)"', page))
    assert browser.open(found[1])[1].startswith("H;EFICASH;1;075019;1;")
    assert browser.open(found[1], {})[0] == 303
    for nowhere in ("/tickets/99", "/files/99", "/nowhere"):
        assert browser.open(f"{at}{nowhere}")[0] == 404
    assert browser.open(f"{at}/nowhere", {})[0] == 404


def test_tests_take_cash_and_send_files_by_program(bank: Bank, browser: Browser, shop: Shop) -> None:
    assert browser.tell("/control/cash", {"code": CODE, "handed": 110_00})[1]["amount"] == 105_00
    assert browser.tell("/control/cash", {"code": CODE, "handed": 1})[1] == {"error": "sum", "fields": []}
    cut = browser.tell("/control/return_file", {"kind": "cut"})[1]
    assert (cut["number"], cut["answer"]) == (1, "200 ok")
    right = browser.tell("/control/return_file", {})[1]
    assert right["number"] == 1
    assert [bank.post_office.file(one["id"]).content for one in (cut, right)] == shop.letters
