"""What left by transfer, what came back, what the post offices took: matched with the bank's entries."""

from datetime import date, timedelta

import pytest
from django.db import connection

from bank import letters
from bank.letters import Booking, Deal
from messervices.foundations.cash.models import ReturnFile
from messervices.foundations.cash.tests import factories as cash
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments.tests.factories import sold
from messervices.foundations.payouts.models import Line, Payout, Run, RunFile
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.treasury import actions
from messervices.foundations.treasury.models import Entry, Mismatch
from messervices.foundations.treasury.selectors import chain_of
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    IBAN,
    NOW,
    OF_LYON,
    VERSAILLES,
    account,
    captured,
    contract,
    credit,
    load,
    match,
    part,
    remittance,
    statement,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

DAY = date(2026, 8, 31)


def sent(count: int = 2) -> Run:
    account()
    payouts.ready(count)
    return payouts.sent()


def debit(file: RunFile, **changes: object) -> Booking:
    given = {"cents": -file.sum_cents, "booked": DAY, "ref": "D1", "code": letters.DEBIT, "batch": file.message_id}
    return Booking(**given | changes)


def came_back(line: Line, cents: int = 0, **changes: object) -> Booking:
    cents = cents or line.amount_cents
    given = {"cents": cents, "booked": DAY, "ref": f"T{line.number}", "code": letters.RETURN,
             "deals": (Deal(cents, end_to_end=line.number, reason="AC04"),)}  # fmt: skip
    return Booking(**given | changes)


def test_a_file_debited_in_one_sum_clears_what_was_in_transit() -> None:
    with payouts.paying_out():
        file = RunFile.objects.get(run=sent())
        load(statement([debit(file)], day=DAY))
        assert match() == 0
    assert Entry.objects.get().match == "run"
    assert balance("payouts:transit:versailles") == 0
    assert balance("bank:suspense:versailles") == 0
    assert balance("bank:versailles") == file.sum_cents
    assert Line.objects.filter(debited_at=None).count() == 0
    assert match() == 0


def test_a_file_debited_line_by_line_clears_it_too() -> None:
    with payouts.paying_out():
        run = sent(3)
        bookings = [
            Booking(-one.amount_cents, DAY, f"D{one.pk}", letters.DEBIT,
                    deals=(Deal(-one.amount_cents, end_to_end=one.number),))
            for one in run.lines.all()
        ]  # fmt: skip
        load(statement(bookings, day=DAY))
        assert match() == 0
    assert set(Entry.objects.values_list("match", flat=True)) == {"payout"}
    assert balance("payouts:transit:versailles") == 0


def test_a_gathered_debit_is_told_by_the_notice_that_comes_after() -> None:
    with payouts.paying_out():
        run = sent(2)
        total = -run.sum_cents
        load(statement([Booking(total, DAY, "G1", letters.DEBIT)], day=DAY))
        assert match() == 2, "a debit that nothing explains, a file that nothing debits"
        deals = tuple(Deal(-one.amount_cents, end_to_end=one.number) for one in run.lines.all())
        gathered = Booking(total, DAY, "G1", letters.DEBIT, deals=deals)
        load(b"".join(letters.notice(iban=IBAN[VERSAILLES], number="N1", day=DAY, bookings=[gathered])))
        assert match() == 0
    assert set(Mismatch.objects.values_list("status", flat=True)) == {"cleared"}
    assert balance("payouts:transit:versailles") == 0


def test_a_transfer_that_came_back_is_owed_again() -> None:
    with payouts.paying_out():
        file = RunFile.objects.get(run=sent())
        line = file.lines.first()
        assert line is not None
        load(statement([debit(file), came_back(line)], day=DAY))
        assert match() == 0
    line.refresh_from_db()
    assert (line.code, line.credited_at is not None) == ("AC04", True)
    assert Payout.objects.get(pk=line.payout_id).status == "returned"
    assert balance("payouts:transit:versailles") == 0
    assert balance("payouts:payable:versailles") == line.amount_cents
    assert balance("bank:suspense:versailles") == 0


@pytest.mark.parametrize(
    ("kind", "amount"), [("other_amount", 1_00), ("doubled", 0), ("return_unknown", 50_00)]
)  # fmt: skip
def test_what_does_not_fit_our_transfers_is_found(kind: str, amount: int) -> None:
    with payouts.paying_out():
        file = RunFile.objects.get(run=sent())
        line = file.lines.first()
        assert line is not None
        bookings = [debit(file)]
        if kind == "other_amount":
            bookings.append(came_back(line, line.amount_cents - 1_00))
        elif kind == "doubled":
            bookings.append(debit(file, ref="D2"))
            amount = file.sum_cents
        else:
            bookings.append(came_back(line, amount, deals=(Deal(amount, end_to_end="NOBODY-1", reason="AC04"),)))
        load(statement(bookings, day=DAY))
        assert match() == 1
    found = Mismatch.objects.get()
    assert (found.kind, found.amount_cents) == (kind, amount)


def test_a_file_sent_that_the_statements_do_not_debit_is_missed() -> None:
    with payouts.paying_out():
        file = RunFile.objects.get(run=sent())
        load(statement([], day=date(2026, 9, 10)))
        assert match() == 1
    found = Mismatch.objects.get()
    assert (found.kind, found.key) == ("missing_at_bank", f"missing_at_bank:file:{file.message_id}")


def test_what_the_post_offices_took_is_credited_by_the_file() -> None:
    contract(rail="eficash", number=cash.CREDITOR, rate=None)
    with sold():
        notices = [cash.issue() for _ in range(3)]
        cash.read(cash.return_file(*(cash.took(one) for one in notices), number=7))
        cash.settle_all()
    file = ReturnFile.objects.get()
    reference = f"EFICASH-{file.creditor}-{file.number}"
    assert match() == 1
    assert Mismatch.objects.get().kind == "not_credited"
    deals = (Deal(file.amount_cents, end_to_end=reference),)
    load(statement([Booking(file.amount_cents, DAY, "E1", deals=deals)], day=DAY))
    assert match() == 0
    assert Entry.objects.get().match == "cash"
    assert balance("psp:eficash:receivable") == 0
    assert balance("bank:suspense:versailles") == 0


def test_another_amount_than_the_post_offices_announced_is_found() -> None:
    contract(rail="eficash", number=cash.CREDITOR, rate=None)
    with sold():
        cash.read(cash.return_file(cash.took(cash.issue()), number=8))
        cash.settle_all()
    deals = (Deal(100_00, end_to_end=f"EFICASH-{cash.CREDITOR}-8"),)
    load(statement([Booking(100_00, DAY + timedelta(days=1), "E1", deals=deals)], day=DAY + timedelta(days=1)))
    assert match() == 1
    found = Mismatch.objects.get()
    assert (found.kind, found.rail, found.amount_cents) == ("other_amount", "eficash", 5_00)


def test_every_line_of_the_ledger_leads_to_what_it_is_about() -> None:
    account()
    contract()
    remitted = remittance([part(captured(105_00, on=DAY - timedelta(days=2)))], day=DAY - timedelta(days=1))
    with payouts.paying_out():
        run = sent(2)
        file = RunFile.objects.get(run=run)
        load(letters.settlements([remitted]))
        load(statement([credit(remitted), debit(file), Booking(50_00, DAY, "UNEXPLAINED-1")], day=DAY))
        match()
    mismatch = Mismatch.objects.get(kind="unknown_reference")
    actions.resolve(mismatch_id=mismatch.pk, by=ACCOUNTANT, reason="Un don, selon la lettre du 2.", now=NOW)
    with connection.cursor() as cursor:
        lines = cursor.execute("select id, key from ledger_transfer").fetchall()
    kinds = {key.partition(":")[0] for _pk, key in lines}
    assert {"payout", "payout-file", "adjust", "entry", "settled", "fees", "capture"} <= kinds
    assert [key for pk, key in lines if chain_of("transfer", pk, ACCOUNTANT) is None] == []
    assert [key for pk, key in lines if chain_of("transfer", pk, OF_LYON) is not None] == []
    sums = next(chain_of("transfer", pk, ACCOUNTANT) for pk, key in lines if key.startswith("payout-file"))
    assert sums is not None
    assert [part.cents for part in sums.parts] == [one.amount_cents for one in run.lines.order_by("pk")]
