"""What must hold of the CVEC. Joins, not look-ups: there are millions of certificates."""

from messervices.kernel.invariants import Invariant

_CERTIFIED = """
    select count(*) from payments_order o
    left join cvec_acquittement a on a.order_id = o.id and a.person_id = o.person_id
    left join documents_document d on d.id = a.document_id and d.person_id = o.person_id and d.kind = 'cvec.attestation'
    where o.kind = 'cvec' and o.status = 'paid' and d.id is null
"""
"""The database lets an order belong to one acquittement only, and a document too: none missing means exactly one."""

_GROUNDED = """
    select count(*) from documents_document d
    left join cvec_acquittement a on a.document_id = d.id and a.person_id = d.person_id
    left join payments_order o
        on o.id = a.order_id and o.person_id = a.person_id and o.kind = 'cvec' and o.status = 'paid'
    where d.kind = 'cvec.attestation' and not case
        when a.id is null then false
        when a.motive = '' then o.id is not null
        when a.motive not in ('BCS', 'ASAA') then exists (select from cvec_request r where r.acquittement_id = a.id
            and r.kind = 'exemption' and r.status = 'accepted' and r.ground = a.motive and r.decided_at <= a.settled_at)
        else exists (select from students_fact f where f.person_id = a.person_id and f.year_start = a.year_start
            and f.kind = case a.motive when 'BCS' then 'boursier' when 'ASAA' then 'annual_allowance' end
            and f.value not in ('false', 'null', '0', '""', '[]', '{}')
            and f.known_at <= a.settled_at)
    end
"""
"""As the rules judge: a fact of the year whose value is true, or a request that was granted on that very ground."""

_REFUNDED = """
    select count(*) from cvec_acquittement a
    left join cvec_request r on r.acquittement_id = a.id and r.kind = 'refund' and r.settled_at is not null
        and r.status in ('accepted', 'returned', 'paid')
    where (a.status = 'refunded') <> (r.id is not null and r.ground <> 'not_liable')
"""

_PAID_OUT = """
    select count(*) from cvec_request r
    left join payouts_payout p on p.kind = 'cvec.refund' and p.reference = r.acquittement_id::text
        and p.status <> 'cancelled' and p.amount_cents = r.amount_cents and p.person_id = r.person_id
    where r.kind = 'refund' and r.status in ('accepted', 'returned', 'paid')
        and (p.id is null or (r.status = 'paid') <> (p.status = 'paid'))
"""
"""The database lets an acquittement have one live transfer: none missing means exactly one."""

_ONCE = """
    select count(*) from (
        select 1 from cvec_acquittement a join documents_document d on d.id = a.document_id
        where a.status in ('paid', 'exempt', 'refunded') and d.cancelled_at is null
        group by a.person_id, a.year_start having count(*) > 1) twice
"""

_KNOWN = """
    select count(*) from cvec_acquittement a
    left join students_fact f on f.person_id = a.person_id and f.year_start = a.year_start
        and f.kind = 'cvec_acquittee' and f.superseded_at is null
    where a.status in ('paid', 'exempt', 'refunded') and f.id is null
"""


_PAYER = """
    select count(*) from cvec_acquittement a
    join payments_order o on o.id = a.order_id and o.status = 'paid'
    join payments_capture c on c.order_id = o.id and not c.surplus
    join payments_attempt t on t.id = c.attempt_id
    where a.status in ('paid', 'refunded') and a.by_third_party <> (t.link_id is not null)
"""

_LISTED = """
    select count(*) from cvec_rollentry e
    left join cvec_acquittement a on a.id = e.acquittement_id and a.person_id = e.person_id
        and a.year_start = e.year_start and a.document_id is not null
    where a.id is null
"""

_FILED_FOR = """
    select count(*) from cvec_rollentry e
    where e.establishment_id <> e.filer_id and not exists (
        select from cvec_affiliation f where f.mother_id = e.filer_id and f.daughter_id = e.establishment_id
            and f.since <= e.since)
"""

_TAKEN = """
    select count(*) from cvec_rollfile f
    left join (select file_id, count(*) as refused, count(*) filter (where reason = '') as good
               from cvec_rollline group by file_id) l on l.file_id = f.id
    where f.status = 'taken' and (f.bad <> coalesce(l.refused, 0) or coalesce(l.good, 0) > 0)
"""

_LOST = """
    select count(*) from cvec_rollfile f
    where f.status = 'taken' and f.lines <> f.bad + f.added + f.corrected + f.unchanged
"""

_ADMITTED = """
    select count(*) from cvec_registration r
    where r.status = 'accepted' and (
        select count(*) from cvec_nominee n join accounts_user u on u.id = n.user_id and u.kind = 'establishment'
        where n.registration_id = r.id) <> 2
"""

_SHARED = """
    select count(*) from cvec_sharing s where s.status not in ('counting', 'dropped') and s.kind = 'balance'
      and s.net_cents <> (select coalesce(sum(total_cents), 0) from cvec_share h where h.sharing_id = s.id)
        + (select coalesce(sum(amount_cents), 0) from cvec_crousshare c where c.sharing_id = s.id)
"""

_DRAWN = """
    select count(*) from cvec_sharing s where s.status = 'final'
      and (select coalesce(sum(value::bigint), 0) from jsonb_each_text(s.drawn)) <>
          (select coalesce(sum(amount_cents), 0) from cvec_share h where h.sharing_id = s.id)
        + (select coalesce(sum(amount_cents), 0) from cvec_crousshare c where c.sharing_id = s.id)
"""

_COUNTED = """
    select count(*) from cvec_share h
    left join (select sharing_id, establishment_id, sum(heads * 2520 / split) as counted from cvec_sharegroup
               group by 1, 2) g on g.sharing_id = h.sharing_id and g.establishment_id = h.establishment_id
    where coalesce(g.counted, 0) <> case when h.heads like '%/%'
        then split_part(h.heads, '/', 1)::bigint * 2520 / split_part(h.heads, '/', 2)::bigint
        else h.heads::bigint * 2520 end
      and not exists (select from cvec_sharegroup b where b.sharing_id = h.sharing_id and b.split > 10)
"""
"""In 2 520ths of a student, which halves, thirds, up to tenths make whole."""

_LETTERS = """
    select count(*) from cvec_share h join cvec_sharing s on s.id = h.sharing_id
    where s.status = 'final' and (h.letter is null or (h.letter ->> 'amount_cents')::bigint <> h.amount_cents)
"""

_TRANSFERRED = """
    select count(*) from cvec_share h
    left join payouts_payout p on p.kind = 'cvec.share' and p.reference = h.id::text and p.number = h.payout_number
        and p.amount_cents = h.amount_cents and p.establishment_id = h.establishment_id
    where h.status in ('ordered', 'paid', 'returned') and p.id is null
"""


def invariants() -> list[Invariant]:
    """Who paid, or need not, has a certificate; who has one paid, or need not; nobody has two; all is known."""
    return [
        Invariant("every captured CVEC order has exactly one certificate", _CERTIFIED),
        Invariant("every certificate has its order or its exempting fact", _GROUNDED),
        Invariant("at most one valid certificate for a student and year", _ONCE),
        Invariant("every valid certificate is known as a fact", _KNOWN),
        Invariant("a refunded CVEC has the request that refunds it, and only such a one is refunded", _REFUNDED),
        Invariant("every refund granted has its one transfer, of what was paid", _PAID_OUT),
        Invariant("every student listed has a certificate of that year, theirs", _LISTED),
        Invariant("an establishment lists for itself and its validated daughters alone", _FILED_FOR),
        Invariant("what a taken file keeps is what it refused", _TAKEN),
        Invariant("every line of a taken file was added, corrected, there already, or refused", _LOST),
        Invariant("an access accepted is that of two persons", _ADMITTED),
        Invariant("the shares and what the Crous keep are the net take, to the cent", _SHARED),
        Invariant("what a final sharing out took from the Crous is what it shares", _DRAWN),
        Invariant("every share counts the students that were counted", _COUNTED),
        Invariant("every share that is final has its letter, of the same sum", _LETTERS),
        Invariant("every share that is ordered has its transfer, of the same sum", _TRANSFERRED),
        Invariant("a CVEC is said to be paid by somebody else if and only if its money came by a link", _PAYER),
    ]
