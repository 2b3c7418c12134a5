"""Writing pairs in the books: a transfer for the newly matched lines of a settlement, one for each explained entry."""

from datetime import datetime

from django.db import connection

from messervices.foundations.crous import selectors as crous
from messervices.foundations.ledger.actions import Posting, post_many
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.states import Match
from messervices.kernel import crash
from messervices.kernel.action import inside_action

BATCH = 2000

_LINES = """
    with waiting as (
        select l.settlement_id, array_agg(l.id) as ids,
               coalesce(sum(l.amount_cents) filter (where l.amount_cents > 0), 0) as came,
               coalesce(sum(- l.amount_cents) filter (where l.amount_cents < 0), 0) as went
          from treasury_settlementline l
         where l.crous_id = %(crous)s and l.posting is null and l.matched_at is not null
         group by l.settlement_id order by l.settlement_id limit %(batch)s),
    counted as (
        update treasury_settlement s set postings = s.postings + 1 from waiting w
         where s.id = w.settlement_id returning s.id, s.rail, s.reference, s.postings, w.came, w.went, w.ids),
    marked as (
        update treasury_settlementline l set posting = p.postings
          from (select unnest(c.ids) as id, c.postings from counted c) p where p.id = l.id)
    select id, rail, reference, postings, came, went from counted order by id
"""
_ENTRIES = """
    update treasury_entry e set posted_at = %(now)s
      from (select e.id, coalesce(s.rail, 'eficash') as rail,
                   coalesce(s.reference, 'EFICASH-' || f.creditor || '-' || f.number) as reference
              from treasury_entry e
              left join treasury_settlement s on e.match = 'settlement' and s.id = e.match_id
              left join cash_returnfile f on e.match = 'cash' and f.id = e.match_id
             where e.crous_id = %(crous)s and e.posted_at is null and e.match in ('settlement', 'cash')
             order by e.id limit %(batch)s) p
     where p.id = e.id returning e.id, e.match, e.amount_cents, p.rail, p.reference
"""


@inside_action
def post_lines(*, crous_id: int, now: datetime) -> int:
    """Write the newly matched lines of a batch of settlements: what the rail owed is announced now. Gives how many.

    Everything of one settlement that was matched since the last time is one transfer each way.
    """
    slug = crous.crous_of(crous_id).slug
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"crous": crous_id, "batch": BATCH})
        rows = cursor.fetchall()
    postings = []
    for pk, rail, reference, turn, came, went in rows:
        owed, announced = rules.receivable(rail), rules.settlement(rail, slug)
        moved = [rules.movement("in", announced, owed, int(came)), rules.movement("back", owed, announced, int(went))]
        postings += [
            Posting(f"settled:{pk}:{turn}:{one.word}", one.debit, one.credit, one.amount_cents, reference)
            for one in moved
            if one is not None
        ]
    post_many(postings, at=now)
    return len(rows)


@inside_action
def post_batch(*, crous_id: int, now: datetime) -> int:
    """Write a batch of explained entries; gives how many there were."""
    slug = crous.crous_of(crous_id).slug
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, {"crous": crous_id, "now": now, "batch": BATCH})
        rows = cursor.fetchall()
    postings = []
    for pk, match, cents, rail, reference in sorted(rows):
        owed = rules.receivable(rail) if match == Match.CASH else rules.settlement(rail, slug)
        moved = rules.movement("credit", rules.suspense(slug), owed, cents)
        if moved is not None:
            postings.append(Posting(f"entry:{pk}", moved.debit, moved.credit, moved.amount_cents, reference))
    post_many(postings, at=now)
    crash.point("treasury.before_post_commit")
    return len(rows)
