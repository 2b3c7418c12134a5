"""Ten at once with the same file, each race with its control: the guards taken away, it must fail."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from django.db import connection

from bank import letters
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury import actions
from messervices.foundations.treasury.models import Entry, File, Mismatch, Statement
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    NOW,
    SECOND,
    VERSAILLES,
    account,
    assert_whole,
    captured,
    contract,
    credit,
    keep,
    load,
    match,
    part,
    remittance,
    statement,
)
from messervices.kernel.errors import Refusal
from messervices.kernel.tests.races import as_owner, together

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 10


@contextmanager
def without(**constraints: str) -> Iterator[None]:
    """Take unique constraints away, as the owner; the tables are emptied before they come back."""
    with connection.cursor() as cursor:
        cursor.execute("select indexname, indexdef from pg_indexes where indexname = any(%s)", (list(constraints),))
        made = dict(cursor.fetchall())
    as_owner(*(f"alter table {table} drop constraint {name}" for name, table in constraints.items()))
    try:
        yield
    finally:
        tables = sorted({*constraints.values(), "treasury_chunk", "treasury_entry", "treasury_statement"})
        off = [f"alter table {table} no force row level security" for table in tables]
        on = [f"alter table {table} force row level security" for table in tables]
        back = [f"alter table {t} add constraint {n} unique using index {n}" for n, t in constraints.items()]
        as_owner(*off, "truncate treasury_file cascade", *made.values(), *back, *on)


def bring(content: bytes) -> Callable[[], str]:
    """Import the file and read it, as somebody who clicks."""

    def deed() -> str:
        file = actions.keep_file(
            by=ACCOUNTANT, crous_id=VERSAILLES, name="x.xml", source=io.BytesIO(content), now=NOW
        )  # fmt: skip
        return actions.read_file(file_id=file.pk, now=NOW)

    return deed


def day() -> tuple[bytes, bytes, int]:
    contract()
    settled = remittance([part(captured()) for _ in range(3)])
    return letters.settlements([settled]), statement([credit(settled)]), settled.net


def test_the_same_file_ten_times_at_once_is_one_file_read_once() -> None:
    _settlement, content, net = day()
    given = together([bring(content)] * TIMES)
    assert set(given) <= {"done", "loading"}, given
    assert File.objects.count() == 1
    assert Entry.objects.count() == 1
    assert balance("bank:versailles") == -net
    assert_whole()


def test_control_without_its_two_guards_the_same_file_is_booked_more_than_once() -> None:
    _settlement, content, net = day()
    with without(bank_file_once="treasury_file", statement_once="treasury_statement"):
        together([bring(content)] * TIMES)
        assert Statement.objects.count() > 1
        assert balance("bank:versailles") < -net


def test_one_file_read_by_eight_workers_is_written_once() -> None:
    account()
    bookings = [letters.Booking(100, NOW.date(), f"B{n}") for n in range(40)]
    file = keep(statement(bookings))
    with mock.patch("messervices.foundations.treasury.actions.read.BATCH", 3):
        given = together([lambda: actions.read_file(file_id=file.pk, now=NOW)] * 8)
    assert "done" in given, given
    file.refresh_from_db()
    assert (file.status, file.lines_done) == ("done", 40)
    assert Entry.objects.count() == 40
    assert balance("bank:versailles") == -40_00
    assert_whole()


def test_eight_that_match_one_crous_match_it_once() -> None:
    settlement, content, _net = day()
    load(settlement)
    load(content)
    given = together([match] * 8)
    assert given == [0] * 8
    assert balance("psp:lyra:receivable") == 0
    assert_whole()


def test_one_mismatch_explained_by_eight_is_explained_once() -> None:
    _settlement, content, net = day()
    load(content)
    match()
    mismatch = Mismatch.objects.get(kind="unknown_reference")
    given = together(
        [lambda: actions.resolve(mismatch_id=mismatch.pk, by=ACCOUNTANT, reason="Vu.", now=NOW)] * 8
    )  # fmt: skip
    assert given.count("resolved") == 1
    assert all(isinstance(one, Refusal) for one in given if one != "resolved")
    assert balance("treasury:adjustments:versailles") == net
    assert_whole()


def test_two_who_confirm_at_once_confirm_once() -> None:
    account()
    load(statement([letters.Booking(5_000_00, NOW.date().replace(day=1), "U1")]))
    match()
    mismatch = Mismatch.objects.get()
    actions.resolve(mismatch_id=mismatch.pk, by=ACCOUNTANT, reason="Vu.", now=NOW)
    given = together([lambda: actions.confirm(mismatch_id=mismatch.pk, by=SECOND, now=NOW)] * 4)
    assert given.count("resolved") == 1
    assert balance("treasury:adjustments:versailles") == 5_000_00
    assert_whole()
