"""What must hold of papers."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Frozen contents are what they were; a file belongs to its paper; one valid paper a person, kind and year."""
    return [
        Invariant(
            "every document's contents have their hash",
            "select count(*) from documents_document where documents_sha256(contents) <> contents_sha256",
        ),
        Invariant(
            "at most one valid document a person, kind and year",
            "select count(*) from (select 1 from documents_document where cancelled_at is null"
            " and year_start is not null group by person_id, kind, year_start having count(*) > 1) t",
        ),
        Invariant(
            "every sealed file belongs to its document's person and Crous, and is not older",
            "select count(*) from documents_documentfile f join documents_document d on d.id = f.document_id"
            " where f.person_id <> d.person_id or f.crous_id <> d.crous_id or f.sealed_at < d.issued_at",
        ),
        Invariant(
            "every paper handed in has its hash and its size",
            "select count(*) from documents_paper where sha256(content) <> sha256 or length(content) <> size",
        ),
    ]
