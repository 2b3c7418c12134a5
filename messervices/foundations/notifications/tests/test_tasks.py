from datetime import timedelta

import pytest
from django.core import mail

from messervices.foundations.documents import tasks as documents
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.notifications import actions, tasks
from messervices.foundations.notifications.tests.factories import breaches, take_jobs, tell
from messervices.foundations.students.tests.factories import NOW, PersonFactory
from messervices.kernel.scope import NOBODY, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


def run_jobs() -> list[str]:
    """Run the jobs that wait, and those that they write, as the worker would; give their names in order."""
    names = []
    while waiting := take_jobs():
        for name, kwargs in waiting:
            names.append(name)
            job = documents.seal if name == "seal" else getattr(tasks, name)
            with acting_as(NOBODY):
                job(now=NOW + timedelta(seconds=5), **kwargs)
    return names


def test_from_the_issue_to_the_mail_with_its_certificate() -> None:
    document = issue()
    tell(document.person, document_id=document.pk)
    assert run_jobs() == ["seal", "document_sealed", "send_message"]
    (sent,) = mail.outbox
    assert sent.attachments[0].filename == f"{document.number}.pdf"
    assert document.number not in sent.subject
    assert breaches() == []


def test_a_mail_to_an_address_goes_by_its_job() -> None:
    actions.queue_mail(to="a@example.org", language="fr", template="room/mail/pay", params={"url": "x"}, now=NOW)
    assert run_jobs() == ["send_mail"]
    assert len(mail.outbox) == 1


def test_the_clock_drives_the_sweep_and_the_forgetting() -> None:
    message = tell()
    take_jobs()
    tasks.sweep(now=NOW + timedelta(minutes=5))
    assert take_jobs() == [("send_message", {"message_id": message.pk})]
    tasks.forget(now=NOW)
    assert breaches() == []


def test_the_audit_sees_a_document_sent_to_somebody_else() -> None:
    document = issue()
    tell(PersonFactory(), document_id=document.pk)
    assert breaches() == ["a message carries a document of its own person only"]
