"""A job is a row of the transaction that wants it, and runs in its own scope."""

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from messervices.kernel import jobs
from messervices.kernel.scope import Scope, current

pytestmark = pytest.mark.django_db(transaction=True)
ran: list[tuple[str, int]] = []


@jobs.job(scope=Scope("job:test", crous=(5,)), queue="tests")
def note(*, now: datetime, number: int) -> None:
    """Note that it ran, and as whom."""
    assert now.tzinfo is not None
    ran.append((current().name, number))


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where queue_name = 'tests' and status = 'todo'")
        return int(cursor.fetchone()[0])


def test_a_job_is_written_by_the_transaction_and_goes_with_it(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(3), transaction.atomic():  # begin, the call, commit
        note.enqueue(number=1)
    with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
        note.enqueue(number=2)
        raise RuntimeError("undone")
    assert waiting() == 1


def test_a_job_is_never_written_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError):
        note.enqueue(number=3)


def test_a_job_runs_in_its_own_scope_with_the_time() -> None:
    ran.clear()
    note(number=4)
    assert ran == [("job:test", 4)]


def test_a_job_can_be_written_by_its_name() -> None:
    before = waiting()
    with transaction.atomic():
        jobs.enqueue("kernel.tests.test_jobs.note", number=5)
    assert waiting() == before + 1
    with pytest.raises(KeyError):
        jobs.enqueue("nobody.knows")


def test_a_job_may_be_written_to_begin_later() -> None:
    with transaction.atomic():
        jobs.enqueue_after("kernel.tests.test_jobs.note", timedelta(minutes=5), number=6)
    with connection.cursor() as cursor:
        cursor.execute(
            "select scheduled_at between now() + interval '4 minutes' and now() + interval '6 minutes'"
            " from procrastinate_jobs where args = '{\"number\": 6}'"
        )
        assert cursor.fetchone() == (True,)
