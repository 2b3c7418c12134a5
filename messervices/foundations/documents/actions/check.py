"""The check of a file in quarantine: written anew by the limited child, shown to the scanner, settled once."""

import hashlib
import logging
from datetime import datetime

from django.db import transaction

from messervices.foundations.audit import actions as audit
from messervices.foundations.documents import rules
from messervices.foundations.documents.actions.destroy import destroy
from messervices.foundations.documents.models import Paper, Upload
from messervices.foundations.documents.providers import jail, scanner
from messervices.foundations.documents.states import STEPS, WAITING, Reason, Status
from messervices.kernel import crash
from messervices.kernel.actor import Actor

log = logging.getLogger(__name__)
_CHECK = Actor.system("Vérification des fichiers")


def check_upload(upload_id: int, now: datetime) -> str:
    """Come to a verdict on one file; give where it stands then, an empty text for a file that is not there.

    Nothing is opened or asked inside a transaction. Any number at once, or again after a kill: the first verdict
    stands. Raises ``ProviderUnavailable`` when the scanner or the child cannot say: the file waits, unreadable.
    """
    guard = scanner.scanner()
    guard.ready()
    raw = _claim(upload_id)
    if raw is None:
        return str(Upload.objects.filter(pk=upload_id).values_list("status", flat=True).first() or "")
    crash.point("documents.claimed")
    answer = jail.anew(raw, rules.media_type(raw))
    crash.point("documents.rewritten")
    if not answer.refused and (virus := guard.scan(raw) or guard.scan(answer.content)):
        log.warning("a file handed in carries %s", virus)
        answer = jail.Answer(refused=Reason.INFECTED)
    crash.point("documents.scanned")
    return _settle(upload_id, answer, now)


def _claim(upload_id: int) -> bytes | None:
    """Say that the check has begun, and give the bytes; ``None`` when the verdict is there already."""
    waiting = Upload.objects.filter(pk=upload_id, status__in=WAITING)
    waiting.filter(status=Status.RECEIVED).update(status=Status.CHECKING)
    raw = waiting.values_list("raw", flat=True).first()
    return None if raw is None else bytes(raw)


def _settle(upload_id: int, answer: jail.Answer, now: datetime) -> str:
    """Write the verdict unless somebody was first, or the file was taken back meanwhile."""
    with transaction.atomic(durable=True):
        upload = Upload.objects.select_for_update().defer("raw").get(pk=upload_id)
        if not upload.is_waiting:
            return upload.status
        step = "refuse" if answer.refused else "accept"
        upload.status, upload.reason = STEPS.target(step, upload.status), answer.refused
        upload.raw, upload.settled_at = None, now
        upload.save(update_fields=["status", "reason", "raw", "settled_at"])
        if answer.refused:
            destroy(upload, now)
        else:
            _keep(upload, answer)
        _note(upload, answer, now)
        crash.point("documents.before_verdict")
    crash.point("documents.after_verdict")
    return upload.status


def _note(upload: Upload, answer: jail.Answer, now: datetime) -> None:
    audit.record(
        by=_CHECK,
        verb="documents.refuse_upload" if answer.refused else "documents.accept_upload",
        subject=f"documents.upload:{upload.pk}",
        now=now,
        person_id=upload.person_id,
        crous_id=upload.crous_id,
        details={"reason": answer.refused, "media_type": answer.media, "pages": answer.pages},
    )


def _keep(upload: Upload, answer: jail.Answer) -> None:
    """Keep what was written anew; a paper of before the quarantine gets its bytes back."""
    kept = {
        "name": rules.clean_name(upload.name, answer.media),
        "media_type": answer.media,
        "content": answer.content,
        "pages": answer.pages,
        "identity": upload.identity,
        "purpose": upload.purpose,
        "size": len(answer.content),
        "sha256": hashlib.sha256(answer.content).digest(),
    }
    if not Paper.objects.filter(upload=upload).update(**kept):
        Paper.objects.create(upload=upload, person_id=upload.person_id, received_at=upload.received_at, **kept)
