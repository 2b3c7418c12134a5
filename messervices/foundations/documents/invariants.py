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
            "every paper that can be read has its hash and its size",
            "select count(*) from documents_paper where content is not null"
            " and (sha256(content) <> sha256 or length(content) <> size)",
        ),
        Invariant(
            "nothing handed in can be read without a clean verdict, and every clean verdict has its paper",
            "select count(*) from documents_upload u left join documents_paper p on p.upload_id = u.id"
            " where (u.status = 'clean') <> (p.content is not null)",
        ),
        Invariant(
            "what came is kept until the verdict and no longer",
            "select count(*) from documents_upload where (raw is not null) <> (status in ('received', 'checking'))"
            " or raw is not null and (sha256(raw) <> sha256 or length(raw) <> size)",
        ),
        Invariant(
            "nothing outlives its day of destruction by more than a day",
            # By the platform's clock, which may be set elsewhere than the machine's: as late as anything here happened.
            "select count(*) from documents_upload where status <> 'shredded' and shred_on <"
            " (select max(greatest(received_at, settled_at))::date - 1 from documents_upload)",
        ),
        Invariant(
            "every file handed in belongs to its folder's person and Crous",
            "select count(*) from documents_upload u join documents_folder f on f.id = u.folder_id"
            " left join documents_paper p on p.upload_id = u.id"
            " where u.person_id <> f.person_id or u.crous_id <> f.crous_id or p.person_id <> u.person_id",
        ),
    ]
