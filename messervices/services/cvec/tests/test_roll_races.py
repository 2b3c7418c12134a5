"""A list against kills and against itself: stopped at every point it goes on, and of many at once one is taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from messervices.foundations.crous.models import Establishment
from messervices.kernel import crash
from messervices.kernel.errors import Refusal
from messervices.kernel.tests.races import together
from messervices.services.cvec import actions
from messervices.services.cvec.actions import check_file, read_file
from messervices.services.cvec.models import RollEntry, RollFile, RollLine
from messervices.services.cvec.tests.rolls import (
    AUTUMN,
    INSA,
    UVSQ,
    certified,
    daughter_of,
    line_of,
    listed,
    receive,
)

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = (
    "cvec.file_stored", "cvec.file_portion_read", "cvec.file_portion_checked", "cvec.file_half_taken",
    "cvec.file_taken",
)  # fmt: skip


class Killed(BaseException):
    """The worker dies here."""


@contextmanager
def killed_at(point: str, times: int) -> Iterator[None]:
    """Let whoever passes a point die, the first times: what is not committed by then never was."""
    left = [times]

    def pass_by(name: str) -> None:
        if name == point and left[0]:
            left[0] -= 1
            raise Killed

    with mock.patch.object(crash, "point", pass_by):
        yield
    assert left[0] < times, f"nobody passed {point}"


@contextmanager
def small_portions() -> Iterator[None]:
    with mock.patch.object(read_file, "PORTION", 2), mock.patch.object(check_file, "PORTION", 2):
        yield


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 3])
def test_killed_at_each_point_a_file_goes_on_and_each_line_is_taken_once(point: str, times: int) -> None:
    files = certified(7)
    lines = [*(line_of(one) for one in files), f"{UVSQ};;VER6KQTRMB00;Zed;Zoé;", "seul"]
    with small_portions(), killed_at(point, times):
        for _try in range(times + 1):
            try:
                file = receive(*lines)
                actions.work_on_file(file_id=file.pk, now=AUTUMN)
            except Killed:
                continue
    file = RollFile.objects.get()
    assert (file.status, file.lines, file.added, file.bad) == ("taken", 9, 7, 2)
    assert listed() == {one.pk for one in files}
    assert RollEntry.objects.count() == 7
    assert RollLine.objects.count() == 2


def test_the_same_list_uploaded_eight_times_at_once_is_one_file() -> None:
    line = line_of(certified()[0])
    found = together([lambda: receive(line)] * 8)
    assert {one.pk for one in found} == {RollFile.objects.get().pk}


def test_two_different_files_at_once_leave_one_at_work() -> None:
    one, other = (line_of(file) for file in certified(2))
    found = together([lambda: receive(one), lambda: receive(other)])
    refused = [answer for answer in found if isinstance(answer, Refusal)]
    assert [refusal.code for refusal in refused] == ["file_under_way"]
    assert RollFile.objects.count() == 1


def test_four_workers_on_one_file_take_it_once() -> None:
    files = certified(9)
    file = receive(*(line_of(one) for one in files))
    with small_portions():
        found = together([lambda: actions.work_on_file(file_id=file.pk, now=AUTUMN)] * 4)
    assert found == [None] * 4
    assert RollEntry.objects.count() == 9
    assert RollFile.objects.get().added == 9


def test_a_mother_and_a_daughter_at_once_list_a_student_once() -> None:
    daughter_of(UVSQ, INSA)
    line = line_of(certified()[0], INSA)
    mine, hers = receive(line), receive(line, uai=INSA)
    found = together(
        [
            lambda: actions.work_on_file(file_id=mine.pk, now=AUTUMN),
            lambda: actions.work_on_file(file_id=hers.pk, now=AUTUMN),
        ]
    )
    assert found == [None, None]
    assert RollEntry.objects.filter(until=None).count() == 1
    assert sorted(RollFile.objects.values_list("added", "bad")) == [(0, 1), (1, 0)]
    assert RollLine.objects.get().reason == "already_listed"
    assert Establishment.objects.filter(pk=INSA).exists()


def test_students_are_told_once_however_many_tell_them() -> None:
    file = receive(*(line_of(one) for one in certified(5)))
    actions.work_on_file(file_id=file.pk, now=AUTUMN)
    found = together([lambda: actions.tell_listed(file_id=file.pk, now=AUTUMN)] * 4)
    assert sum(found) == 5
