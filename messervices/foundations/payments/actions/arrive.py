"""Money that was taken where we have no page (a post office): its tries and its events, written many at a time.

The room that reads what a bank sends checks each line; from then on the money goes the way of all money: an outside
event, and ``settle``.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from messervices.foundations.payments.providers.rail import Facts
from messervices.foundations.payments.rules import Outcome
from messervices.kernel.action import inside_action
from messervices.kernel.money import Cents

_LOCK = "select id from payments_order where id = any(%s) order by id for update"
_TRIES = """
    insert into payments_attempt (order_id, person_id, crous_id, rail, rank, number, bank_ref, begun_on, amount_cents,
        language, status, detail, begun_at, ended_at, asked)
    select o.id, o.person_id, o.crous_id, %(rail)s,
           (select coalesce(max(a.rank), 0) from payments_attempt a where a.order_id = o.id)
               + row_number() over (partition by o.id order by g.number),
           g.number, g.bank_ref, (%(now)s::timestamptz at time zone 'utc')::date, g.cents, 'fr', 'expired', '',
           %(now)s, %(now)s, 0
      from (select distinct on (u.number) u.* from unnest(%(numbers)s::text[], %(refs)s::text[], %(orders)s::bigint[],
                %(cents)s::bigint[]) as u (number, bank_ref, order_id, cents)) g
      join payments_order o on o.id = g.order_id
     where not exists (select from payments_attempt a where a.number = g.number)
"""
"""No try is live: nothing is awaited any more, and a try under way at the bank stays the only one that is."""

_EVENTS = """
    insert into payments_outsideevent (rail, kind, raw, sha256, verdict, facts, status, effect, received_at, crous_id,
        person_id, reason)
    select %(rail)s, 'notice', g.raw, g.sha256, 'good', g.facts, 'new', '', %(now)s, o.crous_id, o.person_id, ''
      from unnest(%(raws)s::bytea[], %(marks)s::bytea[], %(facts)s::jsonb[], %(orders)s::bigint[])
               as g (raw, sha256, facts, order_id)
      join payments_order o on o.id = g.order_id
    on conflict (rail, sha256) do nothing
"""
_WRITTEN = "select sha256, id from payments_outsideevent where rail = %s and sha256 = any(%s)"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One movement of money for an order: ``number`` names the try for ever, ``bank_ref`` does in six signs.

    ``tx_id`` is the bank's own number for it; ``at`` by its clock; ``raw`` what it said, kept as evidence.
    """

    number: str
    bank_ref: str
    order_id: int
    amount_cents: Cents
    tx_id: str
    at: datetime
    raw: bytes


@inside_action
def arrive(*, rail: str, money: Sequence[Arrived], now: datetime) -> list[int]:
    """Write what arrived as events to ``settle``, with the tries they need; give their numbers, in the same order.

    Four queries, however many there are. The same bytes are one event. The orders are locked: whoever begins a try at
    the same instant waits. What an event then does (pay, or be given back) is settling's to decide.
    """
    marks = [hashlib.sha256(one.raw).digest() for one in money]
    facts = [
        Facts(
            number=one.number,
            outcome=Outcome.PAID,
            amount_cents=one.amount_cents,
            currency="EUR",
            tx_id=one.tx_id,
            at=one.at.isoformat(),
        )
        for one in money
    ]
    given: dict[str, Any] = {
        "rail": rail, "now": now, "numbers": [one.number for one in money], "refs": [one.bank_ref for one in money],
        "orders": [one.order_id for one in money], "cents": [one.amount_cents for one in money],
        "raws": [one.raw for one in money], "marks": marks, "facts": [json.dumps(asdict(one)) for one in facts],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [given["orders"]])
        cursor.execute(_TRIES, given)
        cursor.execute(_EVENTS, given)
        cursor.execute(_WRITTEN, [rail, marks])
        numbers = {bytes(mark): number for mark, number in cursor.fetchall()}
    return [numbers[mark] for mark in marks]
