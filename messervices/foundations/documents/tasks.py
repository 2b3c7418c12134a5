"""Work on papers that nobody waits for."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from messervices.foundations.documents import actions
from messervices.foundations.documents.models import Document
from messervices.kernel import jobs
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope

_LATE = timedelta(minutes=10)
_GIVEN_UP = timedelta(days=3)
_AT_ONCE = 500


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
