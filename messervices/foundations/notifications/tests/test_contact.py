"""How people choose to be written to, in their space and by the link of a mail."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.audit.models import Deed
from messervices.foundations.notifications import actions, selectors
from messervices.foundations.notifications.models import Contact, Message
from messervices.foundations.notifications.tests.factories import give_phone, take_jobs, tell
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, PersonFactory, user_of
from messervices.kernel.messages import Topic
from messervices.kernel.scope import Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


def choose(person: Person, **changes: Any) -> bool:
    """Keep choices; without any, those of the beginning."""
    asked = {"phone": "", "sms": True, "mail_off": []} | changes
    return actions.change_contact(by=actor_of(user_of(person)), person_id=person.pk, now=NOW, **asked)


def test_who_has_chosen_nothing_has_every_mail_and_no_sms() -> None:
    contact = selectors.contact_of(PersonFactory().pk)
    assert (contact.phone, contact.sms, contact.mail_off) == ("", True, [])
    assert not Contact.objects.exists(), "reading writes nothing"


def test_choices_are_kept_once_written_in_the_history_and_a_number_is_told() -> None:
    person = PersonFactory()
    asked = {"phone": "+8613800138000", "mail_off": ["follow_up"]}
    assert choose(person, **asked)
    assert not choose(person, **asked)
    contact = selectors.contact_of(person.pk)
    assert (contact.phone, contact.mail_off) == ("+8613800138000", ["follow_up"])
    deed = Deed.objects.get(verb="notifications.change_contact")
    assert deed.details == {"phone": True, "sms": True, "mail_off": ["follow_up"]}, "never the number"
    told = Message.objects.get(kind="notifications.phone_changed")
    assert (told.params, told.mail_status) == ({"kept": True}, "queued")
    assert choose(person, mail_off=["follow_up"])
    assert Message.objects.filter(params={"kept": False}).count() == 1


def test_what_carries_decisions_is_not_stopped_whatever_is_asked() -> None:
    person = PersonFactory()
    assert not choose(person, mail_off=["decision", "money", "nonsense"])
    assert selectors.contact_of(person.pk).mail_off == []


def test_a_number_given_again_is_tried_again() -> None:
    person = PersonFactory()
    give_phone(person, phone_failed_at=NOW)
    assert choose(person, phone="+393471234567")
    assert selectors.contact_of(person.pk).phone_failed_at is None
    assert not Message.objects.exists(), "it is the same number: nothing to warn of"


@pytest.mark.parametrize("phone", ["0612345678", "+0612345678", "+33 6", "x"])
def test_the_database_refuses_what_is_no_number(phone: str) -> None:
    with pytest.raises(IntegrityError, match="e164"), transaction.atomic():
        give_phone(PersonFactory(), phone=phone)


def test_a_contact_is_seen_by_its_person_and_by_who_follows_them() -> None:
    person = PersonFactory(crous_ids=[26])
    give_phone(person)
    for scope, seen in ((Scope("a", crous=(26,)), 1), (Scope("b", crous=(10,)), 0), (Scope("c", person=person.pk), 1)):
        with acting_as(scope):
            assert Contact.objects.count() == seen


def test_the_topics_of_the_page_are_those_that_messages_are_about() -> None:
    topics = dict(selectors.topics())
    assert topics[Topic.DECISION] is False
    assert topics[Topic.FOLLOW_UP] is True
    assert Topic.REMINDER not in topics, "no kind is about it yet: nobody is asked"


# The link of a mail ----------------------------------------------------------------------------------------------


def stop_url(person: Person, topic: str = "follow_up") -> str:
    return reverse("messages:stop", args=[selectors.stop_token(person.pk, topic)])


def test_what_may_be_stopped_says_how_and_what_may_not_does_not() -> None:
    person = PersonFactory()
    actions.send_message(message_id=tell(person, kind="room.news", params={}).pk, now=NOW)
    said = mail.outbox[0].message()
    url = said["List-Unsubscribe"].strip("<>")
    assert url.endswith(stop_url(person).rpartition("/")[2])
    assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.outbox[0].body
    later = NOW + timedelta(minutes=2)
    actions.send_message(message_id=tell(person).pk, now=later)
    assert "List-Unsubscribe" not in mail.outbox[1].message()


def test_several_messages_in_one_mail_have_no_link_that_stops_half_of_them() -> None:
    person = PersonFactory()
    tell(person, kind="room.news", params={})
    actions.send_message(message_id=tell(person, kind="room.news", params={}).pk, now=NOW)
    assert "List-Unsubscribe" not in mail.outbox[0].message()


def test_opening_the_link_stops_nothing_and_its_button_does(client: Client) -> None:
    person = PersonFactory()
    page = client.get(stop_url(person))
    assert "Nouvelles de ce qui avance" in page.content.decode()
    assert not Contact.objects.exists()
    for _turn in range(2):
        assert "C’est fait" in client.post(stop_url(person)).content.decode()
    assert selectors.contact_of(person.pk).mail_off == ["follow_up"]
    assert Deed.objects.filter(verb="notifications.change_contact", person_id=person.pk).count() == 1


def test_a_mail_program_stops_them_by_one_post_without_page_or_cookie() -> None:
    person = PersonFactory()
    answer = Client(enforce_csrf_checks=True).post(stop_url(person), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert selectors.contact_of(person.pk).mail_off == ["follow_up"]
    take_jobs()
    news = tell(person, kind="room.news", params={})
    assert not actions.send_message(message_id=news.pk, now=NOW)
    news.refresh_from_db()
    assert news.mail_status == "none", "it stays in the inbox"


@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: "x" + token, lambda _token: "nonsense"])
def test_a_link_that_was_made_up_stops_nothing(client: Client, spoil: Any) -> None:
    token = selectors.stop_token(PersonFactory().pk, "follow_up")
    url = reverse("messages:stop", args=[spoil(token)])
    assert client.get(url).status_code == 410
    assert client.post(url).status_code == 410
    assert not Contact.objects.exists()


def test_a_link_cannot_stop_what_may_not_be_stopped(client: Client) -> None:
    assert client.post(stop_url(PersonFactory(), "decision")).status_code == 410
    assert not Contact.objects.exists()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_is_in_the_readers_language_and_names_nobody(client: Client, language: str) -> None:
    client.cookies["language"] = language
    person = PersonFactory(birth_name="Canari")
    body = client.get(stop_url(person)).content.decode()
    assert ("Ne plus les recevoir" in body) is (language == "fr")
    assert "Canari" not in body
    assert user_of(person).email not in body
