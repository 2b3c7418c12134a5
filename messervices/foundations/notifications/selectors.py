"""Reads of messages, of how people are reached, and of what came of it. The words are in the language in force."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString

from messervices.foundations.accounts.models import User
from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications.models import Contact, DeadAddress, Message, Sms
from messervices.foundations.notifications.providers import letter
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus, Outcome, SmsStatus
from messervices.kernel.messages import STOPPABLE, Topic, message_kinds

_STOP = "notifications.stop"


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


# What was sent ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a message took (``mail`` or ``sms``): where it is, since when, and why it did not arrive."""

    channel: str
    status: str
    label: str
    kind: str
    outcome: str
    sent_at: datetime | None
    language: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Written:
    """A message as an agent sees it: its words, and the ways it took; ``may_resend`` when its mail did not arrive."""

    entry: Entry
    body: str
    ways: list[Way] = field(default_factory=list)
    may_resend: bool = False


_BADGES = {"sent": "ok", "failed": "bad", "unknown": "warn"}


def written_to(person_id: int, limit: int) -> list[Written]:
    """What was written to a person, newest first, with what came of it (one query)."""
    rows = _of(person_id).select_related("document", "sms").order_by("-created_at", "-pk")[:limit]
    again = MAIL_STEPS.steps["try_again"][0]
    return [Written(_entry(row), body_of(row), _ways(row), row.mail_status in again) for row in rows]


def _ways(message: Message) -> list[Way]:
    label = str(MailStatus(message.mail_status).label)
    ways = [_way("mail", message.mail_status, label, message, message.mail_attempts)]
    sms: Sms | None = getattr(message, "sms", None)
    if sms is not None:
        ways.append(_way("sms", sms.status, str(SmsStatus(sms.status).label), sms, sms.attempts))
    return ways


def _way(channel: str, status: str, label: str, row: Message | Sms, attempts: int) -> Way:
    outcome = str(Outcome(row.outcome).label) if row.outcome else ""
    return Way(channel, status, label, _BADGES.get(status, ""), outcome, row.sent_at, row.language, attempts)


# How people are reached ------------------------------------------------------------------------------------------


def contact_of(person_id: int) -> Contact:
    """How a person wants to be written to; who has said nothing yet has everything by mail, and no number."""
    return Contact.objects.filter(person_id=person_id).first() or Contact(person_id=person_id)


def topics() -> list[tuple[Topic, bool]]:
    """The topics that messages to people are about, in their order, with whether their mails may be stopped."""
    used = {described.topic for name, described in message_kinds().items() if not name.startswith("accounts.")}
    used.add(Topic.SECURITY)
    return [(topic, topic in STOPPABLE) for topic in Topic if topic in used]


def address_digest(address: str) -> str:
    """Stand for an address where it must not be named. Depends on ``SECRET_KEY``."""
    return salted_hmac("notifications.address", address.strip().lower(), algorithm="sha256").hexdigest()[:32]


def is_dead(address: str) -> bool:
    """Whether an address takes no mail any more, as far as we were told (one query)."""
    return DeadAddress.objects.filter(pk=address_digest(address)).exists()


def reader_of(person_id: int) -> User | None:
    """The account that a person's mails go to; ``None`` when there is none, or it is closed."""
    return User.objects.filter(person_id=person_id, is_active=True).only("email", "language").first()


def is_unreachable(person_id: int) -> bool:
    """Whether a person's present address is known to be dead (two queries)."""
    reader = reader_of(person_id)
    return reader is not None and is_dead(reader.email)


# Stopping by a link ----------------------------------------------------------------------------------------------


def stop_token(person_id: int, topic: str) -> str:
    """Make the token of a link that stops a topic's mails to a person: it does nothing else, and does not expire."""
    return signing.dumps([person_id, topic], salt=_STOP)


def stop_of(token: str) -> tuple[int, Topic] | None:
    """Read such a token: whose mails, about what; ``None`` when it is none of ours."""
    try:
        person_id, topic = signing.loads(token, salt=_STOP)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (person_id, Topic(topic)) if topic in Topic.values and topic in STOPPABLE else None


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
