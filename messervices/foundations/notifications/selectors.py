"""Reads of messages. Each is of one person; the words are in the language in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.providers import letter
from messervices.foundations.notifications.states import MailStatus


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as its reader sees it in a list."""

    id: int
    kind: str
    title: str
    crous: str
    created_at: datetime
    unread: bool
    mail_status: str
    document_uuid: str


def inbox_of(person_id: int, limit: int = 50) -> list[Entry]:
    """A person's messages, newest first (one query)."""
    return [_entry(message) for message in _of(person_id).order_by("-created_at", "-pk")[:limit]]


def unread_count(person_id: int) -> int:
    """How many messages a person has not opened."""
    return Message.objects.filter(person_id=person_id, read_at=None).count()


def message_of(person_id: int, message_id: int) -> Message | None:
    """One message of a person; ``entry_of`` and ``body_of`` give its words."""
    return _of(person_id).filter(pk=message_id).first()


def entry_of(message: Message) -> Entry:
    """A message as it stands in a list."""
    return _entry(message)


def body_of(message: Message) -> SafeString:
    """A message's words, as HTML."""
    return letter.body_of(message.kind, message.params, link=message.link, crous=_crous(message.crous_id))


def title_of(kind: str, params: dict[str, Any]) -> str:
    """The title of a message of this kind: for lists that read the rows themselves."""
    return letter.title_of(kind, params)


def undelivered(limit: int = 100) -> QuerySet[Message]:
    """Messages whose mail was given up, newest first, of the persons that the scope in force sees."""
    return Message.objects.filter(mail_status=MailStatus.FAILED).order_by("-created_at")[:limit]


def _of(person_id: int) -> QuerySet[Message]:
    return Message.objects.filter(person_id=person_id).select_related("document")


def _entry(message: Message) -> Entry:
    return Entry(
        id=message.pk,
        kind=message.kind,
        title=letter.title_of(message.kind, message.params),
        crous=_crous(message.crous_id),
        created_at=message.created_at,
        unread=message.read_at is None,
        mail_status=message.mail_status,
        document_uuid=str(message.document.uuid) if message.document else "",
    )


def _crous(crous_id: int) -> str:
    return crous.crous_of(crous_id).name if crous_id else ""
