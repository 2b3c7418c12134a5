"""``kill -9`` at every marked point of a file's way: nothing acknowledged is lost, doubled, or read too soon."""

import os
import re
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from messervices.foundations.documents import actions, tasks
from messervices.foundations.documents.models import Paper, Upload
from messervices.foundations.documents.providers import jail
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.factories import LATER, deeds, hand_in
from messervices.foundations.documents.tests.test_invariants import breaches
from messervices.foundations.students.tests.factories import NOW, PersonFactory, student, user_of
from messervices.kernel.errors import ProviderUnavailable
from messervices.kernel.tests.kills import killed_at

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = Path(__file__).parents[1]
OF_THE_CHECK = ("claimed", "rewritten", "scanned", "before_verdict", "after_verdict")
OF_THE_RECEIPT = ("before_receipt",)
OF_THE_SEAL = ("sealed",)


@pytest.mark.parametrize("point", OF_THE_CHECK)
@pytest.mark.parametrize("again", ["its job runs again", "the sweep finds it"])
@pytest.mark.parametrize("content", [honest.pdf(), b"%PDF-1.7\nno\n%%EOF\n"], ids=["good", "bad"])
def test_a_check_cut_anywhere_comes_to_one_verdict(point: str, again: str, content: bytes, tmp_path: Path) -> None:
    upload = hand_in(content=content)
    assert killed_at("documents", point, lambda: tasks.check(upload_id=upload.pk, now=NOW), tmp_path / "marker")
    upload.refresh_from_db()
    readable = Paper.objects.filter(content__isnull=False).exists()
    assert readable == (upload.status == "clean")
    assert set(breaches().values()) == {0}
    if again.startswith("its job"):
        tasks.check(upload_id=upload.pk, now=LATER)
    tasks.sweep_uploads(now=LATER)
    upload.refresh_from_db()
    good = content == honest.pdf()
    assert (upload.status, upload.raw) == ("clean" if good else "refused", None)
    assert Paper.objects.count() == int(good)
    assert deeds(upload) == ["receive_upload", "accept_upload" if good else "refuse_upload"]
    assert set(breaches().values()) == {0}


@pytest.mark.parametrize("point", OF_THE_RECEIPT)
def test_a_receipt_cut_before_its_end_leaves_nothing_and_can_be_done_again(point: str, tmp_path: Path) -> None:
    person = PersonFactory()
    by = student(user_of(person))
    assert killed_at("documents", point, lambda: hand_in(person, by=by), tmp_path / "marker")
    assert not Upload.objects.exists()
    hand_in(person, by=by)
    assert Upload.objects.count() == 1


def test_a_child_that_the_machine_kills_refuses_nobody_and_its_file_is_checked_again(monkeypatch) -> None:
    upload = hand_in()
    real = os.posix_spawn

    def spawn(*words: object, **how: object) -> int:
        pid = real(*words, **how)  # type: ignore[arg-type]  # handed on
        os.kill(pid, signal.SIGKILL)
        return pid

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_spawn", spawn)
        with pytest.raises(ProviderUnavailable):
            actions.check_upload(upload.pk, NOW)
    upload.refresh_from_db()
    assert upload.status == "checking"
    tasks.sweep_uploads(now=NOW + timedelta(minutes=2))
    upload.refresh_from_db()
    assert upload.status == "clean"


def test_eight_children_at_once_leave_no_child_and_no_open_file_behind() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    content = honest.picture("JPEG", (2000, 1500))
    came: list[str] = []
    threads = [threading.Thread(target=lambda: came.append(jail.anew(content, "image/jpeg").media)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came == ["image/jpeg"] * 8
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    time.sleep(0.05)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("documents\.(\w+)"\)', path.read_text()))
    assert marked == {*OF_THE_CHECK, *OF_THE_RECEIPT, *OF_THE_SEAL}, "that of the seal is in tests/test_kills.py"
