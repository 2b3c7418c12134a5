import email
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from messervices.foundations.accounts.models import User
from messervices.foundations.audit.models import Deed
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.notifications import actions, rules, selectors
from messervices.foundations.notifications.models import Message, OutgoingMail
from messervices.foundations.notifications.states import MailStatus, Outcome
from messervices.foundations.notifications.tests.factories import (
    breaches,
    forget_mailed,
    pay_for_me,
    status,
    take_jobs,
    tell,
)
from messervices.foundations.students.tests.factories import NOW, PersonFactory, agent, user_of
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]
SOON = NOW + timedelta(seconds=2)


def send(message: Message, now: Any = SOON) -> bool:
    return actions.send_message(message_id=message.pk, now=now)


def broken(error: Exception) -> Any:
    """Give a mail server that answers with an error."""

    def send_messages(*_args: Any) -> int:
        raise error

    return send_messages


@pytest.fixture
def server_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken(ConnectionRefusedError()))


# notify ----------------------------------------------------------------------------------------------------------


def test_telling_costs_one_query_and_one_more_for_the_mail() -> None:
    person = PersonFactory()
    with CaptureQueriesContext(connection) as queries:
        message = tell(person)
    assert len(queries) == 2
    assert message.mail_status == MailStatus.QUEUED
    assert take_jobs() == [("send_message", {"message_id": message.pk})]


def test_a_message_that_waits_for_its_document_costs_one_query() -> None:
    person = PersonFactory()
    document = issue(person)
    take_jobs()
    with CaptureQueriesContext(connection) as queries:
        message = tell(person, document_id=document.pk)
    assert len(queries) == 1
    assert message.mail_status == MailStatus.WAITING
    assert take_jobs() == []


def test_a_message_may_stay_in_the_inbox_alone() -> None:
    message = tell(mail=False)
    assert message.mail_status == MailStatus.NONE
    assert take_jobs() == []
    assert not send(message)


def test_a_kind_that_names_no_template_is_a_bug_at_once() -> None:
    with pytest.raises(ValueError, match="kind"):
        tell(kind="room/../x")


@pytest.mark.django_db(transaction=True)
def test_telling_outside_an_action_is_a_bug() -> None:
    person = PersonFactory()
    with pytest.raises(RuntimeError, match="inside an action"):
        tell(person)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_tells_nobody() -> None:
    person = PersonFactory()
    take_jobs()  # the queue outlives a test that commits
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(person)
        raise ZeroDivisionError
    assert not Message.objects.exists()
    assert take_jobs() == []


# Send ------------------------------------------------------------------------------------------------------------


def test_a_mail_leaves_once_in_the_readers_language() -> None:
    person = PersonFactory(first_names="Lina, Inès")
    User.objects.filter(person_id=person.pk).update(language="en")
    message = tell(person)
    assert send(message)
    assert not send(message)
    (sent,) = mail.outbox
    assert sent.to == [user_of(person).email]
    assert sent.subject == "Votre document 2026-2027"
    assert "Lina" in sent.body.splitlines()[0]
    assert "Langue : en." in sent.body
    assert (status(message), message.sent_at, message.mail_attempts) == (MailStatus.SENT, SOON, 1)


def test_text_and_html_say_the_same_and_only_the_html_is_escaped() -> None:
    send(tell())
    (sent,) = mail.outbox
    html = sent.alternatives[0].content
    assert "Il est prêt, <b>Lina</b> & les autres. Suite de la phrase." in sent.body
    assert "<p>Il est prêt, &lt;b&gt;Lina&lt;/b&gt; &amp; les autres. Suite de la phrase.</p>" in html
    assert "/cvec/2026-2027/" in sent.body
    assert 'href="http://127.0.0.1' in html
    assert "Crous de Versailles" in sent.body
    assert "Crous de Versailles" in html
    assert "\n\n\n" not in sent.body


def test_the_same_message_has_the_same_message_id() -> None:
    message = tell()
    send(message)
    first = mail.outbox[0].message()
    Message.objects.filter(pk=message.pk).update(mail_status=MailStatus.QUEUED, sent_at=None, due_at=NOW)
    forget_mailed(message.person)
    send(message)
    assert mail.outbox[1].message()["Message-ID"] == first["Message-ID"]
    assert first["Message-ID"].startswith(f"<message.{message.pk}.")
    assert first["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in first
    assert first["From"] == '"Crous de Versailles - MesServices" <ne-pas-repondre@messervices.example>'
    assert first["Reply-To"] == "contact@crous-versailles.example"
    assert "Si vous répondez, votre Crous vous lira." in mail.outbox[0].body
    message.refresh_from_db()
    assert message.mail_id == first["Message-ID"]
    assert (message.language, len(message.address_digest)) == ("fr", 32)


def test_who_has_no_crous_is_written_to_by_the_platform_and_nobody_reads_an_answer(settings: Any) -> None:
    settings.MAIL_RETURN_PATH = "retours@messervices.example"
    send(tell(crous_id=0))
    (sent,) = mail.outbox
    said = sent.message()
    assert said["From"] == "MesServices <ne-pas-repondre@messervices.example>"
    assert sent.from_email == "retours@messervices.example"
    assert said["Reply-To"] is None
    assert "Ne répondez pas" in sent.body


def test_the_sealed_document_goes_with_its_mail() -> None:
    document = issue()
    message = tell(document.person, document_id=document.pk)
    assert not send(message)
    pdf = documents.sealed_pdf(document.pk, NOW)
    assert actions.queue_waiting(document_id=document.pk, now=NOW) == 1
    assert send(message)
    parsed = email.message_from_bytes(mail.outbox[0].message().as_bytes())
    (part,) = [part for part in parsed.walk() if part.get_content_type() == "application/pdf"]
    assert part.get_filename() == f"{document.number}.pdf"
    assert part.get_payload(decode=True) == pdf


def test_a_document_that_was_cancelled_meanwhile_is_not_mailed() -> None:
    document = issue()
    message = tell(document.person, document_id=document.pk)
    documents.sealed_pdf(document.pk, NOW)
    actions.queue_waiting(document_id=document.pk, now=NOW)
    documents.cancel(document_id=document.pk, reason="Erreur.", by=agent(), now=NOW)
    assert not send(message)
    assert status(message) == MailStatus.NONE
    assert mail.outbox == []


def test_a_person_without_an_account_gets_no_mail_and_keeps_the_message() -> None:
    message = tell()
    User.objects.filter(person_id=message.person_id).update(is_active=False)
    assert not send(message)
    assert status(message) == MailStatus.NONE


@pytest.mark.usefixtures("server_down")
def test_a_mail_server_that_is_down_is_asked_again_later_and_later() -> None:
    message = tell()
    assert not send(message)
    assert status(message) == MailStatus.QUEUED
    assert message.due_at == SOON + timedelta(minutes=1)
    assert not send(message, SOON + timedelta(seconds=30))
    assert not send(message, SOON + timedelta(minutes=1))
    assert status(message) == MailStatus.QUEUED
    assert (message.mail_attempts, message.due_at) == (2, SOON + timedelta(minutes=3))


@pytest.mark.usefixtures("server_down")
def test_after_the_last_try_the_mail_is_given_up_and_an_agent_may_send_it_again() -> None:
    message, by = tell(), agent()
    Message.objects.filter(pk=message.pk).update(mail_attempts=rules.MAX_ATTEMPTS - 1)
    assert not send(message)
    assert (status(message), message.outcome) == (MailStatus.FAILED, Outcome.NO_ANSWER)
    asked = {"by": by, "person_id": message.person_id, "message_id": message.pk, "now": NOW}
    assert not actions.resend_message(**asked | {"person_id": PersonFactory().pk})
    take_jobs()
    assert actions.resend_message(**asked)
    assert not actions.resend_message(**asked)
    assert take_jobs() == [("send_message", {"message_id": message.pk})]
    assert (status(message), message.mail_attempts, message.outcome) == (MailStatus.QUEUED, 0, "")
    assert Deed.objects.get(verb="notifications.resend_message").person_id == message.person_id


def test_an_address_that_does_not_exist_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")})
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken(refused))
    message = tell()
    assert not send(message)
    assert (status(message), message.outcome) == (MailStatus.FAILED, Outcome.BOUNCED)
    assert selectors.is_unreachable(message.person_id)
    told = Message.objects.get(kind="notifications.address_dead")
    assert (told.person_id, told.mail_status) == (message.person_id, MailStatus.NONE)
    later = tell(message.person)
    assert not send(later, SOON + timedelta(hours=1))
    assert (status(later), later.outcome) == (MailStatus.FAILED, Outcome.DEAD)
    with pytest.raises(Refusal, match="address_dead"):
        actions.resend_message(by=agent(), person_id=message.person_id, message_id=message.pk, now=NOW)


@pytest.mark.parametrize(
    ("error", "after", "outcome"),
    [
        (smtplib.SMTPServerDisconnected("gone"), MailStatus.UNKNOWN, Outcome.UNSURE),
        (TimeoutError(), MailStatus.UNKNOWN, Outcome.UNSURE),
        (smtplib.SMTPDataError(554, b"5.7.1 looks like spam"), MailStatus.FAILED, Outcome.REFUSED),
        (smtplib.SMTPDataError(451, b"4.7.1 greylisted"), MailStatus.QUEUED, ""),
        (smtplib.SMTPRecipientsRefused({"x": (452, b"4.2.2 mailbox full")}), MailStatus.QUEUED, ""),
        (smtplib.SMTPRecipientsRefused({"x": (554, b"5.7.1 blocked")}), MailStatus.FAILED, Outcome.REFUSED),
        (smtplib.SMTPSenderRefused(550, b"not you", "x"), MailStatus.FAILED, Outcome.REFUSED),
        (smtplib.SMTPAuthenticationError(535, b"no"), MailStatus.QUEUED, ""),
    ],
)
def test_what_may_have_left_is_not_sent_again_and_what_did_not_is(
    error: Exception, after: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken(error))
    message = tell()
    assert not send(message)
    assert (status(message), message.outcome) == (after, outcome)
    assert not selectors.is_unreachable(message.person_id)
    assert breaches() == []


def test_an_agent_may_send_again_what_may_not_have_left_and_it_is_a_new_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    message = tell()
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken(TimeoutError()))
        send(message)
    first = Message.objects.get(pk=message.pk).mail_id
    actions.resend_message(by=agent(), person_id=message.person_id, message_id=message.pk, now=SOON)
    assert send(message, SOON + timedelta(minutes=2))
    assert mail.outbox[0].message()["Message-ID"] != first


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_eight_senders_one_sends(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the claim (the control) all eight would."""
    with transaction.atomic():
        message = tell()
    if not guarded:
        from messervices.foundations.notifications.actions import send as module

        mail_id = f"<m.{message.pk}@x>"
        Message.objects.filter(pk=message.pk).update(mail_status=MailStatus.SENDING, mail_id=mail_id)
        monkeypatch.setattr(module, "take", lambda **_kwargs: mail_id)
        monkeypatch.setattr(module, "move", lambda *_args, **_kwargs: 1)
    gate = threading.Barrier(8)

    def race() -> None:
        with acting_as(Scope("test", crous=EVERY)):
            gate.wait()
            send(message)
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == (1 if guarded else 8)


# Mails to an address ----------------------------------------------------------------------------------------------


def test_a_mail_to_an_address_leaves_once_and_forgets_its_words() -> None:
    queued = pay_for_me()
    assert take_jobs() == [("send_mail", {"mail_id": queued.pk})]
    assert actions.send_mail(mail_id=queued.pk, now=SOON)
    assert not actions.send_mail(mail_id=queued.pk, now=SOON)
    (sent,) = mail.outbox
    assert sent.subject == "Payer pour quelqu’un Bcc: x@y.example"
    assert "s3cret" in sent.body
    assert (status(queued), queued.params) == (MailStatus.SENT, {})


@pytest.mark.usefixtures("server_down")
def test_a_mail_that_is_given_up_forgets_its_words_too() -> None:
    queued = pay_for_me()
    OutgoingMail.objects.filter(pk=queued.pk).update(mail_attempts=rules.MAX_ATTEMPTS - 1)
    assert not actions.send_mail(mail_id=queued.pk, now=SOON)
    assert (status(queued), queued.params) == (MailStatus.FAILED, {})


def test_a_mail_that_may_have_left_forgets_its_words_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken(TimeoutError()))
    queued = pay_for_me()
    assert not actions.send_mail(mail_id=queued.pk, now=SOON)
    assert (status(queued), queued.params, queued.outcome) == (MailStatus.UNKNOWN, {}, Outcome.UNSURE)
    assert not actions.send_mail(mail_id=queued.pk, now=SOON + timedelta(days=1))


def test_the_database_refuses_a_mail_that_left_and_kept_its_words() -> None:
    queued = pay_for_me()
    with pytest.raises(IntegrityError, match="left_empty"), transaction.atomic():
        OutgoingMail.objects.filter(pk=queued.pk).update(mail_status=MailStatus.SENT, sent_at=NOW)


def test_a_month_later_nothing_is_left_of_it() -> None:
    queued = pay_for_me()
    actions.send_mail(mail_id=queued.pk, now=SOON)
    assert actions.forget(now=NOW + timedelta(days=29)) == 0
    assert actions.forget(now=NOW + timedelta(days=31)) == 1
    assert actions.forget(now=NOW + timedelta(days=31)) == 0


# Read ------------------------------------------------------------------------------------------------------------


def test_a_message_is_read_once_and_by_its_reader_only() -> None:
    message, other = tell(), PersonFactory()
    assert not actions.mark_read(person_id=other.pk, message_id=message.pk, now=NOW)
    assert actions.mark_read(person_id=message.person_id, message_id=message.pk, now=NOW)
    assert not actions.mark_read(person_id=message.person_id, message_id=message.pk, now=SOON)
    message.refresh_from_db()
    assert message.read_at == NOW
