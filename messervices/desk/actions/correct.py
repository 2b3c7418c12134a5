"""An agent corrects what is known of a person: a proof, a reason, and the person is told."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from messervices.desk.actions.rights import refuse_unless
from messervices.desk.states import NUMBER, Right
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.models import Paper
from messervices.foundations.documents.states import Status
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.students import actions as students
from messervices.foundations.students.models import Person
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable, Refusal


def keep_proof(*, by: Actor, person: Person, name: str, content: bytes, now: datetime) -> Paper:
    """Keep the file that proves a correction, checked at once, so that the preview need not ask for it again.

    The same bytes again are the same paper. Raises ``Refusal``: ``not_allowed``, what ``documents.receive_upload``
    refuses (too big, unknown type), ``proof_refused`` with what the check found, or ``proof_waits`` when the check
    cannot be made now: the file is kept, and is among those of the person once it is checked.
    """
    refuse_unless(by, Right.CORRECT_FACT, person)
    upload = documents.receive_upload(
        by=by, person_id=person.pk, crous_id=by.office_id or person.crous_ids[0], subject=f"desk.proof:{person.pk}",
        slot="proof", name=name, content=content, identity=True, max_files=settings.UPLOADS_A_PERSON,
        keep_days=settings.PROOF_KEPT_DAYS, now=now,
    )  # fmt: skip
    try:
        documents.check_upload(upload.pk, now)
    except ProviderUnavailable:
        raise Refusal(
            "proof_waits",
            _("Le fichier est gardé, mais son contrôle tarde. Reprenez dans quelques minutes : il sera au dossier."),
        ) from None
    upload.refresh_from_db(fields=["status", "reason"])
    if upload.status == Status.REFUSED:
        raise Refusal("proof_refused", upload.sentence)
    return Paper.objects.defer("content").get(upload=upload)


@action
def correct_fact(
    *, by: Actor, person: Person, kind: str, value: Any, reason: str, paper_id: int, now: datetime
) -> bool:
    """Correct a part of the identity, or (``kind`` is ``ine``) verify or give the number, and tell the person.

    Twice is once: ``False``, and nobody is told again. Raises ``Refusal``: ``not_allowed``, ``not_correctable``,
    ``reason_missing``, ``own_file``, ``not_an_ine``, ``number_held``.
    """
    refuse_unless(by, Right.CORRECT_FACT, person)
    if kind == NUMBER:
        written = students.correct_number(
            by=by, person_id=person.pk, typed=value, reason=reason, paper_id=paper_id, now=now
        )
    else:
        written = students.correct_fact(
            by=by, person_id=person.pk, kind=kind, value=value, reason=reason, paper_id=paper_id, now=now
        )
    if written:
        notifications.notify(
            person_id=person.pk,
            crous_id=by.office_id or (person.crous_ids or [0])[0],
            kind="desk.fact_corrected",
            params={"kind": kind, "reason": reason},
            link="/me/",
            now=now,
        )
    return written
