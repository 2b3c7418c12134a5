"""Work on papers that nobody waits for."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from messervices.foundations.documents import actions, selectors
from messervices.foundations.documents.models import Document
from messervices.kernel import jobs
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.kernel.scope import EVERY, Scope

log = logging.getLogger(__name__)
_LATE = timedelta(minutes=10)
_GIVEN_UP = timedelta(days=3)
_AT_ONCE = 500
_CHECKED_AT_ONCE = 100


@jobs.job(scope=Scope("job:documents.seal", crous=EVERY))
def seal(*, document_id: int, now: datetime) -> None:
    """Draw and seal a paper, then tell who waits for its file (``AFTER_SEAL``: a job's name, given by the settings).

    Run again after a kill, it finds the file made, and tells again: the one who waits does not mind.
    """
    try:
        actions.sealed_pdf(document_id, now)
    except Refusal:
        return  # cancelled before it was ever drawn: there is nothing to draw
    if settings.AFTER_SEAL:
        with transaction.atomic():
            jobs.enqueue(settings.AFTER_SEAL, document_id=document_id)


@jobs.periodic(cron="*/10 * * * *", scope=Scope("job:documents.sweep", crous=EVERY))
def sweep(*, now: datetime) -> None:
    """Ask again for the drawing of recent papers that have no file yet: a job may have been lost or have given up."""
    late = Document.objects.filter(
        issued_at__range=(now - _GIVEN_UP, now - _LATE), cancelled_at=None, file=None
    ).values_list("pk", flat=True)
    with transaction.atomic():
        for document_id in late[:_AT_ONCE]:
            seal.enqueue(document_id=document_id)


@jobs.job(scope=Scope("job:documents.check", crous=EVERY), attempts=1)
def check(*, upload_id: int, now: datetime) -> None:
    """Check a file handed in. A silent scanner is asked again by the sweep, every minute."""
    try:
        actions.check_upload(upload_id, now)
    except ProviderUnavailable as silence:
        log.warning("files wait for their check: %s", silence)


@jobs.periodic(cron="* * * * *", scope=Scope("job:documents.check", crous=EVERY))
def sweep_uploads(*, now: datetime) -> None:
    """Check the files that still wait: their job was lost, its worker was killed, or the scanner was silent."""
    for upload_id in selectors.waiting_uploads(now, _CHECKED_AT_ONCE):
        try:
            actions.check_upload(upload_id, now)
        except ProviderUnavailable as silence:
            log.warning("files wait for their check: %s", silence)
            if not _listens():
                return
        except Exception:
            log.exception("sweep of upload %s failed", upload_id)


def _listens() -> bool:
    """Whether the scanner answers: then it was that one file, and the others are not made to wait for it."""
    try:
        selectors.scanner_listens()
    except ProviderUnavailable:
        return False
    return True


@jobs.periodic(cron="17 * * * *", scope=Scope("job:documents.shred", crous=EVERY))
def shred(*, now: datetime) -> None:
    """Destroy what is due. Each file by itself: a kill in the middle leaves whole files only."""
    while due := selectors.uploads_to_shred(now, _AT_ONCE):
        for upload_id in due:
            actions.shred(upload_id=upload_id, now=now)
