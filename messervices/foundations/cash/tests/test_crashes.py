"""The test of kills (T4): ``kill -9`` at every marked point of an import. Nothing is lost, nothing counts twice."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from messervices.foundations.audit.actions import record
from messervices.foundations.audit.models import Deed
from messervices.foundations.cash import actions, tasks
from messervices.foundations.cash.actions import read as reading
from messervices.foundations.cash.models import Line, ReturnFile
from messervices.foundations.cash.providers.delivery import sign
from messervices.foundations.cash.tests.factories import Counter, breaches, issue, operation, return_file, took
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import tasks as payments
from messervices.foundations.payments.models import OutsideEvent
from messervices.foundations.payments.states import Paid
from messervices.foundations.payments.tests.factories import ACCOUNT, OrderFactory
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.tests.kills import killed_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("queue")]
ROOM = Path(__file__).parents[1]
SECRET = "demonstration only: of the demonstration post office"
POINTS = ("before_store", "after_store", "after_check", "in_batch", "before_commit", "after_batch", "before_settle")
NOTICES, STRAYS = 5, 2


def on_paid(*, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
    """A service whose work is a row, so that it can be counted after a kill."""
    record(by=by, verb="test.was_paid", subject=reference, now=now, person_id=facts.person_id, crous_id=facts.crous_id)


@pytest.fixture(autouse=True)
def _sold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service sells ``test``; batches are small, so that a file has several."""
    monkeypatch.setattr(reading, "A_BATCH", 3)
    with mock.patch.object(manifest, "paid_callback", {"test": on_paid}.__getitem__):
        yield


def import_it(raw: bytes) -> None:
    """The whole way of a file: delivered, read by a job, settled by others."""
    now = timezone.now()
    headers = {"Eficash-Signature": sign(raw, secret=SECRET, at=now)}
    assert Client().post("/api/cash/return-file", raw, content_type="text/csv", headers=headers).status_code in {
        200,
        201,
    }
    for kept in ReturnFile.objects.all():
        tasks.read_file(file_id=kept.pk, now=now)
    settle_jobs()


def settle_jobs() -> None:
    """Do what the queued jobs of settling would."""
    for kept in ReturnFile.objects.all():
        tasks.settle_lines(file_id=kept.pk, first=1, last=99, now=timezone.now())


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("again", ["it is delivered again", "nobody does anything: the sweeps do"])
def test_an_import_cut_anywhere_counts_everything_once(tmp_path: Path, *, point: str, again: str) -> None:
    now = timezone.now()
    taken = [took(issue(OrderFactory(created_at=now), now)) for _turn in range(NOTICES)]
    strays = [Counter("12345678901234567890", operation=operation()) for _turn in range(STRAYS)]
    raw = return_file(*taken, *strays)
    assert killed_at("cash", point, lambda: import_it(raw), tmp_path / "marker")
    never_came = point == "before_store" and not again.startswith("it is")
    if again.startswith("it is"):
        import_it(raw)
    hour = timezone.now()
    for _turn in range(2):
        hour += timedelta(hours=1)
        tasks.sweep_files(now=hour)
        payments.sweep_inbox(now=hour)
    counted = 0 if never_came else NOTICES
    assert ReturnFile.objects.filter(status="read").count() == (0 if never_came else 1)
    assert Line.objects.count() == (0 if never_came else NOTICES + STRAYS)
    assert OutsideEvent.objects.filter(status="new").count() == 0
    assert Deed.objects.filter(verb="test.was_paid").count() == counted
    assert balance(ACCOUNT) == counted * 105_00
    assert balance(actions.ACCOUNT) == (0 if never_came else STRAYS * 105_00)
    assert breaches() == []
    assert_books_balance()


def test_a_file_of_the_folder_cut_between_store_and_move_is_taken_once(tmp_path: Path) -> None:
    now = timezone.now()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_bytes(return_file(took(issue(OrderFactory(created_at=now), now))))
    later = now + timedelta(hours=1)
    assert killed_at("cash", "before_move", lambda: tasks.take_folder(folder, later), tmp_path / "marker")
    assert tasks.take_folder(folder, later) == [("a.csv", "known")]
    assert ReturnFile.objects.count() == 1
    assert (folder / "taken" / "a.csv").exists()


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("cash\.(\w+)"\)', path.read_text()))
    assert marked == {*POINTS, "before_move"}


def test_nothing_is_killed_in_ordinary_life(tmp_path: Path) -> None:
    now = timezone.now()
    raw = return_file(took(issue(OrderFactory(created_at=now), now)))
    assert not killed_at("cash", "no_such_point", lambda: import_it(raw), tmp_path / "marker")
    assert Line.objects.get().event.status == "done"
