"""Reads of papers. Each filters by whom it is for; the database's policies stand behind."""

from django.db.models import QuerySet

from messervices.foundations.documents.models import Document, DocumentFile, Paper
from messervices.kernel.actor import Actor


def of_person(person_id: int, kind: str = "") -> QuerySet[Document]:
    """A person's papers, newest first, cancelled ones too; of one kind when it is given."""
    papers = Document.objects.filter(person_id=person_id).defer("contents", "contents_sha256")
    return (papers.filter(kind=kind) if kind else papers).order_by("-issued_at", "-pk")


def seen_by(actor: Actor, uuid: object) -> Document | None:
    """A paper by its ``uuid``, if it is the student's own, or of the agent's Crous."""
    return _seen(Document.objects.all(), actor, crous="crous_id__in").filter(uuid=uuid).first()


def paper_seen_by(actor: Actor, uuid: object) -> Paper | None:
    """A proof by its ``uuid``, if the student handed it in, or if the agent's Crous follows the person."""
    rows = _seen(Paper.objects.select_related("person"), actor, crous="person__crous_ids__overlap")
    return rows.filter(uuid=uuid).first()


def _seen(rows: QuerySet, actor: Actor, *, crous: str) -> QuerySet:  # type: ignore[type-arg]  # of any model
    """Keep the rows of the person who acts, or of the Crous of the agent who acts; nothing for anybody else."""
    if actor.kind == "agent":
        return rows if actor.national else rows.filter(**{crous: list(actor.crous_ids)})
    return rows.filter(person_id=actor.person_id) if actor.person_id else rows.none()


def papers_of(person_id: int) -> QuerySet[Paper]:
    """The proofs a person handed in, newest first, without their bytes."""
    return Paper.objects.filter(person_id=person_id).defer("content").order_by("-received_at", "-pk")


def pdf_of(document_id: int) -> bytes | None:
    """The sealed PDF, if it was made."""
    pdf = DocumentFile.objects.filter(document_id=document_id).values_list("pdf", flat=True).first()
    return None if pdf is None else bytes(pdf)
