"""``kill -9`` at every marked point of an import, a matching and an explanation: done again, it is done once."""

import re
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from bank import letters
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payouts.models import RunFile
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.treasury import actions, tasks
from messervices.foundations.treasury.models import Entry, File, Mismatch, SettlementLine
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    DAY,
    NOW,
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
from messervices.kernel.tests.kills import killed_at

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = Path(__file__).parents[1]
OF_FILES = (
    "before_keep", "after_keep", "after_check", "after_accept", "before_batch_commit", "after_batch", "before_finish",
    "finishing", "after_finish",
)  # fmt: skip
OF_MATCHING = ("before_pair_commit", "after_pair", "before_post_commit", "after_post", "before_find_commit")
OF_TRANSFERS = ("before_tell_commit", "after_tell")
OF_PEOPLE = ("before_resolve_commit",)


def bring(contents: list[bytes]) -> None:
    """Import, read, match: what a person and the jobs do."""
    for content in contents:
        file = keep(content)
        actions.read_file(file_id=file.pk, now=NOW)
    match()


def day() -> tuple[list[bytes], int]:
    contract()
    settled = remittance([part(captured()) for _ in range(5)])
    return [letters.settlements([settled]), statement([credit(settled)])], settled.net


@pytest.mark.parametrize("point", [*OF_FILES, *OF_MATCHING])
@pytest.mark.parametrize("again", ["imported again", "the sweeps go on"])
def test_an_import_cut_anywhere_ends_as_if_it_had_not_been(tmp_path: Path, *, point: str, again: str) -> None:
    contents, net = day()
    with mock.patch("messervices.foundations.treasury.actions.read.BATCH", 2):
        assert killed_at("treasury", point, lambda: bring(contents), tmp_path / "marker")
        later = NOW + timedelta(hours=1)
        tasks.sweep_files(now=later)
        tasks.match_all(now=later)
        if again == "imported again" or File.objects.count() < len(contents):
            bring(contents)
    assert [(file.status, file.lines_done) for file in File.objects.order_by("lines")] == [("done", 1), ("done", 5)]
    assert match() == 0
    assert (Entry.objects.count(), SettlementLine.objects.count()) == (1, 5)
    assert balance("bank:versailles") == -net
    for account in ("psp:lyra:receivable", "settlement:lyra:versailles", "bank:suspense:versailles"):
        assert balance(account) == 0
    assert_whole()


@pytest.mark.parametrize("point", OF_TRANSFERS)
def test_a_transfer_told_and_cut_is_told_once(tmp_path: Path, point: str) -> None:
    contract()
    with payouts.paying_out():
        payouts.ready(2)
        file = RunFile.objects.get(run=payouts.sent())
        debited = letters.Booking(-file.sum_cents, NOW.date(), "D1", letters.DEBIT, batch=file.message_id)
        load(statement([debited], day=NOW.date()))
        assert killed_at("treasury", point, match, tmp_path / "marker")
        match()
    assert balance("payouts:transit:versailles") == 0
    assert balance("bank:suspense:versailles") == 0
    assert_whole()


@pytest.mark.parametrize("point", OF_PEOPLE)
def test_an_explanation_cut_is_made_again_once(tmp_path: Path, point: str) -> None:
    contract()
    load(statement([letters.Booking(50_00, DAY, "U1")]))
    match()
    mismatch = Mismatch.objects.get()

    def explain() -> str:
        return actions.resolve(mismatch_id=mismatch.pk, by=ACCOUNTANT, reason="Vu.", now=NOW)

    assert killed_at("treasury", point, explain, tmp_path / "marker")
    mismatch.refresh_from_db()
    assert mismatch.status == "open"
    assert explain() == "resolved"
    assert balance("bank:suspense:versailles") == 0
    assert_whole()


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("treasury\.(\w+)"\)', path.read_text()))
    assert marked == {*OF_FILES, *OF_MATCHING, *OF_TRANSFERS, *OF_PEOPLE}
