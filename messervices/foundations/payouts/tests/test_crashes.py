"""The test of kills (T4): ``kill -9`` at every marked point of a run. Each payout leaves once, whatever was cut."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payouts import actions, tasks
from messervices.foundations.payouts.models import BankAnswer, Payout, Run
from messervices.foundations.payouts.providers import bank as door
from messervices.foundations.payouts.tests.factories import (
    CHECKER,
    MAKER,
    NOW,
    FakeBank,
    FakeService,
    breaches,
    pain_002,
    ready,
    sign,
)  # fmt: skip
from messervices.kernel.tests.kills import killed_at

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = Path(__file__).parents[1]
POINTS = (
    "before_gathered", "before_file", "before_written", "before_signed", "before_call", "after_call", "before_sent",
    "before_kept", "between_parts",
)  # fmt: skip


class FolderBank(FakeBank):
    """A bank whose book is a folder: it outlives the process that called it."""

    def __init__(self, folder: Path) -> None:
        """Open the folder."""
        super().__init__()
        self.folder = folder

    def send(self, message_id: str, content: bytes) -> str:
        """Take a file once; count the calls."""
        path = self.folder / message_id
        if path.exists():
            assert path.read_bytes() == content, "the same name, other bytes"
        path.write_bytes(content)
        with (self.folder / "calls").open("a") as calls:
            calls.write(f"{message_id}\n")
        return "receipt"

    @property
    def files(self) -> list[Path]:
        """What it has."""
        return sorted(path for path in self.folder.iterdir() if path.name.startswith("MSV"))


def whole_way() -> None:
    """Everything from gathering to the bank's answer, as agents and workers do it; each step takes up what it finds."""
    run = Run.objects.first() or actions.gather_run(crous_id=26, by=MAKER, now=NOW)
    assert run is not None
    tasks.write_files(run_id=run.pk, now=NOW)
    for by in (MAKER, CHECKER):
        run.refresh_from_db()
        signed = run.signatures.filter(agent_id=by.user_id).exists()
        if run.status in {"drafted", "signed_once"} and not signed:
            sign(run, by)
    tasks.send_files(run_id=run.pk, now=NOW)
    raw = pain_002(run.files.get().pk, lines={f"{one.number}-1": ("ACSC", "") for one in Payout.objects.all()})
    actions.receive_answer(raw=raw, now=NOW)
    for answer in BankAnswer.objects.filter(status="new"):
        tasks.read_answer(answer_id=str(answer.pk), now=NOW)
    tasks.follow_lines(now=NOW)


@pytest.mark.parametrize("point", POINTS)
def test_a_run_cut_anywhere_pays_everybody_once(
    service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, point: str
) -> None:
    bank = FolderBank(tmp_path / "bank")
    bank.folder.mkdir()
    monkeypatch.setattr(door, "send", bank.send)
    monkeypatch.setattr(door, "answers_after", lambda _last: [])
    ready(3)
    assert killed_at("payouts", point, whole_way, tmp_path / "marker")
    hour = NOW + timedelta(hours=1)
    tasks.sweep_runs(now=hour)
    tasks.sweep_answers(now=hour)
    whole_way()
    tasks.sweep_runs(now=hour)
    tasks.sweep_answers(now=hour)
    assert len(bank.files) == 1, "one file, one name"
    assert len((bank.folder / "calls").read_text().splitlines()) <= 2
    assert set(Payout.objects.values_list("status", flat=True)) == {"paid"}
    assert service.statuses == ["paid"] * 3
    assert balance("payouts:transit:versailles") == 315_00, "the statement clears it"
    assert breaches() == []
    assert_books_balance()


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("payouts\.(\w+)"\)', path.read_text()))
    assert marked == set(POINTS)


def test_nothing_is_killed_in_ordinary_life(
    service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bank = FolderBank(tmp_path)
    monkeypatch.setattr(door, "send", bank.send)
    ready(2)
    assert not killed_at("payouts", "no_such_point", whole_way, tmp_path / "marker")
    assert set(Payout.objects.values_list("status", flat=True)) == {"paid"}
