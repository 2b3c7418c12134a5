"""A file of a yearly list comes in, is stopped, goes on, is confirmed, or is checked again."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.kernel import crash, jobs
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.models import Roll, RollFile
from messervices.services.cvec.states import AT_WORK, ROLL_STEPS, RollStatus

WORK = "services.cvec.tasks.work_on_file"


@action
def receive_file(
    *, by: Actor, filer: Establishment, year: AcademicYear, name: str, content: bytes, whole: bool, now: datetime
) -> RollFile:
    """Keep a file as it came, before anything is read, and leave the reading to a job.

    ``whole``: it is the whole list of the establishments it names; otherwise it adds and corrects. The same file while
    it is at work, or when it is the last that was taken, gives the one that is there. Raises ``Refusal``:
    ``filing_closed``, ``file_empty``, ``file_too_big``, ``file_under_way``.
    """
    window = selectors.filing_window(year, now)
    if window is None or now not in window:
        raise Refusal("filing_closed", _("Les listes de %(year)s ne se déposent pas en ce moment.") % {"year": year})
    if not content.strip():
        raise Refusal("file_empty", _("Ce fichier est vide. Rien n’a changé."))
    if len(content) > settings.ROLL_MAX_BYTES:
        sentence = _("Ce fichier est trop lourd : %(size)s Mo au plus. Déposez la liste en plusieurs fichiers.")
        raise Refusal("file_too_big", sentence % {"size": settings.ROLL_MAX_BYTES // 1024**2})
    roll = _roll(filer, year)
    digest = hashlib.sha256(content).digest()
    same = _same_file(roll, digest, whole=whole)
    if same is not None:
        return same
    try:
        with transaction.atomic():
            made = RollFile.objects.create(
                roll=roll, filer=filer, crous_id=roll.crous_id, whole=whole, name=rules.file_name(name),
                content=content, size=len(content), sha256=digest, received_at=now, user_id=by.user_id or 0,
                user_label=by.label,
            )  # fmt: skip
    except IntegrityError as busy:
        raise Refusal(
            "file_under_way",
            _("Un autre fichier de cette liste est en cours : attendez sa fin, ou arrêtez-le. Rien n’a changé."),
        ) from busy
    record(made, "cvec.receive_file", by=by, now=now, size=made.size, whole=whole)
    jobs.enqueue(WORK, file_id=made.pk)
    crash.point("cvec.file_stored")
    return made


def _roll(filer: Establishment, year: AcademicYear) -> Roll:
    """The list of a year, locked; made with its first file."""
    crous_id = selectors.crous_id_of(filer)
    rows = Roll.objects.filter(filer=filer, year=year)
    if not rows.exists():
        Roll.objects.bulk_create([Roll(filer=filer, crous_id=crous_id, year=year)], ignore_conflicts=True)
    return rows.select_for_update(of=("self",)).get()


def _same_file(roll: Roll, digest: bytes, *, whole: bool) -> RollFile | None:
    """The very file, when it is at work or was the last one taken: sent twice, it is one."""
    files = RollFile.objects.filter(roll=roll).defer("content").order_by("-pk")
    last = files.filter(status__in=[*AT_WORK, RollStatus.TAKEN]).first()
    same = last is not None and bytes(last.sha256) == digest and last.whole == whole
    return last if same else None


@action
def stop_file(*, by: Actor, file_id: int, now: datetime) -> RollFile:
    """Stop the work on a file; what was taken from it before stays. Twice stops it once.

    Raises ``Refusal("step_closed")`` once it is taken.
    """
    file = locked(file_id)
    if file.status != RollStatus.STOPPED:
        _step(file, "stop")
        record(file, "cvec.stop_file", by=by, now=now)
    return file


@action
def resume_file(*, by: Actor, file_id: int, now: datetime) -> RollFile:
    """Go on with a file that was stopped, from where it stood. Twice goes on once.

    Raises ``Refusal``: ``step_closed``, or ``file_under_way`` when another file of the list is at work.
    """
    file = locked(file_id)
    if file.is_at_work:
        return file
    try:
        with transaction.atomic():
            _step(file, "resume")
    except IntegrityError as busy:
        raise Refusal(
            "file_under_way", _("Un autre fichier de cette liste est en cours : attendez sa fin, ou arrêtez-le.")
        ) from busy
    record(file, "cvec.resume_file", by=by, now=now)
    jobs.enqueue(WORK, file_id=file.pk)
    return file


@action
def confirm_file(*, by: Actor, file_id: int, now: datetime) -> RollFile:
    """Say yes to the removals that a whole list makes: it is then taken, by a job. Twice says it once.

    Raises ``Refusal("step_closed")`` when nothing is asked.
    """
    file = locked(file_id)
    if file.confirmed_at is not None and file.status in (RollStatus.CHECKING, RollStatus.TAKEN):
        return file
    file.confirmed_at = now
    _step(file, "confirm", "confirmed_at")
    record(file, "cvec.confirm_file", by=by, now=now, removed=file.removed)
    jobs.enqueue(WORK, file_id=file.pk)
    return file


@action
def check_again(*, by: Actor, file_id: int, now: datetime) -> RollFile:
    """Check again the lines that were refused: a student may have paid since, or a daughter been validated.

    Twice checks once. Raises ``Refusal``: ``step_closed``, or ``file_under_way``.
    """
    file = locked(file_id)
    if file.status == RollStatus.CHECKING:
        return file
    file.lines_checked = 0
    try:
        with transaction.atomic():
            _step(file, "check_again", "lines_checked")
    except IntegrityError as busy:
        raise Refusal(
            "file_under_way", _("Un autre fichier de cette liste est en cours : attendez sa fin, ou arrêtez-le.")
        ) from busy
    record(file, "cvec.check_again", by=by, now=now, refused=file.bad)
    jobs.enqueue(WORK, file_id=file.pk)
    return file


def locked(file_id: int) -> RollFile:
    """A file, its list locked first: whoever works on it or decides of it waits for the other."""
    roll_id = RollFile.objects.filter(pk=file_id).values_list("roll_id", flat=True).get()
    Roll.objects.select_for_update(of=("self",)).filter(pk=roll_id).exists()
    rows = RollFile.objects.select_for_update(of=("self",)).select_related("roll").defer("content")
    return rows.get(pk=file_id)


def _step(file: RollFile, step: str, *changed: str) -> None:
    file.status = ROLL_STEPS.target(step, file.status)
    file.save(update_fields=["status", *changed])


def record(file: RollFile, verb: str, *, by: Actor, now: datetime, **details: object) -> None:
    """Record a deed on a file, under its establishment."""
    audit.record(
        by=by, verb=verb, subject=f"cvec.rollfile:{file.pk}", now=now, crous_id=file.crous_id,
        details={"uai": file.filer_id, **details},
    )  # fmt: skip
