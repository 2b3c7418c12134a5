"""Issuing a paper: its contents are frozen here, in the transaction of the deed it proves."""

from datetime import datetime
from typing import Any

from messervices.foundations.documents import rules
from messervices.foundations.documents.models import Document
from messervices.kernel import jobs
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import inside_action


@inside_action
def issue(
    *,
    kind: str,
    number: str,
    person_id: int,
    crous_id: int,
    year: AcademicYear | None,
    contents: dict[str, Any],
    template: str,
    now: datetime,
) -> Document:
    """Freeze a paper and leave its drawing to a job (two queries).

    ``number`` is unique among all papers (``rules.number`` gives one that nobody guesses); ``contents`` is JSON without
    fractions, and all that ``template`` (``cvec/attestation.typ``) will show. Raises ``IntegrityError`` when the number
    is taken, or when the person holds a valid paper of this kind for this year: the caller issues behind a lock or a
    status of its own. Raises ``TypeError`` or ``ValueError`` for contents that cannot be frozen.
    """
    document = Document.objects.create(
        kind=kind,
        number=number,
        person_id=person_id,
        crous_id=crous_id,
        year=year,
        contents=contents,
        contents_sha256=rules.contents_hash(contents),
        template=template,
        issued_at=now,
    )
    jobs.enqueue("foundations.documents.tasks.seal", document_id=document.pk)
    return document
