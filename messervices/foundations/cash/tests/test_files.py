"""Files come in, are checked, read, stopped, resumed; lines are matched; nothing counts twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from messervices.foundations.audit.models import Deed
from messervices.foundations.cash import actions, selectors, tasks
from messervices.foundations.cash.actions import read as reading
from messervices.foundations.cash.models import Line, Notice, ReturnFile
from messervices.foundations.cash.states import Origin
from messervices.foundations.cash.tests.factories import (
    AGENT,
    LYON,
    NATIONAL,
    Counter,
    body,
    issue,
    operation,
    read,
    receive,
    return_file,
    sealed,
    settle_all,
    statuses,
    took,
)
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments.models import Capture, Order, OutsideEvent
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    LATER,
    NOW,
    FakeService,
    OrderFactory,
    jobs_waiting,
)
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
STRANGER = "000000000000000001" + "95"


def unknown(**changes: Any) -> Counter:
    return Counter("12345678901234567890", operation=operation(), **changes)


def test_a_file_is_kept_first_and_the_same_bytes_are_one_file() -> None:
    raw = return_file(took(issue()))
    given = [actions.receive_file(raw=raw, name=name, origin=Origin.UPLOAD, by=AGENT, now=LATER) for name in ("a", "b")]
    assert [one.known for one in given] == [False, True]
    assert given[0].file == given[1].file == ReturnFile.objects.get()
    assert jobs_waiting("read_file") == 1
    assert Line.objects.count() == 0
    assert Deed.objects.filter(verb="cash.receive_file").count() == 1


def test_who_may_bring_a_file_and_how_long_it_may_be(settings: Any) -> None:
    bare = Actor(kind="agent", user_id=1, crous_ids=(26,))
    with pytest.raises(Refusal, match="not_yours"):
        actions.receive_file(raw=b"x", name="x", origin=Origin.UPLOAD, by=bare, now=NOW)
    settings.EFICASH_FILE_MAX_BYTES = 10
    with pytest.raises(Refusal, match="too_long"):
        actions.receive_file(raw=b"x" * 11, name="x", origin=Origin.UPLOAD, by=AGENT, now=NOW)
    assert ReturnFile.objects.count() == 0


def test_a_right_file_is_read_and_its_money_pays(service: FakeService) -> None:
    notices = [issue() for _turn in range(3)]
    kept = read(return_file(*map(took, notices)))
    assert (kept.status, kept.lines_read, kept.lines_count) == ("read", 3, 3)
    assert statuses() == ["fits"] * 3
    assert OutsideEvent.objects.filter(status="new").count() == 3, "settling follows, by jobs"
    assert selectors.count_settled(kept.pk, AGENT) == (0, 3)
    tasks.settle_lines(now=LATER, file_id=kept.pk, first=1, last=3)
    tasks.settle_lines(now=LATER, file_id=kept.pk, first=1, last=3)
    assert selectors.count_settled(kept.pk, AGENT) == (3, 3)
    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}
    assert {one.taken_at.date() for one in Capture.objects.all()} == {notices[0].issued_at.date()}
    assert len(service.told) == 3
    assert balance(ACCOUNT) == 315_00


@pytest.mark.parametrize("wrong", ["cut", "doubled", "altered", "count"])
def test_a_wrong_file_books_nothing_and_says_why(wrong: str) -> None:
    taken = [took(issue()) for _turn in range(3)]
    right = return_file(*taken)
    rows = right.splitlines(keepends=True)
    raw = {
        "cut": b"".join(rows[:3]),
        "doubled": b"".join([*rows[:2], rows[1], *rows[2:]]),
        "altered": right.replace(b";10500;", b";00500;", 1),
        "count": sealed(body(taken), taken, count=4),
    }[wrong]
    kept = read(raw)
    assert kept.status == "rejected"
    assert kept.faults
    assert Line.objects.count() == OutsideEvent.objects.count() == 0
    assert read(raw).pk == kept.pk, "again is known, and still refused"
    assert read(right).status == "read", "the right one is then taken, with the same number"


def test_a_number_is_used_once_by_files_that_are_believed() -> None:
    read(return_file(took(issue())))
    other = read(return_file(took(issue())))
    assert (other.status, other.faults) == ("rejected", [[1, "number_taken"]])
    with pytest.raises(IntegrityError, match="returnfile_number_once"), transaction.atomic():
        ReturnFile.objects.filter(pk=other.pk).update(status="reading")


def test_a_number_that_never_came_is_told() -> None:
    for number in (7, 8, 11):
        read(return_file(took(issue()), number=number))
    assert selectors.missing_numbers() == [9, 10]


def test_a_day_on_which_nobody_paid_is_read_at_once() -> None:
    kept = read(return_file())
    assert (kept.status, kept.lines_count) == ("read", 0)


def test_the_same_operation_in_two_files_counts_once(service: FakeService) -> None:
    line = took(issue())
    read(return_file(line, number=1))
    read(return_file(took(issue()), line, number=2))
    settle_all()
    assert statuses() == ["fits", "fits", "repeated"]
    assert balance(ACCOUNT) == 210_00


def test_an_operation_that_says_something_else_the_second_time_is_for_an_agent(service: FakeService) -> None:
    made, other = issue(), issue()
    line = took(made)
    read(return_file(line, number=1))
    read(return_file(took(other, operation=line.operation), number=2))
    settle_all()
    assert statuses() == ["fits", "clash"]
    assert balance(ACCOUNT) == 105_00
    (waiting,) = selectors.lines_waiting(AGENT)
    assert waiting.notice == other
    assert balance(actions.ACCOUNT) == 0, "no money is known to be there a second time"


def test_what_does_not_fit_waits_in_suspense_at_the_right_desk() -> None:
    made = issue()
    read(return_file(unknown(), took(made, amount_cents=104_00), took(made, amount_cents=1)))
    assert statuses() == ["unknown", "other_amount", "other_amount"]
    assert balance(actions.ACCOUNT) == 105_00 + 104_00 + 1
    assert selectors.count_waiting(NATIONAL) == 3
    assert selectors.count_waiting(AGENT) == 2, "nobody's money is the national desk's"
    assert OutsideEvent.objects.count() == 0
    assert Order.objects.get().status == "open"


def test_the_same_notice_paid_twice_in_one_file_is_paid_once_and_given_back_once(service: FakeService) -> None:
    made = issue()
    read(return_file(took(made), took(made)))
    settle_all()
    assert statuses() == ["fits", "fits"]
    assert sorted(Capture.objects.values_list("surplus", flat=True)) == [False, True]
    assert len(service.told) == 1


def test_the_due_day_is_that_of_the_crous_that_follows() -> None:
    reunion = OrderFactory(crous_id=23)
    days = {"paid_on": issue().issued_at.date().replace(month=8, day=28)}
    read(return_file(took(issue(reunion)), took(issue(OrderFactory(crous_id=24))), unknown(**days)))
    assert selectors.zone_of(23) == "974"
    assert selectors.zone_of(24) == "6AE"
    assert selectors.zone_of(14) == selectors.zone_of(0) == ""
    assert {str(day) for day in Line.objects.values_list("due_on", flat=True)} == {"2026-09-01"}


def test_a_long_file_is_read_by_batches_and_each_has_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "A_BATCH", 4)
    monkeypatch.setattr(reading, "A_JOB", 3)
    kept = read(return_file(*(took(issue()) for _turn in range(10))))
    assert kept.lines_read == 10
    assert jobs_waiting("settle_lines") == 5
    assert list(Line.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 11))


def test_an_agent_stops_a_reading_and_lets_it_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "A_BATCH", 2)
    kept = receive(return_file(*(took(issue()) for _turn in range(6))))
    real, turns = actions.read_batch, iter(range(9))

    def stopped_after_one(**given: Any) -> int:
        reached = real(**given)
        if next(turns) == 0:
            actions.stop_file(file_id=kept.pk, by=AGENT, now=NOW)
        return reached

    monkeypatch.setattr(reading, "read_batch", stopped_after_one)
    assert actions.read_file(file_id=kept.pk, now=NOW) == "stopped"
    kept.refresh_from_db()
    assert (kept.status, kept.lines_read) == ("stopped", 2)
    assert actions.read_file(file_id=kept.pk, now=NOW) == "stopped", "a job that comes again does nothing"
    with pytest.raises(Refusal, match="step_closed"):
        actions.stop_file(file_id=kept.pk, by=AGENT, now=NOW)
    actions.resume_file(file_id=kept.pk, by=AGENT, now=NOW)
    assert jobs_waiting("read_file") == 2
    assert actions.read_file(file_id=kept.pk, now=NOW) == "read"
    assert statuses() == ["fits"] * 6
    with pytest.raises(Refusal, match="not_yours"):
        actions.stop_file(file_id=kept.pk, by=Actor(kind="agent", user_id=1), now=NOW)


def test_a_file_whose_job_was_lost_goes_on_by_itself() -> None:
    kept = receive(return_file(took(issue())))
    tasks.sweep_files(now=NOW + timedelta(minutes=1))
    assert Line.objects.count() == 0
    tasks.sweep_files(now=NOW + timedelta(minutes=3))
    kept.refresh_from_db()
    assert kept.status == "read"


def test_a_line_that_breaks_does_not_stop_the_others(service: FakeService, caplog: pytest.LogCaptureFixture) -> None:
    bad, good = issue(OrderFactory(kind="nobody sells it")), issue()
    kept = read(return_file(took(bad), took(good)))
    tasks.settle_lines(now=LATER, file_id=kept.pk, first=1, last=2)
    assert "could not be settled" in caplog.text
    assert len(service.told) == 1
    assert [one.notice for one in selectors.lines_late(AGENT, NOW + timedelta(days=9))] == [bad]
    assert selectors.lines_late(AGENT, LATER) == []


def test_a_batch_takes_few_queries_however_long_it_is(django_assert_max_num_queries: Any) -> None:
    every = [took(issue()) for _turn in range(60)]
    kept = receive(return_file(*every))
    actions.check_file(file_id=kept.pk, now=NOW)
    from messervices.foundations.cash.providers.return_file import lines

    with django_assert_max_num_queries(14):
        actions.read_batch(file_id=kept.pk, batch=list(lines(return_file(*every))), now=NOW)


def test_a_line_belongs_to_the_crous_of_its_order_and_moves_with_it(service: FakeService) -> None:
    from messervices.foundations.payments.tests.factories import start

    order = start(OrderFactory().person_id)
    read(return_file(took(issue(order))))
    start(order.person_id, crous_id=LYON)
    assert Line.objects.get().crous_id == Notice.objects.get().crous_id == LYON
    settle_all()
    assert service.told[0].crous_id == LYON


def test_nothing_that_the_post_said_is_removed_by_the_application() -> None:
    read(return_file(took(issue())))
    for table in ("cash_notice", "cash_returnfile", "cash_line"):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"delete from {table}")  # noqa: S608 - three names of ours


def test_the_folder_is_watched(tmp_path: Any, settings: Any) -> None:
    import os

    settings.EFICASH_FOLDER = str(tmp_path)
    raw = return_file(took(issue()))
    for name, content in (("a.csv", raw), ("b.csv", raw), ("c.part", raw), ("long.csv", b"x" * 1000)):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (NOW.timestamp() - 300, NOW.timestamp() - 300))
    (tmp_path / "fresh.csv").write_bytes(raw)
    os.utime(tmp_path / "fresh.csv", (NOW.timestamp(), NOW.timestamp()))
    settings.EFICASH_FILE_MAX_BYTES = 900
    assert tasks.take_folder(tmp_path, NOW) == [("a.csv", "received"), ("b.csv", "known"), ("long.csv", "too_long")]
    tasks.sweep_folder(now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.part", "fresh.csv", "refused", "taken"]
    assert ReturnFile.objects.get().origin == "folder"
