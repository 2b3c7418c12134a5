"""What must hold of messages."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """A document reaches its own person only; what has left holds no words; a mail is one person's."""
    return [
        Invariant(
            "a message carries a document of its own person only",
            "select count(*) from notifications_message m join documents_document d on d.id = m.document_id"
            " where d.person_id <> m.person_id",
        ),
        Invariant(
            "a mail that left, may have left or was given up holds no words",
            "select count(*) from notifications_outgoingmail where mail_status in ('sent', 'unknown', 'failed')"
            " and params <> '{}'",
        ),
        Invariant(
            "messages that leave in one mail are one person's",
            "select count(*) from (select mail_id from notifications_message where mail_id <> '' group by mail_id"
            " having count(distinct person_id) > 1) mixed",
        ),
        Invariant(
            "a mail that left says when, to which address and in which language",
            "select count(*) from notifications_message where mail_status = 'sent' and mail_id <> ''"
            " and (sent_at is null or address_digest = '' or language = '')",
        ),
        Invariant(
            "an SMS is its message's, and the message is urgent",
            "select count(*) from notifications_sms s join notifications_message m on m.id = s.message_id"
            " where m.person_id <> s.person_id or not m.urgent",
        ),
        Invariant(
            "an SMS that was sent says when and in which language",
            "select count(*) from notifications_sms where status = 'sent' and (sent_at is null or language = '')",
        ),
        Invariant(
            "no SMS stays on its way without an hour",
            "select count(*) from notifications_sms where status in ('queued', 'sending', 'handing')"
            " and due_at is null",
        ),
    ]
