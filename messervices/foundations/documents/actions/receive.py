"""Handing in a file, replacing it, withdrawing it: as long as the folder is open."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.documents import rules
from messervices.foundations.documents.actions.destroy import destroy
from messervices.foundations.documents.models import Folder, Upload
from messervices.foundations.documents.states import HELD, SHOWN, STEPS, Reason, Status
from messervices.foundations.students.models import Person
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


@action
def receive_upload(
    *,
    by: Actor,
    person_id: int,
    crous_id: int,
    subject: str,
    slot: str,
    name: str,
    content: bytes,
    identity: bool,
    now: datetime,
    max_files: int = 5,
    purpose: str = "",
    keep_days: int | None = None,
) -> Upload:
    """Put a file in quarantine and leave its check to a job; the same bytes again in the slot are the same upload.

    ``subject`` names the request of a service (``cvec.exemption:12``), ``slot`` the paper asked for; ``identity`` asks
    for a mark on the copies that agents take, with ``purpose`` on it. It is kept ``keep_days``
    (``UPLOAD_KEPT_DAYS`` when nobody says) unless ``shred_later`` says otherwise. Raises ``Refusal``: ``upload_empty``,
    ``upload_too_big``, ``upload_unknown_type``, ``upload_slot_full``, ``upload_folder_closed``, ``uploads_too_many``,
    ``uploads_too_fast``.
    Raises ``Person.DoesNotExist`` for somebody whom the scope in force does not see.
    """
    _refuse_at_sight(content)
    person = _locked(person_id)
    folder = _open_folder(subject, person, crous_id, now)
    known = _known(folder, slot, content)
    if known:
        return known
    _refuse_beyond_share(person, len(content), now)
    _refuse_full(folder, slot, max_files)
    upload = _put(folder, slot, name, content, identity=identity, purpose=purpose, keep_days=keep_days, now=now)
    _note(upload, "receive_upload", by, now)
    crash.point("documents.before_receipt")
    return upload


@action
def replace_upload(
    *, by: Actor, person_id: int, subject: str, uuid: UUID, name: str, content: bytes, now: datetime
) -> Upload:
    """Put another file in the place of one handed in, whose bytes are destroyed at once.

    Of two who replace the same one, the second is told that it is gone. Raises ``Refusal`` as ``receive_upload`` and
    ``withdraw_upload`` do.
    """
    _refuse_at_sight(content)
    person = _locked(person_id)
    folder = _open_folder(subject, person, 0, now)
    old = _standing(folder, uuid)
    known = _known(folder, old.slot, content)
    if known and known.pk == old.pk:
        return known
    _end(old, "replace", by, now)
    if known:
        return known
    _refuse_beyond_share(person, len(content), now)
    upload = _put(folder, old.slot, name, content, identity=old.identity, purpose=old.purpose, now=now)
    _note(upload, "receive_upload", by, now)
    return upload


@action
def withdraw_upload(*, by: Actor, person_id: int, subject: str, uuid: UUID, now: datetime) -> None:
    """Take a file back: its bytes are destroyed at once. One already withdrawn stays so.

    Raises ``Refusal``: ``upload_folder_closed``, ``upload_gone``.
    """
    folder = _open_folder(subject, _locked(person_id), 0, now)
    if folder.uploads.filter(uuid=uuid, status=Status.WITHDRAWN).exists():
        return
    _end(_standing(folder, uuid), "withdraw", by, now)


def _refuse_at_sight(content: bytes) -> None:
    """Refuse what needs no opening: nothing, too much, or of a kind that no paper has."""
    reason = None
    if not content:
        reason = Reason.EMPTY
    elif len(content) > settings.UPLOAD_MAX_BYTES:
        reason = Reason.TOO_BIG
    elif not rules.media_type(content):
        reason = Reason.UNKNOWN_TYPE
    if reason:
        raise Refusal(f"upload_{reason}", reason.label)


def _locked(person_id: int) -> Person:
    """Lock the person: what one person hands in goes one after the other, so that shares and slots are exact."""
    return Person.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=person_id)


def _open_folder(subject: str, person: Person, crous_id: int, now: datetime) -> Folder:
    folder, _made = Folder.objects.get_or_create(subject=subject, defaults={"person": person, "crous_id": crous_id})
    folder = Folder.objects.select_for_update().get(pk=folder.pk, person=person)
    if folder.closed_at:
        raise Refusal(
            "upload_folder_closed", _("Votre demande est partie : ses papiers ne peuvent plus être changés ici.")
        )
    return folder


def _known(folder: Folder, slot: str, content: bytes) -> Upload | None:
    digest = hashlib.sha256(content).digest()
    return folder.uploads.filter(slot=slot, sha256=digest, status__in=HELD).defer("raw").first()


def _standing(folder: Folder, uuid: UUID) -> Upload:
    """Lock what is to go. Raises ``Refusal("upload_gone")`` when somebody was first."""
    upload = folder.uploads.select_for_update().defer("raw").filter(uuid=uuid, status__in=SHOWN).first()
    if upload is None:
        raise Refusal("upload_gone", _("Ce fichier a déjà été retiré ou remplacé. Rechargez la page."))
    return upload


def _refuse_beyond_share(person: Person, size: int, now: datetime) -> None:
    """Bound what one person has with us and hands in within the hour (one query)."""
    held, lately = Q(status__in=HELD), Q(received_at__gt=now - timedelta(hours=1))
    used = Upload.objects.filter(person=person).aggregate(
        count=Count("pk", filter=held), size=Sum("size", filter=held), lately=Count("pk", filter=lately)
    )
    if used["lately"] >= settings.UPLOADS_AN_HOUR:
        raise Refusal(
            "uploads_too_fast", _("Vous avez déposé beaucoup de fichiers en peu de temps. Reprenez dans une heure.")
        )
    full = used["count"] >= settings.UPLOADS_A_PERSON
    if full or (used["size"] or 0) + size > settings.UPLOAD_BYTES_A_PERSON:
        raise Refusal(
            "uploads_too_many",
            _("Vous avez déposé trop de fichiers. Retirez ceux qui ne servent plus, ou écrivez à votre Crous."),
        )


def _refuse_full(folder: Folder, slot: str, max_files: int) -> None:
    if folder.uploads.filter(slot=slot, status__in=HELD).count() >= max_files:
        sentence = _("Vous avez déjà déposé %(count)s fichiers ici. Retirez-en un, ou remplacez-le.")
        raise Refusal("upload_slot_full", sentence % {"count": max_files})


def _put(
    folder: Folder,
    slot: str,
    name: str,
    content: bytes,
    *,
    identity: bool,
    purpose: str,
    now: datetime,
    keep_days: int | None = None,
) -> Upload:
    upload = Upload.objects.create(
        folder=folder,
        person_id=folder.person_id,
        crous_id=folder.crous_id,
        slot=slot,
        identity=identity,
        purpose=purpose,
        name=rules.plain_name(name),
        raw=content,
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        received_at=now,
        shred_on=now.date() + timedelta(days=settings.UPLOAD_KEPT_DAYS if keep_days is None else keep_days),
    )
    jobs.enqueue("foundations.documents.tasks.check", upload_id=upload.pk)
    return upload


def _end(upload: Upload, step: str, by: Actor, now: datetime) -> None:
    """Take a file out of its slot and destroy its bytes."""
    upload.status = STEPS.target(step, upload.status)
    upload.raw, upload.settled_at = None, upload.settled_at or now
    upload.save(update_fields=["status", "raw", "settled_at"])
    destroy(upload, now)
    _note(upload, f"{step}_upload", by, now)


def _note(upload: Upload, deed: str, by: Actor, now: datetime) -> None:
    verbs = {
        "receive_upload": "documents.receive_upload",
        "replace_upload": "documents.replace_upload",
        "withdraw_upload": "documents.withdraw_upload",
    }
    audit.record(
        by=by,
        verb=verbs[deed],
        subject=f"documents.upload:{upload.pk}",
        now=now,
        person_id=upload.person_id,
        crous_id=upload.crous_id,
        details={"folder": upload.folder_id, "slot": upload.slot, "size": upload.size},
    )
