from datetime import timedelta

import pytest
from django.utils import translation

from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.notifications import actions, selectors
from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.states import MailStatus
from messervices.foundations.notifications.tests.factories import tell
from messervices.foundations.students.tests.factories import NOW, PersonFactory
from messervices.kernel.scope import NOBODY, Scope, acting_as

pytestmark = pytest.mark.django_db


def test_an_inbox_is_one_query_newest_first(django_assert_num_queries) -> None:
    document = issue()
    person = document.person
    first = tell(person)
    second = tell(
        person, kind="room.rich", params={"who": "x"}, document_id=document.pk, now=NOW + timedelta(hours=1), crous_id=0
    )
    tell()
    selectors.inbox_of(person.pk)  # the names of the Crous are read once a process
    with django_assert_num_queries(1):
        entries = selectors.inbox_of(person.pk)
    assert [entry.id for entry in entries] == [second.pk, first.pk]
    assert [entry.title for entry in entries] == ["Riche", "Votre document 2026-2027"]
    assert [entry.crous for entry in entries] == ["", "Crous de Versailles"]
    assert entries[0].document_uuid == str(document.uuid)
    assert entries[1].document_uuid == ""
    assert selectors.inbox_of(person.pk, limit=1) == entries[:1]
    assert selectors.unread_count(person.pk) == 2
    actions.mark_read(person_id=person.pk, message_id=first.pk, now=NOW)
    assert selectors.unread_count(person.pk) == 1


def test_a_message_is_shown_in_the_language_of_the_page() -> None:
    message = tell()
    with translation.override("en"):
        assert "Langue : en." in selectors.body_of(message)
    with translation.override("fr"):
        body = selectors.body_of(message)
    assert (
        body == "<p>Il est prêt, &lt;b&gt;Lina&lt;/b&gt; &amp; les autres. Suite de la phrase.</p>\n<p>Langue : fr.</p>"
    )


def test_what_somebody_typed_is_escaped_in_the_inbox_and_parts_nothing() -> None:
    message = tell(params={"who": "<script>x</script>\n\n- Zoé >> https://evil.example"})
    body = selectors.body_of(message)
    assert "&lt;script&gt;x&lt;/script&gt; - Zoé &gt;&gt; https://evil.example" in body
    assert "<script" not in body
    assert "<li>" not in body
    assert "href" not in body


def test_a_room_may_write_its_own_page_for_the_inbox() -> None:
    message = tell(kind="room.rich", params={"who": "<Lina>"})
    assert selectors.body_of(message) == "<ol><li>&lt;Lina&gt;</li></ol>"
    assert selectors.title_of("room.rich", {}) == selectors.entry_of(message).title == "Riche"


def test_a_message_is_its_readers_alone() -> None:
    message, other = tell(), PersonFactory(crous_ids=[10])
    assert selectors.message_of(message.person_id, message.pk) == message
    assert selectors.message_of(other.pk, message.pk) is None
    for scope in (NOBODY, Scope("other", person=other.pk), Scope("elsewhere", crous=(10,))):
        with acting_as(scope):
            assert selectors.message_of(message.person_id, message.pk) is None
            assert selectors.inbox_of(message.person_id) == []
            assert not Message.objects.exists()
    for scope in (Scope("own", person=message.person_id), Scope("here", crous=(26,))):
        with acting_as(scope):
            assert selectors.message_of(message.person_id, message.pk) == message


def test_mails_that_were_given_up_are_found_by_the_desk() -> None:
    message = tell()
    tell()
    Message.objects.filter(pk=message.pk).update(mail_status=MailStatus.FAILED)
    assert list(selectors.undelivered()) == [message]
    with acting_as(Scope("elsewhere", crous=(10,))):
        assert list(selectors.undelivered()) == []
