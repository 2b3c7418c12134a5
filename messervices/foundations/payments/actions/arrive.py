"""Money that was taken where we have no page (a post office): its tries and its events, written many at a time.

The room that reads what a bank sends checks each line; from then on the money goes the way of all money: an outside
event, and ``settle``.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection

from messervices.foundations.payments.providers.rail import Facts
from messervices.foundations.payments.rules import Outcome
from messervices.kernel.action import inside_action
from messervices.kernel.money import Cents

_LOCK = "select id from payments_order where id = any(%s) order by id for update"
_WRITE = """
with g as materialized (
    select *, sha256(decode(raw, 'hex')) as sha from jsonb_to_recordset(%(money)s::jsonb)
        as r (n int, number text, bank_ref text, order_id bigint, cents bigint, raw text, facts jsonb)),
tries as (
    insert into payments_attempt (order_id, person_id, crous_id, rail, rank, number, bank_ref, begun_on, amount_cents,
        language, status, detail, begun_at, ended_at, asked)
    select o.id, o.person_id, o.crous_id, %(rail)s,
           (select coalesce(max(a.rank), 0) from payments_attempt a where a.order_id = o.id)
               + row_number() over (partition by o.id order by d.number),
           d.number, d.bank_ref, (%(now)s::timestamptz at time zone 'utc')::date, d.cents, 'fr', 'expired', '',
           %(now)s, %(now)s, 0
      from (select distinct on (number) * from g) d join payments_order o on o.id = d.order_id
     where not exists (select from payments_attempt a where a.number = d.number)),
events as (
    insert into payments_outsideevent (rail, kind, raw, sha256, verdict, facts, status, effect, received_at, crous_id,
        person_id, reason)
    select %(rail)s, 'notice', decode(g.raw, 'hex'), g.sha, 'good', g.facts, 'new', '', %(now)s, o.crous_id,
           o.person_id, ''
      from g join payments_order o on o.id = g.order_id
    on conflict (rail, sha256) do nothing returning id, sha256)
select coalesce(e.id, known.id) from g left join events e on e.sha256 = g.sha
  left join payments_outsideevent known on known.rail = %(rail)s and known.sha256 = g.sha order by g.n
"""
"""All that arrived, as one JSON text: an array for each column would cost ten times more to write than to read.

No try is live: nothing is awaited any more, and a try under way at the bank stays the only one that is.
"""


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

    Two queries, however many there are. The same bytes are one event. The orders are locked: whoever begins a try at
    the same instant waits. What an event then does (pay, or be given back) is settling's to decide.
    """
    said = asdict(Facts(number="", outcome=Outcome.PAID, currency="EUR"))
    rows = [
        {
            "n": rank, "number": one.number, "bank_ref": one.bank_ref, "order_id": one.order_id,
            "cents": one.amount_cents, "raw": one.raw.hex(),
            "facts": said | {
                "number": one.number, "amount_cents": one.amount_cents, "tx_id": one.tx_id, "at": one.at.isoformat(),
            },
        }
        for rank, one in enumerate(money)
    ]  # fmt: skip
    given: dict[str, str | datetime] = {"rail": rail, "now": now, "money": json.dumps(rows)}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[one.order_id for one in money]])
        cursor.execute(_WRITE, given)
        return [row[0] for row in cursor.fetchall()]
