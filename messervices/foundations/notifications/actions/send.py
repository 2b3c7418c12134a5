"""Handing a mail over to the mail server: taken by one statement, sent outside any transaction, then marked.

The row says ``handing`` before the server is spoken to. A sender killed before that has sent nothing, and another one
begins again. Killed after it, nobody knows: the mail is ``unknown`` and is not sent again by a machine, unless the
backend knows mails by their Message-ID.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from messervices.foundations.accounts.models import User
from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.notifications import rules, selectors
from messervices.foundations.notifications.actions.dead import mark_dead
from messervices.foundations.notifications.actions.moves import move, put_back_or_give_up
from messervices.foundations.notifications.actions.take import take, take_mail
from messervices.foundations.notifications.models import Contact, Message, Outgoing, OutgoingMail
from messervices.foundations.notifications.providers import post
from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.foundations.notifications.providers.letter import Frame, Item, Letter, compose_items, compose_template
from messervices.foundations.notifications.states import MailStatus, Outcome
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.kernel.errors import Refusal
from messervices.kernel.messages import message_kind


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a mail leaves: the line "From", and where an answer goes ("" for nowhere)."""

    line: str
    answers_to: str = ""


def send_message(*, message_id: int, now: datetime) -> bool:
    """Send the mail of a message, and of what waits with it. ``False`` when there is nothing to send, or not now."""
    mail_id = take(message_id=message_id, now=now)
    if not mail_id:
        return False
    crash.point("notifications.claimed")
    taken = Message.objects.filter(mail_id=mail_id, mail_status=MailStatus.SENDING)
    rows = list(taken.select_related("person", "document").order_by("created_at", "pk"))
    if not rows:
        return False
    reader = selectors.reader_of(rows[0].person_id)
    if reader is None:
        move(Message, [row.pk for row in rows], "drop")
        return False
    if selectors.is_dead(reader.email):
        move(Message, [row.pk for row in rows], "give_up", outcome=Outcome.DEAD)
        return False
    rows, files = _wanted(rows, now)
    if not rows:
        return False
    mail = _written(rows, reader)
    for name, content in files:
        mail.attach(name, content, "application/pdf")
    keys = [row.pk for row in rows]
    address = selectors.address_digest(reader.email)
    if not _begin(Message, keys, address_digest=address, language=reader.language):
        return False
    answer = _hand_over(mail)
    return _note(Message, keys, answer, attempts=max(row.mail_attempts for row in rows), address=address, now=now)


def send_mail(*, mail_id: int, now: datetime) -> bool:
    """Send a mail to an address, forgetting its words as it leaves. ``False`` when there is none, or not now."""
    name = take_mail(mail_id=mail_id, now=now)
    if not name:
        return False
    crash.point("notifications.claimed")
    row = OutgoingMail.objects.get(pk=mail_id)
    letter = compose_template(template=row.template, params=row.params, language=row.language)
    mail = _mail(letter, row.to, name, row.language, Sender(settings.DEFAULT_FROM_EMAIL))
    address = selectors.address_digest(row.to)
    if not _begin(OutgoingMail, [mail_id], address_digest=address):
        return False
    answer = _hand_over(mail)
    return _note(OutgoingMail, [mail_id], answer, attempts=row.mail_attempts, address=address, now=now)


def sender_of(crous_id: int) -> Sender:
    """In whose name we write for a Crous: always from our own address, whose server is known; answered by theirs."""
    if not crous_id:
        return Sender(settings.DEFAULT_FROM_EMAIL)
    office = crous.crous_of(crous_id)
    answers_to = str(settings.MAIL_REPLY_TO.get(office.slug, ""))
    _name, mark, address = settings.DEFAULT_FROM_EMAIL.rpartition("<")
    line = f'"{office.name} - {settings.SITE_NAME}" <{address}' if mark else settings.DEFAULT_FROM_EMAIL
    return Sender(line, answers_to)


# Before ------------------------------------------------------------------------------------------------------------


def _wanted(rows: list[Message], now: datetime) -> tuple[list[Message], list[tuple[str, bytes]]]:
    """Leave out what the person wants no mail of and what is no longer true; give the rest, and their documents."""
    contact = Contact.objects.filter(person_id=rows[0].person_id).only("mail_off").first()
    off = set(contact.mail_off) if contact else set()
    kept: list[Message] = []
    files: list[tuple[str, bytes]] = []
    for row in rows:
        described = message_kind(row.kind)
        if described.may_stop and described.topic in off:
            move(Message, [row.pk], "drop")
            continue
        if row.document is not None:
            try:
                pdf = documents.sealed_pdf(row.document.pk, now)
            except Refusal:  # cancelled meanwhile: the inbox says so, a mail would say the contrary
                move(Message, [row.pk], "drop")
                continue
            files.append((f"{row.document.number}.pdf", pdf))
        kept.append(row)
    return kept, files


def _written(rows: list[Message], reader: User) -> EmailMultiAlternatives:
    """Write the mail of these messages. Of several Crous, it is the platform that writes."""
    first = rows[0]
    crous_ids = {row.crous_id for row in rows}
    crous_id = first.crous_id if len(crous_ids) == 1 else 0
    sender = sender_of(crous_id)
    kinds = [message_kind(row.kind) for row in rows]
    stop_url = ""
    if len(rows) == 1 and kinds[0].may_stop:
        stop_url = f"{settings.SITE_URL}/messages/stop/{selectors.stop_token(first.person_id, kinds[0].topic)}"
    frame = Frame(
        first_name=rules.greeted(first.person.first_names),
        crous=crous.crous_of(crous_id).name if crous_id else "",
        answers=bool(sender.answers_to),
        stop_url=stop_url,
    )
    items = [Item(row.kind, row.params, row.link) for row in rows]
    letter = compose_items(items, language=reader.language, frame=frame)
    return _mail(letter, reader.email, first.mail_id, reader.language, sender, stop_url)


def _mail(  # noqa: PLR0917 - the six parts of an envelope
    letter: Letter, to: str, mail_id: str, language: str, sender: Sender, stop_url: str = ""
) -> EmailMultiAlternatives:
    headers = {
        "From": sender.line,
        "Message-ID": mail_id,
        "Content-Language": language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if stop_url:  # RFC 8058: one click, no sign-in
        headers |= {"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    reply_to = [sender.answers_to] if sender.answers_to else None
    envelope = settings.MAIL_RETURN_PATH or sender.line
    mail = EmailMultiAlternatives(letter.subject, letter.text, envelope, [to], headers=headers, reply_to=reply_to)
    mail.attach_alternative(letter.html, "text/html")
    return mail


@action
def _begin(table: type[Outgoing], keys: list[int], **changes: str) -> bool:
    """Say that we are about to speak to the server: all of the mail's rows, or none if our lease has ended."""
    if move(table, keys, "begin", **changes) == len(keys):
        return True
    transaction.set_rollback(True)
    return False


# Handing over, and after -------------------------------------------------------------------------------------------


def _hand_over(mail: EmailMultiAlternatives) -> Answer:
    crash.point("notifications.before_hand_over")
    answer = post.hand_over(mail)
    crash.point("notifications.handed_over")
    return answer


@action
def _note(
    table: type[Outgoing], keys: list[int], answer: Answer, *, attempts: int, address: str, now: datetime
) -> bool:
    """Write down what came of it; tell whether the mail left."""
    if answer.said == Said.TAKEN:
        return bool(move(table, keys, "hand_over", sent_at=now))
    if answer.said == Said.LATER:
        put_back_or_give_up(table, keys, attempts, now)
    elif answer.said == Said.UNSURE:
        move(table, keys, "lose", outcome=Outcome.UNSURE)
    else:
        hard = answer.meaning == "hard"
        move(table, keys, "give_up", outcome=Outcome.BOUNCED if hard else Outcome.REFUSED)
        if hard:
            mark_dead(digest=address, code=answer.code, keys=keys if table is Message else [], now=now)
    return False
