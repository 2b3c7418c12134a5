"""Money moves once, by whole cents, and the books balance."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from messervices.foundations.ledger import actions, selectors
from messervices.foundations.ledger.models import Transfer
from messervices.foundations.ledger.selectors import assert_books_balance

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)


def post(
    key: str = "cvec:1", cents: int = 105_00, debit: str = "psp:lyra:receivable", credit: str = "cvec:2026:collected"
) -> bool:
    with transaction.atomic():
        return actions.post(key=key, debit=debit, credit=credit, amount_cents=cents, at=NOW, reason="CVEC 2026-2027")


def test_a_key_moves_money_once() -> None:
    assert post()
    assert not post()
    assert selectors.balance("cvec:2026:collected") == 105_00
    assert selectors.balance("psp:lyra:receivable") == -105_00
    assert selectors.moved("cvec:1") == 105_00
    assert_books_balance()


def test_a_key_that_moved_other_money_is_refused() -> None:
    post()
    with pytest.raises(DatabaseError, match="already moved other money"):
        post(cents=91_00)
    assert_books_balance()


@pytest.mark.parametrize("cents", [0, -1])
def test_a_transfer_moves_something(cents: int) -> None:
    with pytest.raises(DatabaseError):
        post(cents=cents)


def test_a_transfer_is_between_two_accounts() -> None:
    with pytest.raises(DatabaseError):
        post(debit="a", credit="a")


def test_a_mirror_undoes_once_and_exactly() -> None:
    post()
    for expected in (True, False):
        with transaction.atomic():
            assert actions.mirror(key="cvec:1", at=NOW, reason="refund") is expected
    assert selectors.balance("cvec:2026:collected") == 0
    assert_books_balance()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("msv_app", "update ledger_transfer set amount_cents = 1"),
        ("msv_app", "delete from ledger_transfer"),
        ("msv_app", "truncate ledger_transfer cascade"),
        ("msv_app", "update ledger_balance set cents = 0"),
        ("msv_worker", "delete from ledger_transfer"),
        ("msv_owner", "update ledger_transfer set amount_cents = 1"),
        ("msv_owner", "delete from ledger_transfer"),
        ("msv_owner", "truncate ledger_transfer cascade"),
    ],
)
def test_nobody_edits_the_books(role: str, statement: str) -> None:
    post()
    with connection.cursor() as cursor:
        cursor.execute(f"set role {role}")
        try:
            with pytest.raises(DatabaseError):
                cursor.execute(statement)
        finally:
            cursor.execute("set role msv_app")
    assert_books_balance()


def test_eight_at_once_with_one_key_move_money_once_and_crossing_transfers_do_not_block() -> None:
    written: list[bool] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        written.append(post(key="same"))
        for turn in range(20):
            a, b = ("x", "y") if number % 2 else ("y", "x")
            post(key=f"{number}:{turn}", cents=number + 1, debit=a, credit=b)
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 7 + [True]
    assert Transfer.objects.count() == 161
    assert_books_balance()


def test_posting_is_one_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(3):  # begin, the call, commit
        post()


def test_a_balance_that_drifts_is_seen() -> None:
    post()
    with connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        cursor.execute("update ledger_balance set cents = cents + 1 where cents > 0")
        cursor.execute("set role msv_app")
    assert selectors.count_wrong_balances() == 1
