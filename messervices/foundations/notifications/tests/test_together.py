"""One person does not get two mails in a minute; what is urgent does not wait; nobody gets another's words."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from messervices.foundations.accounts.models import User
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.notifications import actions, rules
from messervices.foundations.notifications.actions import take as module
from messervices.foundations.notifications.models import Contact, Message
from messervices.foundations.notifications.states import MailStatus
from messervices.foundations.notifications.tests.factories import breaches, take_jobs, tell
from messervices.foundations.students.tests.factories import NOW, PersonFactory
from messervices.kernel.scope import EVERY, Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]
SECOND = timedelta(seconds=1)


def send(message: Message, now: datetime) -> bool:
    return actions.send_message(message_id=message.pk, now=now)


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("mail_status", flat=True))


def test_what_waits_for_one_person_leaves_in_one_mail_and_stays_apart_in_the_inbox() -> None:
    person = PersonFactory(first_names="Lina")
    first, second = tell(person), tell(person, kind="room.rich", params={"who": "x"}, link="", crous_id=10)
    other = tell()
    assert send(second, NOW + SECOND)
    assert not send(first, NOW + SECOND)
    (sent,) = mail.outbox
    assert sent.subject == "2 messages sur vos démarches"
    for said in ("== Votre document 2026-2027 ==", "== Riche ==", "Texte.", "Bonjour Lina,"):
        assert said in sent.body
    html = sent.alternatives[0].content
    assert html.count("<section>") == html.count("<h2") == 2
    assert html.count('class="button"') == 1
    assert "Crous de Versailles" not in sent.body, "two Crous write: it is the platform that does"
    assert states() == [MailStatus.SENT, MailStatus.SENT, MailStatus.QUEUED]
    assert Message.objects.exclude(pk=other.pk).values("mail_id").distinct().count() == 1
    assert breaches() == []


def test_the_next_mail_leaves_a_minute_later_with_all_that_came_meanwhile() -> None:
    person = PersonFactory()
    assert send(tell(person), NOW)
    later = [tell(person, now=NOW + n * SECOND) for n in (10, 20, 30)]
    take_jobs()
    assert not send(later[0], NOW + 31 * SECOND)
    assert take_jobs() == [("send_message", {"message_id": later[0].pk})]
    assert not send(later[1], NOW + 32 * SECOND), "put off with the first: no second job"
    assert take_jobs() == []
    assert not send(later[0], NOW + 59 * SECOND)
    assert send(later[0], NOW + 60 * SECOND)
    assert [one.subject for one in mail.outbox] == ["Votre document 2026-2027", "3 messages sur vos démarches"]


def test_the_job_of_a_mail_that_was_put_off_begins_when_it_is_due() -> None:
    person = PersonFactory()
    send(tell(person), NOW)
    second = tell(person, now=NOW + SECOND)
    take_jobs()
    send(second, NOW + 20 * SECOND)
    with connection.cursor() as cursor:
        cursor.execute("select extract(epoch from scheduled_at - now())::int from procrastinate_jobs")
        assert cursor.fetchone()[0] in range(38, 42)


def test_what_is_urgent_leaves_alone_and_at_once() -> None:
    person = PersonFactory()
    send(tell(person), NOW)
    waits, urgent = tell(person, now=NOW + SECOND), tell(person, kind="room.alarm", params={}, now=NOW + SECOND)
    assert not send(waits, NOW + 2 * SECOND)
    assert send(urgent, NOW + 2 * SECOND)
    assert mail.outbox[1].subject == "Une chose presse"
    assert not send(waits, NOW + 61 * SECOND), "the minute counts from the last mail, the urgent one"
    assert send(waits, NOW + 62 * SECOND)


def test_a_mail_carries_ten_messages_at_most_and_the_next_one_the_rest() -> None:
    person = PersonFactory()
    told = [tell(person) for _ in range(rules.MOST_TOGETHER + 2)]
    take_jobs()
    assert send(told[0], NOW)
    assert states().count(MailStatus.SENT) == rules.MOST_TOGETHER
    ((name, asked),) = take_jobs()
    assert (name, asked) == ("send_message", {"message_id": told[rules.MOST_TOGETHER].pk})
    assert send(told[rules.MOST_TOGETHER], NOW + rules.APART)
    assert [one.subject[:2] for one in mail.outbox] == ["10", "2 "]


def test_a_mail_that_is_tried_again_carries_the_same_messages_under_the_same_name(monkeypatch) -> None:
    person = PersonFactory()
    first, second = tell(person), tell(person)
    with monkeypatch.context() as down:

        def refuse(*_args: Any) -> int:
            raise ConnectionRefusedError

        down.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert not send(first, NOW)
    name = Message.objects.get(pk=first.pk).mail_id
    third = tell(person, now=NOW + SECOND)
    assert send(second, NOW + timedelta(minutes=2))
    assert mail.outbox[0].message()["Message-ID"] == name
    assert states() == [MailStatus.SENT, MailStatus.SENT, MailStatus.QUEUED]
    assert send(third, NOW + timedelta(minutes=3))


def test_documents_go_with_the_mail_of_their_message() -> None:
    document = issue()
    tell(document.person, document_id=document.pk)
    plain = tell(document.person)
    documents.sealed_pdf(document.pk, NOW)
    actions.queue_waiting(document_id=document.pk, now=NOW)
    assert send(plain, NOW)
    assert [file.filename for file in mail.outbox[0].attachments] == [f"{document.number}.pdf"]


def test_what_one_does_not_want_by_mail_is_left_out_and_the_rest_leaves() -> None:
    person = PersonFactory()
    Contact.objects.create(person=person, mail_off=["follow_up"])
    news, decision = tell(person, kind="room.news", params={}), tell(person)
    assert send(news, NOW)
    assert states() == [MailStatus.NONE, MailStatus.SENT]
    assert mail.outbox[0].subject == "Votre document 2026-2027"
    assert decision.kind == "room.ready"


def test_the_language_is_the_readers_at_the_moment_it_leaves() -> None:
    person = PersonFactory()
    tell(person), tell(person)
    User.objects.filter(person_id=person.pk).update(language="en")
    send(Message.objects.order_by("pk")[0], NOW)
    assert mail.outbox[0].subject == "2 messages about your procedures"


# Races -----------------------------------------------------------------------------------------------------------


def in_parallel(messages: list[Message], now: datetime) -> None:
    """Let each message have its sender, all at once."""
    gate = threading.Barrier(len(messages))

    def race(message: Message) -> None:
        with acting_as(Scope("test", crous=EVERY)):
            gate.wait()
            send(message, now)
        connection.close()

    threads = [threading.Thread(target=race, args=(message,)) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_eight_senders_of_one_persons_messages_send_one_mail() -> None:
    with transaction.atomic():
        person = PersonFactory()
        told = [tell(person) for _ in range(8)]
    in_parallel(told, NOW)
    assert len(mail.outbox) == 1
    assert states() == [MailStatus.SENT] * 8
    assert len(set(Message.objects.values_list("mail_id", flat=True))) == 1
    assert breaches() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_eight_mails_that_are_tried_again_leave_one_a_minute(locked: bool, monkeypatch) -> None:
    """Without the lock on the person (the control) several leave at once."""
    with transaction.atomic():
        person = PersonFactory()
        told = [tell(person) for _ in range(8)]
        for number, message in enumerate(told):
            Message.objects.filter(pk=message.pk).update(mail_id=f"<{number}@x>")
    if not locked:
        together = threading.Barrier(len(told))

        def unlocked(_person_id: int) -> None:
            together.wait()

        monkeypatch.setattr(module, "_lock", unlocked)
    in_parallel(told, NOW)
    assert len(mail.outbox) == (1 if locked else 8)
    assert states().count(MailStatus.QUEUED) == 8 - len(mail.outbox)


@pytest.mark.django_db(transaction=True)
def test_senders_of_many_people_do_not_wait_for_each_other_and_mix_nothing() -> None:
    with transaction.atomic():
        told = [tell(PersonFactory(), params={"who": f"P{n}"}) for n in range(8)]
    in_parallel(told, NOW)
    assert len(mail.outbox) == 8
    assert {one.to[0] for one in mail.outbox} == set(
        User.objects.filter(person_id__in=[one.person_id for one in told]).values_list("email", flat=True)
    )
    assert breaches() == []
