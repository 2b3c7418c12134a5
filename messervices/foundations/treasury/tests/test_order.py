"""The order in which files come does not matter: the same files in any order end the same."""

from datetime import timedelta
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bank import letters
from bank.spoil import KINDS, Books, spoil
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.treasury.models import Entry, Mismatch, SettlementLine
from messervices.foundations.treasury.states import WAITING
from messervices.foundations.treasury.tests.factories import (
    DAY,
    breaches,
    captured,
    contract,
    credit,
    load,
    match,
    part,
    remittance,
    statement,
)

pytestmark = pytest.mark.django_db

ACCOUNTS = ("bank:versailles", "bank:suspense:versailles", "psp:lyra:receivable", "settlement:lyra:versailles",
            "fees:lyra:versailles")  # fmt: skip
Ending = tuple[list[tuple[object, ...]], list[int], list[str], int]


def files_of(books: Books) -> list[bytes]:
    """Settlements and statements: a file each, a statement a day."""
    contents = [letters.settlements([one]) for one in books.remittances]
    by_day: dict[object, list[letters.Booking]] = {}
    for one in books.bookings:
        by_day.setdefault(one.booked, []).append(one)
    opening = 0
    for place, day in enumerate(sorted(by_day, key=str)):
        opening += books.gap_cents if place == 1 else 0
        contents.append(statement(by_day[day], day=day, opening=opening, sequence=place + 1))
        opening += sum(one.cents for one in by_day[day])
    return contents


def ending(contents: list[bytes], *, after_each: bool) -> Ending:
    """Bring the files in; give how everything ends, by names that do not depend on when it came."""
    for content in contents:
        assert load(content).status == "done"
        if after_each:
            match()
    match()
    found = [
        (one.kind, one.key.partition(":")[0], one.amount_cents, one.captured_cents, one.line_cents, one.entry_cents)
        for one in Mismatch.objects.filter(status__in=WAITING)
    ]
    settled = SettlementLine.objects.exclude(matched_at=None).order_by("capture_id")
    lines = list(settled.values_list("capture_id", flat=True))
    matched = sorted(Entry.objects.exclude(match="").values_list("bank_ref", flat=True))
    return sorted(found, key=str), [balance(path) for path in ACCOUNTS], [str(lines), str(len(matched))], len(matched)


@given(
    kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=3, unique=True),
    seed=st.integers(0, 10**6),
    data=st.data(),
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_in_any_order_end_the_same(kinds: list[str], seed: int, data: st.DataObject) -> None:
    around = transaction.atomic()
    around._from_testcase = True
    with around:
        contract()
        days = [DAY + timedelta(days=n) for n in range(3)]
        remittances = []
        for day in days:
            captures = [captured(105_00 + n, on=day) for n in range(2)]
            remittances.append(remittance([part(one) for one in captures], day=day + timedelta(days=1)))
        books = Books(tuple(remittances), tuple(credit(one) for one in remittances))
        for kind in kinds:
            books = spoil(kind, books, Random(f"{kind} {seed}"))
        contents = files_of(books)
        first = _undone(contents, after_each=False)
        shuffled = data.draw(st.permutations(contents))
        assert _undone(shuffled, after_each=True) == first
        assert _undone(list(reversed(contents)), after_each=data.draw(st.booleans())) == first
        transaction.set_rollback(True)


def _undone(contents: list[bytes], *, after_each: bool) -> Ending:
    inner = transaction.atomic()
    inner._from_testcase = True
    with inner:
        found = ending(contents, after_each=after_each)
        assert_books_balance()
        assert breaches() == []
        transaction.set_rollback(True)
    return found
