"""Reads of papers. Each filters by whom it is for; the database's policies stand behind."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from messervices.foundations.documents.models import Document, DocumentFile, Folder, Paper, Upload
from messervices.foundations.documents.providers import scanner
from messervices.foundations.documents.states import HELD, SHOWN, WAITING, Slot, Status
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_GRANT, _FILE = "documents.grant", "documents.file"
_FILE_LASTS = 60
"""Seconds during which the address of a file's bytes is good, for the session it was made for."""

_LATE = timedelta(minutes=1)


def of_person(person_id: int, kind: str = "") -> QuerySet[Document]:
    """A person's papers, newest first, cancelled ones too; of one kind when it is given."""
    papers = Document.objects.filter(person_id=person_id).defer("contents", "contents_sha256")
    return (papers.filter(kind=kind) if kind else papers).order_by("-issued_at", "-pk")


def seen_by(actor: Actor, uuid: object) -> Document | None:
    """A paper by its ``uuid``, if it is the student's own, or of the agent's Crous."""
    return _seen(Document.objects.all(), actor, crous="crous_id__in").filter(uuid=uuid).first()


def paper_seen_by(actor: Actor, uuid: object) -> Paper | None:
    """A proof by its ``uuid``, without its bytes: the student's own, or of somebody whom the agent's Crous follows."""
    rows = _seen(readable().select_related("person"), actor, crous="person__crous_ids__overlap")
    return rows.defer("content").filter(uuid=uuid).first()


def readable() -> QuerySet[Paper]:
    """The proofs that anybody may ever read: the database lets only a clean verdict give them bytes."""
    return Paper.objects.filter(content__isnull=False)


def _seen(rows: QuerySet, actor: Actor, *, crous: str) -> QuerySet:  # type: ignore[type-arg]  # of any model
    """Keep the rows of the person who acts, or of the Crous of the agent who acts; nothing for anybody else."""
    if actor.kind == "agent":
        return rows if actor.national else rows.filter(**{crous: list(actor.crous_ids)})
    return rows.filter(person_id=actor.person_id) if actor.person_id else rows.none()


def papers_of(person_id: int) -> QuerySet[Paper]:
    """The readable proofs a person handed in, newest first, without their bytes."""
    return readable().filter(person_id=person_id).defer("content").order_by("-received_at", "-pk")


def pdf_of(document_id: int) -> bytes | None:
    """The sealed PDF, if it was made."""
    pdf = DocumentFile.objects.filter(document_id=document_id).values_list("pdf", flat=True).first()
    return None if pdf is None else bytes(pdf)


# Files handed in ------------------------------------------------------------------------------------------------------


def uploads_of(subject: str, person_id: int) -> QuerySet[Upload]:
    """What stands in a folder, in the order in which it came, each with its paper, without bytes (one query)."""
    rows = Upload.objects.filter(folder__subject=subject, person_id=person_id, status__in=SHOWN)
    return rows.select_related("paper").defer("raw", "paper__content").order_by("received_at", "pk")


def are_ready(subject: str, person_id: int, slots: Iterable[Slot] = ()) -> bool:
    """Whether everything held is clean, there is something, and every required slot has its file (one query)."""
    found = Upload.objects.filter(folder__subject=subject, person_id=person_id, status__in=HELD)
    rows = list(found.values_list("slot", "status"))
    filled = {slot for slot, _status in rows}
    wanted = {slot.code for slot in slots if slot.required}
    return bool(rows) and wanted <= filled and all(status == Status.CLEAN for _slot, status in rows)


def waiting_uploads(now: datetime, limit: int) -> list[int]:
    """The files whose check was lost or could not come to a verdict, oldest first."""
    late = Upload.objects.filter(status__in=WAITING, received_at__lt=now - _LATE)
    return list(late.order_by("received_at").values_list("pk", flat=True)[:limit])


def uploads_to_shred(now: datetime, limit: int) -> list[int]:
    """The files whose day of destruction has come."""
    due = Upload.objects.filter(shred_on__lte=now.date()).exclude(status=Status.SHREDDED)
    return list(due.order_by("shred_on").values_list("pk", flat=True)[:limit])


def scanner_listens() -> None:
    """Return when the antivirus answers. Raises ``ProviderUnavailable`` otherwise."""
    scanner.scanner().ready()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a page lets one account hand in: for whom, into which folder and slot, and where to go back to."""

    user_id: int
    person_id: int
    crous_id: int
    subject: str
    return_path: str
    code: str
    label: str
    hint: str = ""
    identity: bool = False
    purpose: str = ""
    max_files: int = 5


@dataclass
class Place:
    """A slot as a page shows it: its files, and the grant that adds to them (empty while nothing may be added)."""

    grant: Grant
    uploads: list[Upload]
    is_open: bool = True
    errors: list[tuple[str, str]] = field(default_factory=list)
    required: bool = True

    @cached_property
    def token(self) -> str:
        """The signed grant: part of the addresses of this slot."""
        return signing.dumps(asdict(self.grant), salt=_GRANT, compress=True)

    @property
    def url(self) -> str:
        """Where files go, and where the slot alone is shown."""
        return reverse("documents:uploads", args=[self.token])

    @property
    def is_waiting(self) -> bool:
        """Whether a verdict is to come."""
        return any(upload.is_waiting for upload in self.uploads)

    @property
    def may_add(self) -> bool:
        """Whether one more file has room here."""
        return self.is_open and self.room > 0

    @property
    def room(self) -> int:
        """How many more files have room."""
        return self.grant.max_files - sum(upload.status in HELD for upload in self.uploads)

    @property
    def most_megabytes(self) -> int:
        """How heavy a file may be."""
        return int(settings.UPLOAD_MAX_BYTES) // 1024**2

    @property
    def most_bytes(self) -> int:
        """The same, for the script that says so before anything is sent."""
        return int(settings.UPLOAD_MAX_BYTES)

    @property
    def most_pages(self) -> int:
        """How many pages a PDF may have."""
        return int(settings.UPLOAD_LIMITS["pages"])


def folder_of(
    actor: Actor,
    *,
    subject: str,
    person_id: int,
    crous_id: int,
    slots: Sequence[Slot],
    return_path: str,
    is_open: bool = True,
) -> list[Place]:
    """What ``documents/uploads.html`` shows of a request: each slot, its files, a grant for this account (2 queries).

    ``return_path`` is the page to which a student without JavaScript comes back, a path of ours.
    """
    here = list(uploads_of(subject, person_id))
    is_open = is_open and not Folder.objects.filter(subject=subject, closed_at__isnull=False).exists()
    return [
        Place(
            grant=Grant(
                user_id=actor.user_id or 0, person_id=person_id, crous_id=crous_id, subject=subject,
                return_path=return_path, code=slot.code, label=str(slot.label), hint=str(slot.hint),
                identity=slot.identity, purpose=slot.purpose, max_files=slot.max_files,
            ),
            uploads=[upload for upload in here if upload.slot == slot.code],
            is_open=is_open,
            required=slot.required,
        )
        for slot in slots
    ]  # fmt: skip


def place_of(grant: Grant) -> Place:
    """One slot, as its grant names it (2 queries)."""
    here = uploads_of(grant.subject, grant.person_id).filter(slot=grant.code)
    is_closed = Folder.objects.filter(subject=grant.subject, closed_at__isnull=False).exists()
    return Place(grant=grant, uploads=list(here), is_open=not is_closed)


def read_grant(token: str) -> Grant | None:
    """Read a signed grant; ``None`` for what we never signed. Raises ``Refusal("grant_old")`` after half a day."""
    try:
        return Grant(**signing.loads(token, salt=_GRANT, max_age=settings.UPLOAD_GRANT_SECONDS))
    except signing.SignatureExpired:
        grant = Grant(**signing.loads(token, salt=_GRANT))
        raise Refusal(
            "grant_old",
            _("Cette page est ouverte depuis longtemps. Rouvrez-la : ce que vous avez déposé y est gardé."),
            next_url=grant.return_path,
            next_label=_("Rouvrir la page"),
        ) from None
    except signing.BadSignature:
        return None


def signed_file(paper: Paper, actor: Actor, session_key: str, *, inline: bool) -> str:
    """Sign the address of a proof's bytes: a minute, one session, one account."""
    return signing.dumps([str(paper.uuid), _viewer(actor, session_key), inline], salt=_FILE)


def read_signed_file(token: str, actor: Actor, session_key: str) -> tuple[str, bool] | None:
    """Read such an address: the proof's ``uuid``, and whether it is shown in a page; ``None`` for somebody else's.

    Raises ``Refusal("file_link_old")`` after its minute.
    """
    try:
        uuid, viewer, inline = signing.loads(token, salt=_FILE, max_age=_FILE_LASTS)
    except signing.SignatureExpired:
        raise Refusal(
            "file_link_old", _("Cette adresse ne vaut qu’une minute. Revenez à la page et ouvrez le fichier à nouveau.")
        ) from None
    except signing.BadSignature:
        return None
    return (uuid, inline) if viewer == _viewer(actor, session_key) else None


def content_of(paper: Paper) -> Paper:
    """The same proof with its bytes, if it can still be read. Raises ``Paper.DoesNotExist``."""
    return readable().get(pk=paper.pk)


def _viewer(actor: Actor, session_key: str) -> str:
    return salted_hmac(_FILE, f"{session_key}:{actor.user_id}").hexdigest()[:32]
