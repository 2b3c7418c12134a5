"""What waits for a document, and what was left behind: by a lost job, a killed sender, a silent server."""

from datetime import timedelta

import pytest
from django.core import mail

from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.notifications import actions, rules
from messervices.foundations.notifications.models import Message, OutgoingMail
from messervices.foundations.notifications.states import MailStatus, Outcome
from messervices.foundations.notifications.tests.factories import pay_for_me, status, take_jobs, tell
from messervices.foundations.students.tests.factories import NOW, agent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


def test_mails_that_waited_for_a_document_go_once() -> None:
    document = issue()
    messages = [tell(document.person, document_id=document.pk) for _ in range(2)]
    other = tell()
    take_jobs()
    assert actions.queue_waiting(document_id=document.pk, now=NOW) == 2
    assert actions.queue_waiting(document_id=document.pk, now=NOW) == 0
    assert take_jobs() == [("send_message", {"message_id": message.pk}) for message in messages]
    assert status(other) == MailStatus.QUEUED


def test_the_sweep_drives_again_what_is_late_and_leaves_what_is_on_its_way() -> None:
    lost, mail_lost = tell(), pay_for_me()
    killed, busy = tell(), tell()
    for message, minutes in ((killed, -1), (busy, 4)):
        due = NOW + timedelta(minutes=10 + minutes) - rules.LATE
        Message.objects.filter(pk=message.pk).update(mail_status=MailStatus.SENDING, due_at=due)
    young = tell(now=NOW + timedelta(minutes=9))
    take_jobs()
    now = NOW + timedelta(minutes=10)
    assert actions.sweep(now=now) == 3
    assert take_jobs() == [
        ("send_message", {"message_id": lost.pk}),
        ("send_message", {"message_id": killed.pk}),
        ("send_mail", {"mail_id": mail_lost.pk}),
    ]
    assert (status(killed), status(busy), status(young)) == (MailStatus.QUEUED, MailStatus.SENDING, MailStatus.QUEUED)
    assert actions.sweep(now=now) == 0


def test_what_was_cut_while_it_was_handed_over_is_not_sent_again() -> None:
    message, queued = tell(), pay_for_me()
    for row in (message, queued):
        cut = {"mail_status": MailStatus.HANDING, "mail_id": f"<{row.pk}@x>"}
        type(row).objects.filter(pk=row.pk).update(**cut)
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(hours=1)) == 0
    assert (status(message), message.outcome) == (MailStatus.UNKNOWN, Outcome.UNSURE)
    assert (status(queued), queued.params) == (MailStatus.UNKNOWN, {})
    assert take_jobs() == []


def test_a_backend_that_knows_mails_again_gets_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.idempotent", True, raising=False)
    message = tell()
    Message.objects.update(mail_status=MailStatus.HANDING, mail_id="<1@x>")
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(hours=1)) == 1
    assert actions.send_message(message_id=message.pk, now=NOW + timedelta(hours=1))
    assert mail.outbox[0].message()["Message-ID"] == "<1@x>"


def test_the_sweep_gives_up_what_dies_each_time_it_is_sent() -> None:
    message, queued = tell(), pay_for_me()
    for table in (Message, OutgoingMail):
        table.objects.update(mail_status=MailStatus.SENDING, mail_attempts=rules.MAX_ATTEMPTS)
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(hours=1)) == 0
    assert (status(message), status(queued), queued.params) == (MailStatus.FAILED, MailStatus.FAILED, {})
    assert take_jobs() == []


def test_the_sweep_frees_mails_whose_document_was_sealed_or_cancelled_unseen() -> None:
    sealed, cancelled, undrawn = issue(), issue(), issue()
    waiting = [tell(document.person, document_id=document.pk) for document in (sealed, cancelled, undrawn)]
    documents.sealed_pdf(sealed.pk, NOW)
    documents.cancel(document_id=cancelled.pk, reason="Erreur.", by=agent(), now=NOW)
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(minutes=10)) == 1
    assert [status(message) for message in waiting] == [MailStatus.QUEUED, MailStatus.NONE, MailStatus.WAITING]
    assert take_jobs() == [("send_message", {"message_id": waiting[0].pk})]
