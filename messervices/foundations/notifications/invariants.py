"""What must hold of messages."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """A document reaches its own person only; what has left holds no words."""
    return [
        Invariant(
            "a message carries a document of its own person only",
            "select count(*) from notifications_message m join documents_document d on d.id = m.document_id"
            " where d.person_id <> m.person_id",
        ),
        Invariant(
            "a mail that left or was given up holds no words",
            "select count(*) from notifications_outgoingmail where mail_status in ('sent', 'failed')"
            " and params <> '{}'",
        ),
    ]
