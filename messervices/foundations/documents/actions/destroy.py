"""Closing a folder, and destroying what it holds once its day has come: rows stay, bytes and names do not."""

from datetime import date, datetime

from messervices.foundations.audit import actions as audit
from messervices.foundations.documents.models import Folder, Paper, Upload
from messervices.foundations.documents.states import STEPS, Status
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor

_SHREDDER = Actor.system("Destruction à la date prévue")


@inside_action
def close_folder(*, subject: str, person_id: int, crous_id: int, now: datetime) -> None:
    """Let nothing more be added, replaced or withdrawn: the request is sent, and somebody decides on what is there.

    A folder in which nothing was put yet is made closed. Twice is once. Whoever closes asks ``selectors.are_ready``
    afterwards, in the same transaction: nothing moves any more.
    """
    Folder.objects.get_or_create(subject=subject, defaults={"person_id": person_id, "crous_id": crous_id})
    Folder.objects.filter(subject=subject, person_id=person_id, closed_at=None).update(closed_at=now)


@inside_action
def open_folder(*, subject: str, person_id: int) -> None:
    """Let files come again: one more paper was asked for."""
    Folder.objects.filter(subject=subject, person_id=person_id).update(closed_at=None)


@inside_action
def shred_later(*, subject: str, on: date) -> int:
    """Say on which day what was handed in for a request is destroyed; give how many files. Said again, the last counts.

    Call it with the decision (its date and the delay of the law); until then files are kept ``UPLOAD_KEPT_DAYS``.
    """
    return Upload.objects.filter(folder__subject=subject).exclude(status=Status.SHREDDED).update(shred_on=on)


@action
def shred(*, upload_id: int, now: datetime) -> bool:
    """Destroy a file whose day has come. ``False`` when there is nothing (more) to destroy."""
    upload = (
        Upload.objects.select_for_update()
        .defer("raw")
        .filter(pk=upload_id, shred_on__lte=now.date())
        .exclude(status=Status.SHREDDED)
        .first()
    )
    if upload is None:
        return False
    upload.status = STEPS.target("shred", upload.status)
    upload.raw, upload.name, upload.settled_at = None, "", upload.settled_at or now
    upload.save(update_fields=["status", "raw", "name", "settled_at"])
    destroy(upload, now)
    audit.record(
        by=_SHREDDER,
        verb="documents.shred_upload",
        subject=f"documents.upload:{upload.pk}",
        now=now,
        person_id=upload.person_id,
        crous_id=upload.crous_id,
    )
    return True


@inside_action
def destroy(upload: Upload, now: datetime) -> None:
    """Destroy the bytes and the name of what was written anew, if anything was."""
    Paper.objects.filter(upload=upload, shredded_at=None).update(content=None, name="", shredded_at=now)
