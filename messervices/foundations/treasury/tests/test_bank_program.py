"""The demonstration bank's own files: what it closes rightly is whole here, what it gets wrong is named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bank.form import sign
from bank.settings import Settings
from bank.spoil import KINDS
from bank.statements import ZONE, Closing, iban_of
from bank.web import Bank
from messervices.foundations.treasury.models import Mismatch
from messervices.foundations.treasury.tests.factories import account, assert_whole, captured, contract, load, match

pytestmark = pytest.mark.django_db
KEY, CONTRACT = "1122334455667788", "2000026"
LATER = timedelta(days=20)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank whose book is its own; its door stays shut. The Crous has its contract there."""
    settings = Settings(
        folder=tmp_path,
        port=0,
        site_id="12345678",
        keys=(KEY,),
        mode="TEST",
        password="x",
        notice_url="http://127.0.0.1:9",
    )
    contract(account=account(iban=iban_of(CONTRACT)), number=CONTRACT)
    bank = Bank(settings)
    yield bank
    bank.server.server_close()


def pay(bank: Bank, *numbers: int) -> None:
    """Pay at the bank, and book here what it took."""
    for number in numbers:
        fields = {
            "vads_action_mode": "INTERACTIVE", "vads_amount": "10500", "vads_ctx_mode": "TEST", "vads_currency": "978",
            "vads_page_action": "PAYMENT", "vads_payment_config": "SINGLE", "vads_site_id": "12345678",
            "vads_trans_date": f"{datetime.now(UTC):%Y%m%d%H%M%S}", "vads_trans_id": f"{number:06d}",
            "vads_version": "V2", "vads_order_id": f"ORDER-{number}", "vads_contracts": f"CB={CONTRACT}",
        }  # fmt: skip
        payment = bank.teller.receive(fields | {"signature": sign(fields, KEY)})
        done = bank.teller.try_card(payment.token, "4970100000000022")
        captured(done.taken, on=datetime.now(ZONE).date(), tx_id=done.tx_uuid)


def told(closing: Closing) -> None:
    """Import what a closing gave."""
    for content, name in ((closing.settlement, "r.csv"), (closing.statement, "s.xml"), (closing.notice, "n.xml")):
        if content:
            assert load(content, name=name).status == "done"


def kinds() -> set[str]:
    """Match some weeks later; give what does not fit."""
    match(now=datetime.now(UTC) + LATER)
    return set(Mismatch.objects.filter(status="open").values_list("kind", flat=True))


def test_what_the_bank_closes_rightly_is_whole(bank: Bank) -> None:
    pay(bank, 1, 2, 3)
    told(bank.statements.close(CONTRACT))
    pay(bank, 4)
    told(bank.statements.close(CONTRACT))
    assert kinds() == set()
    assert_whole()


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_bank_gets_wrong_is_named(bank: Bank, kind: str) -> None:
    pay(bank, 1, 2)
    told(bank.statements.close(CONTRACT))
    pay(bank, 3, 4, 5)
    told(bank.statements.close(CONTRACT, kind))
    assert kind in kinds()
    assert_whole()


def test_what_was_left_out_and_comes_later_explains_itself(bank: Bank) -> None:
    pay(bank, 1, 2)
    told(bank.statements.close(CONTRACT, "missing_at_bank"))
    assert kinds() == {"missing_at_bank"}
    told(bank.statements.close(CONTRACT))
    assert kinds() == set()
    assert Mismatch.objects.get().status == "cleared"
    assert_whole()
