import json
from datetime import timedelta

import pytest
from django.db import connection

from messervices.foundations.documents import actions, selectors, tasks
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.students.tests.factories import NOW, agent
from messervices.kernel.scope import NOBODY, acting_as

pytestmark = pytest.mark.django_db
SEAL, TOLD = "foundations.documents.tasks.seal", "foundations.notifications.tasks.document_sealed"


def jobs() -> list[tuple[str, dict]]:
    """Take the jobs that wait, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs returning id, task_name, args")
        return [(name, json.loads(args)) for _id, name, args in sorted(cursor.fetchall())]


def test_the_job_seals_and_tells_who_waits_and_twice_does_no_harm() -> None:
    document = issue()
    assert jobs() == [(SEAL, {"document_id": document.pk})]
    with acting_as(NOBODY):
        tasks.seal(document_id=document.pk, now=NOW)
        tasks.seal(document_id=document.pk, now=NOW + timedelta(hours=1))
    first = selectors.pdf_of(document.pk)
    assert first
    assert jobs() == [(TOLD, {"document_id": document.pk})] * 2


def test_nobody_is_told_where_nobody_waits(settings) -> None:
    settings.AFTER_SEAL = ""
    document = issue()
    jobs()
    tasks.seal(document_id=document.pk, now=NOW)
    assert jobs() == []


def test_a_paper_cancelled_before_it_was_drawn_is_not_drawn() -> None:
    document = issue()
    jobs()
    actions.cancel(document_id=document.pk, reason="Erreur.", by=agent(), now=NOW)
    tasks.seal(document_id=document.pk, now=NOW)
    assert selectors.pdf_of(document.pk) is None
    assert jobs() == []


def test_the_sweep_finds_recent_papers_without_a_file_and_no_others() -> None:
    lost = issue()
    sealed, cancelled, old, young = (
        issue(),
        issue(),
        issue(now=NOW - timedelta(days=9)),
        issue(now=NOW + timedelta(minutes=55)),
    )
    actions.sealed_pdf(sealed.pk, NOW)
    actions.cancel(document_id=cancelled.pk, reason="Erreur.", by=agent(), now=NOW)
    jobs()
    tasks.sweep(now=NOW + timedelta(hours=1))
    assert jobs() == [(SEAL, {"document_id": lost.pk})]
    assert selectors.pdf_of(old.pk) is None
    assert selectors.pdf_of(young.pk) is None
