"""Cancelling a paper: it stays, and says when and why it ended."""

from datetime import datetime

from messervices.foundations.audit import actions as audit
from messervices.foundations.documents.models import Document
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor


@inside_action
def cancel(*, document_id: int, reason: str, by: Actor, now: datetime) -> bool:
    """Cancel a valid paper, with a reason that its holder will read. Returns ``False`` when it was cancelled already.

    One statement settles the race of two who cancel: the first one's reason stands, and one deed is written.
    """
    if not reason.strip():
        raise ValueError("a paper is cancelled for a reason")
    valid = Document.objects.filter(pk=document_id, cancelled_at=None)
    if not valid.update(cancelled_at=now, cancel_reason=reason.strip()):
        return False
    person_id, crous_id = Document.objects.values_list("person_id", "crous_id").get(pk=document_id)
    audit.record(
        by=by,
        verb="documents.cancel_document",
        subject=f"documents.document:{document_id}",
        now=now,
        person_id=person_id,
        crous_id=crous_id,
        reason=reason.strip(),
    )
    return True
