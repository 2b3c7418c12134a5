"""What must hold of the money that came in. Read by ``audit_invariants``; each query counts breaches."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Orders, attempts, captures, refunds, links and the ledger tell one story."""
    return _MONEY + _LINKS


_MONEY = [
    Invariant(
        "every capture has its transfer of the same amount",
        "select count(*) from payments_capture c left join ledger_transfer t"
        " on t.key = 'capture:' || c.rail || ':' || c.rail_tx_id and t.amount_cents = c.amount_cents"
        " where t.id is null",
    ),
    Invariant(
        "every transfer of a capture has its capture",
        "select count(*) from ledger_transfer t left join payments_capture c"
        " on t.key = 'capture:' || c.rail || ':' || c.rail_tx_id where t.key like 'capture:%' and c.id is null"
        " and t.mirrors_id is null",
    ),
    Invariant(
        "every refund given has its transfer of the same amount",
        "select count(*) from payments_refund r join payments_capture c on c.id = r.capture_id left join"
        " ledger_transfer t on t.key = 'refund:' || c.rail || ':' || c.rail_tx_id"
        " and t.amount_cents = r.amount_cents"
        " where r.status = 'given' and t.id is null",
    ),
    Invariant(
        "captures less refunds of an order are nothing or its amount",
        "select count(*) from (select o.id, o.amount_cents, coalesce(sum(c.amount_cents), 0)"
        " - coalesce(sum(r.amount_cents), 0) as kept from payments_order o"
        " join payments_capture c on c.order_id = o.id"
        " left join payments_refund r on r.capture_id = c.id group by o.id) t where kept not in (0, amount_cents)",
    ),
    Invariant(
        "an order is paid if and only if it has one capture of its own",
        "select count(*) from payments_order o left join payments_capture c on c.order_id = o.id and not c.surplus"
        " where (o.status = 'paid') <> (c.id is not null and c.amount_cents = o.amount_cents)",
    ),
    Invariant(
        "no order has two live attempts",
        "select count(*) from (select order_id from payments_attempt"
        " where status in ('begun', 'unconfirmed', 'doubtful') group by order_id having count(*) > 1) t",
    ),
    Invariant(
        "an attempt is captured if and only if it has a capture",
        "select count(*) from payments_attempt a where (a.status = 'captured')"
        " <> exists (select from payments_capture c where c.attempt_id = a.id)",
    ),
    Invariant(
        "every surplus has its refund, and nothing else has",
        "select count(*) from payments_capture c left join payments_refund r on r.capture_id = c.id"
        " where c.surplus <> (r.id is not null)",
    ),
    Invariant(
        "attempts, links, captures and refunds carry the person and the Crous of their order",
        "select (select count(*) from payments_payerlink l join payments_order o on o.id = l.order_id"
        " where (l.person_id, l.crous_id) <> (o.person_id, o.crous_id))"
        " + (select count(*) from payments_attempt a join payments_order o on o.id = a.order_id"
        " where (a.person_id, a.crous_id) <> (o.person_id, o.crous_id))"
        " + (select count(*) from payments_capture c join payments_order o on o.id = c.order_id"
        " where (c.person_id, c.crous_id) <> (o.person_id, o.crous_id))"
        " + (select count(*) from payments_refund r join payments_capture c on c.id = r.capture_id"
        " where (r.person_id, r.crous_id) <> (c.person_id, c.crous_id))",
    ),
]  # fmt: skip

_LINKS = [
    Invariant(
        "no payer's link is live on an order that is not open",
        "select count(*) from payments_payerlink l join payments_order o on o.id = l.order_id"
        " where l.status in ('open', 'accepted') and o.status <> 'open'",
    ),
    Invariant(
        "a payer's link is paid if and only if money of its order came by it",
        "select count(*) from payments_payerlink l join payments_order o on o.id = l.order_id"
        " where (l.status = 'paid') <> (o.status = 'paid' and exists (select from payments_capture c"
        " join payments_attempt a on a.id = c.attempt_id where a.link_id = l.id and not c.surplus))",
    ),
    Invariant(
        "a try by a link is of the link's order, and the link was accepted",
        "select count(*) from payments_attempt a join payments_payerlink l on l.id = a.link_id"
        " where a.order_id <> l.order_id or l.accepted_at is null",
    ),
]
