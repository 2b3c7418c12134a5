"""Drawing and sealing a paper's PDF, once."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.documents import selectors
from messervices.foundations.documents.models import Document, DocumentFile
from messervices.foundations.documents.providers import drawing, sealing
from messervices.kernel import crash
from messervices.kernel.errors import Refusal


def sealed_pdf(document_id: int, now: datetime) -> bytes:
    """Give a paper's sealed PDF, drawing and sealing it when that was not done yet.

    Of several sealers at once one file stays, and all give its bytes. Nothing is drawn inside a transaction. Raises
    ``Document.DoesNotExist`` when the scope in force does not see the paper, ``Refusal("document_cancelled")`` when it
    was cancelled.
    """
    document = Document.objects.get(pk=document_id)
    if document.cancelled_at:
        raise Refusal("document_cancelled", _("Ce document a été annulé : il ne peut plus être téléchargé."))
    done = selectors.pdf_of(document_id)
    if done is not None:
        return done
    drawn = drawing.draw(
        template=document.template,
        contents=document.contents,
        issued_at=document.issued_at,
        specimen=settings.DEMO,
    )
    sealed = sealing.sealer().seal(drawn, at=now)
    crash.point("documents.sealed")
    return _keep(document, sealed, now)


def _keep(document: Document, sealed: bytes, now: datetime) -> bytes:
    """Store the file unless another sealer was first; give the one that stands."""
    try:
        with transaction.atomic():
            DocumentFile.objects.create(
                document=document,
                person_id=document.person_id,
                crous_id=document.crous_id,
                pdf=sealed,
                recipe=drawing.recipe(document.template),
                sealed_at=now,
            )
    except IntegrityError:
        first = selectors.pdf_of(document.pk)
        if first is None:
            raise
        return first
    return sealed
