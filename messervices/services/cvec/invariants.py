"""What must hold of the CVEC."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Who paid, or need not, has a certificate; who has one paid, or need not; nobody has two."""
    return [
        Invariant(
            "every captured CVEC order has exactly one certificate",
            "select count(*) from payments_order o where o.kind = 'cvec' and o.status = 'paid' and 1 <> ("
            "select count(*) from cvec_acquittement a join documents_document d on d.id = a.document_id "
            "where a.order_id = o.id and d.person_id = o.person_id and d.kind = 'cvec.attestation')",
        ),
        Invariant(
            "every certificate has its order or its exempting fact",
            "select count(*) from documents_document d where d.kind = 'cvec.attestation' and not exists ("
            "select from cvec_acquittement a where a.document_id = d.id and a.person_id = d.person_id and ("
            "exists (select from payments_order o where o.id = a.order_id and o.status = 'paid' and o.kind = 'cvec' "
            "and o.person_id = a.person_id and a.status <> 'exempt') "
            "or a.status = 'exempt' and a.motive not in ('BCS', 'ASAA') "
            "or a.status = 'exempt' and exists (select from students_fact f where f.person_id = a.person_id "
            "and f.year_start = a.year_start and f.known_at <= a.settled_at and f.kind = "
            "case a.motive when 'BCS' then 'boursier' else 'annual_allowance' end)))",
        ),
        Invariant(
            "at most one valid certificate for a student and year",
            "select count(*) from (select 1 from cvec_acquittement a join documents_document d on d.id = a.document_id "
            "where a.status in ('paid', 'exempt', 'refunded') and d.cancelled_at is null "
            "group by a.person_id, a.year_start having count(*) > 1) t",
        ),
        Invariant(
            "every valid certificate is known as a fact",
            "select count(*) from cvec_acquittement a where a.status in ('paid', 'exempt', 'refunded') and not exists ("
            "select from students_fact f where f.person_id = a.person_id and f.year_start = a.year_start "
            "and f.kind = 'cvec_acquittee' and f.superseded_at is null)",
        ),
    ]
