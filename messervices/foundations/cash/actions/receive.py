"""A return file comes in: kept as it came, checked whole, believed or refused whole."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.cash.models import ReturnFile
from messervices.foundations.cash.providers.return_file import Checked, Wrong, check
from messervices.foundations.cash.states import BELIEVED, FILE_STEPS, Fault, FileStatus, Origin, Right
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_SAID = (
    "creditor", "number", "day", "lines_count", "amount_cents", "fee_cents", "faults", "status", "moved_at", "ended_at",
)  # fmt: skip
"""What a check writes of a file: never its bytes again."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came in, and whether these very bytes were known already."""

    file: ReturnFile
    known: bool


@action
def receive_file(*, raw: bytes, name: str, origin: Origin, by: Actor, now: datetime) -> Received:
    """Keep a return file exactly as it came, and queue its reading. The same bytes are one file, however often.

    Raises ``Refusal``: ``not_yours`` for an agent without the right, ``too_long`` above the size that the settings say.
    """
    if by.kind == "agent" and not by.may(Right.IMPORT):
        raise Refusal("not_yours", _("Vous ne pouvez pas déposer de fichier de La Poste."))
    if len(raw) > settings.EFICASH_FILE_MAX_BYTES:
        raise Refusal("too_long", _("Ce fichier est trop long pour être un fichier de La Poste."))
    crash.point("cash.before_store")
    kept, made = ReturnFile.objects.get_or_create(
        sha256=hashlib.sha256(raw).digest(),
        defaults={
            "name": name[:120], "origin": origin, "raw": raw, "size": len(raw), "received_at": now, "moved_at": now,
            "by_id": by.user_id, "by_label": by.label,
        },
    )  # fmt: skip
    if made:
        jobs.enqueue("foundations.cash.tasks.read_file", file_id=kept.pk)
        _record(kept, "cash.receive_file", by=by, now=now)
    return Received(kept, not made)


@action
def check_file(*, file_id: int, now: datetime) -> str:
    """Read a file from its first byte to its last; believe it or refuse it, whole. Gives its status. Twice is once."""
    kept = ReturnFile.objects.select_for_update().get(pk=file_id)
    if kept.status != FileStatus.RECEIVED:
        return str(kept.status)
    found = check(bytes(kept.raw), creditor=settings.EFICASH_CREDITOR)
    used = ReturnFile.objects.filter(creditor=found.creditor, number=found.number, status__in=BELIEVED)
    if not found.faults and used.exists():
        found.blame(1, Fault.NUMBER_TAKEN)
    _say(kept, found)
    kept.status = FILE_STEPS.target("reject" if found.faults else "believe", kept.status)
    kept.moved_at, kept.ended_at = now, now if found.faults else None
    if not found.faults and not found.count:  # a day on which nobody paid
        kept.status, kept.ended_at = FILE_STEPS.target("finish", kept.status), now
    kept.save(update_fields=_SAID)
    return str(kept.status)


def _say(kept: ReturnFile, found: Checked) -> None:
    """Write what the file says of itself, and what is wrong with it."""
    kept.creditor, kept.number, kept.day = found.creditor, found.number or None, found.day
    kept.lines_count, kept.amount_cents, kept.fee_cents = found.count, found.amount_cents, found.fee_cents
    kept.faults = [_told(one) for one in found.faults]


def _told(wrong: Wrong) -> list[int | str]:
    return [wrong.line, wrong.fault.value]


@action
def stop_file(*, file_id: int, by: Actor, now: datetime) -> None:
    """An agent stops the reading of a file: what is read stays. Raises ``Refusal`` without the right, or once read."""
    _move(file_id, "stop", "cash.stop_file", by=by, now=now)


@action
def resume_file(*, file_id: int, by: Actor, now: datetime) -> None:
    """An agent lets the reading of a file go on from where it stopped. Raises ``Refusal`` as ``stop_file``."""
    _move(file_id, "resume", "cash.resume_file", by=by, now=now)
    jobs.enqueue("foundations.cash.tasks.read_file", file_id=file_id)


def _move(file_id: int, step: str, verb: str, *, by: Actor, now: datetime) -> None:
    if not by.may(Right.IMPORT):
        raise Refusal("not_yours", _("Vous ne pouvez pas arrêter ni reprendre cette lecture."))
    kept = ReturnFile.objects.select_for_update().defer("raw").get(pk=file_id)
    kept.status = FILE_STEPS.target(step, kept.status)
    kept.moved_at = now
    kept.save(update_fields=["status", "moved_at"])
    _record(kept, verb, by=by, now=now)


def _record(kept: ReturnFile, verb: str, *, by: Actor, now: datetime) -> None:
    record(by=by, verb=verb, subject=f"cash.file:{kept.pk}", now=now, details={"size": kept.size})
