"""What was sent to a student, seen and sent again from their file."""

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import at_desk
from messervices.foundations.audit.models import Deed
from messervices.foundations.notifications import selectors
from messervices.foundations.notifications.models import DeadAddress, Message, Sms
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, PersonFactory, user_of

pytestmark = pytest.mark.django_db


def written(person: Person, **changes: object) -> Message:
    said = {"mail_status": "failed", "outcome": "no_answer", "mail_attempts": 16, "mail_id": "<1@x>", "language": "fr"}
    return Message.objects.create(person=person, crous_id=26, kind="desk.ine_kept", created_at=NOW, **said | changes)


def opened(client: Client, person: Person, **traits: object) -> str:
    at_desk(client, **traits)
    client.post(reverse("desk:open", args=[person.uuid]), {"reason": "asked"})
    return reverse("desk:file_messages", args=[person.uuid])


def again(person: Person, message: Message) -> str:
    return reverse("desk:message_again", args=[person.uuid, message.pk])


def test_each_message_says_what_became_of_it_by_each_way(client: Client) -> None:
    person = PersonFactory()
    url = opened(client, person)
    message = written(person)
    written(person, mail_status="sent", outcome="", sent_at=NOW, mail_attempts=1, mail_id="<2@x>")
    Sms.objects.create(
        message=message, person=person, status="sent", sent_at=NOW, language="fr", reference="sms-1", created_at=NOW
    )
    html = client.get(url).content.decode()
    for said in ("non remis", "aucun serveur n’a répondu", "16 essais", "SMS\u00a0:", "envoyé, <time", "pas encore lu"):
        assert said in html
    assert html.count("Renvoyer l’e-mail") == 1


def test_a_mail_that_failed_is_sent_again_once_and_it_is_recorded(client: Client) -> None:
    person = PersonFactory()
    url = opened(client, person)
    message = written(person)
    answer = client.post(again(person, message))
    assert answer["Location"] == url
    assert "L’e-mail part à nouveau." in client.get(url).content.decode()
    message.refresh_from_db()
    assert (message.mail_status, message.mail_attempts, message.mail_id) == ("queued", 0, "")
    client.post(again(person, message))
    assert "n’est plus à renvoyer" in client.get(url).content.decode()
    deed = Deed.objects.get(verb="notifications.resend_message")
    assert (deed.person_id, deed.crous_id, deed.actor_label) == (person.pk, 26, "M. Duval, Crous de Versailles")


def test_nothing_is_sent_from_a_file_that_is_not_open(client: Client) -> None:
    person = PersonFactory()
    at_desk(client)
    message = written(person)
    assert client.get(again(person, message)).status_code == 405
    assert client.post(again(person, message)).status_code == 302
    message.refresh_from_db()
    assert message.mail_status == "failed"


def test_another_crous_finds_nothing_and_another_persons_message_is_not_sent(client: Client) -> None:
    person, other = PersonFactory(), PersonFactory()
    message = written(other)
    opened(client, person)
    client.post(again(person, message))
    message.refresh_from_db()
    assert message.mail_status == "failed"
    at_desk(client, lyon=True)
    assert client.post(again(person, message)).status_code == 404


def test_a_dead_address_is_said_and_not_written_to(client: Client) -> None:
    person = PersonFactory()
    url = opened(client, person)
    message = written(person, outcome="bounced")
    DeadAddress.objects.create(digest=selectors.address_digest(user_of(person).email), since=NOW)
    html = client.get(url).content.decode()
    assert "Son adresse e-mail ne reçoit plus nos messages" in html
    assert "Renvoyer" not in html
    answer = client.post(again(person, message))
    assert answer.status_code == 409
    assert "elle doit la corriger" in answer.content.decode()


def test_the_messages_of_a_file_ask_a_known_number_of_questions(client: Client, django_assert_max_num_queries) -> None:
    person = PersonFactory()
    url = opened(client, person)
    for _turn in range(5):
        written(person)
    client.get(url)
    with django_assert_max_num_queries(12):
        client.get(url)
