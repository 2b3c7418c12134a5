"""A file of the bank comes in: kept as it came, a job to read it queued, and nothing else."""

import hashlib
import zlib
from datetime import datetime
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from messervices.foundations.audit.actions import record
from messervices.foundations.treasury.models import Chunk, File
from messervices.foundations.treasury.providers import camt, lyra_report, settlement
from messervices.foundations.treasury.states import IMPORT, Fault, FileKind, FileStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

CHUNK = 1024 * 1024
_HEAD = 4096


def keep_file(*, by: Actor, crous_id: int, name: str, source: IO[bytes], now: datetime) -> File:
    """Keep a file for a Crous, exactly as it came, and have it read. The same bytes are kept once, and read once.

    ``source`` is read twice from its beginning, a megabyte at a time. Raises ``Refusal`` without the right, for another
    Crous, or for a file that is empty or too big (``TREASURY_FILE_MAX_BYTES``).
    """
    if not by.may(IMPORT) or crous_id not in by.scope.crous:
        raise Refusal("not_yours", _("Vous ne pouvez pas importer de fichier pour ce Crous."))
    source.seek(0)
    head, size, digest = b"", 0, hashlib.sha256()
    while piece := source.read(CHUNK):
        head = head or piece[:_HEAD]
        size += len(piece)
        digest.update(piece)
        if size > settings.TREASURY_FILE_MAX_BYTES:
            raise Refusal("too_big", _("Ce fichier est trop gros : demandez à la banque un fichier par jour."))
    if not size:
        raise Refusal("empty", _("Ce fichier est vide."))
    source.seek(0)
    crash.point("treasury.before_keep")
    kept = _keep(
        by=by, crous_id=crous_id, name=name, head=head, size=size, sha256=digest.digest(), source=source, now=now
    )
    crash.point("treasury.after_keep")
    return kept


@action
def _keep(
    *, by: Actor, crous_id: int, name: str, head: bytes, size: int, sha256: bytes, source: IO[bytes], now: datetime
) -> File:
    """Write the file and its pieces together; a file that is known already is given as it is."""
    kind, version = kind_of(head)
    unknown = kind == FileKind.UNKNOWN
    kept, is_new = File.objects.get_or_create(
        crous_id=crous_id,
        sha256=sha256,
        defaults={
            "kind": kind, "version": version, "name": PurePath(name).name[:200], "size": size, "received_at": now,
            "progress_at": now, "by_id": by.user_id, "by_label": by.label, "ended_at": now if unknown else None,
            "status": FileStatus.REFUSED if unknown else FileStatus.KEPT, "fault": Fault.NOT_KNOWN if unknown else "",
        },
    )  # fmt: skip
    if not is_new:
        return kept
    place = 0
    while piece := source.read(CHUNK):
        Chunk.objects.create(file=kept, crous_id=crous_id, place=place, packed=zlib.compress(piece, 6))
        place += 1
    if not unknown:
        jobs.enqueue("foundations.treasury.tasks.read_file", file_id=kept.pk)
    record(
        by=by, verb="treasury.keep_file", subject=f"treasury.file:{kept.pk}", crous_id=crous_id, now=now,
        details={"kind": kind, "size": size},
    )  # fmt: skip
    return kept


def kind_of(head: bytes) -> tuple[str, str]:
    """Tell what a file is from its first bytes: its kind, and the version of its format."""
    version = camt.version_of(head)
    if version:
        return camt.VERSIONS[version], version
    if settlement.is_one(head):
        return FileKind.SETTLEMENT, "neutral"
    if lyra_report.is_one(head):
        return FileKind.SETTLEMENT, "lyra"
    return FileKind.UNKNOWN, ""
