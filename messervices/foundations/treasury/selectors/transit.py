"""Accounts that must clear to zero: what waits in each, since when, and whether the ledger says the same."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from messervices.foundations.crous import selectors as crous
from messervices.foundations.ledger import selectors as ledger
from messervices.foundations.treasury import rules
from messervices.kernel.money import Cents
from messervices.kernel.scope import EVERY, Scope, acting_as

COUNTING = Scope("treasury.count", crous=EVERY)
"""Cash is credited on the account of one Crous for all: counting one Crous's money looks at that entry too."""

_WAITING = """
    select 'receivable' as account, c.rail, (c.booked_at at time zone %(zone)s)::date as since, c.amount_cents as cents,
           'capture' as what, c.id as pk, c.rail_tx_id as name
      from payments_capture c
     where c.crous_id = %(crous)s
       and not exists (select from treasury_settlementline l
                        where l.capture_id = c.id and l.kind = 'payment' and l.posting is not null)
       and not exists (select from cash_line l join treasury_entry e on e.match = 'cash' and e.match_id = l.file_id
                        where l.event_id = c.event_id and e.posted_at is not null)
       and not exists (select from treasury_mismatch m where m.capture_id = c.id and m.posted and m.captured_cents > 0)
    union all
    select 'receivable', c.rail, (r.ended_at at time zone %(zone)s)::date, - r.amount_cents, 'refund', r.id,
           r.rail_tx_id
      from payments_refund r join payments_capture c on c.id = r.capture_id
     where r.crous_id = %(crous)s and r.status = 'given'
       and exists (select from ledger_transfer t where t.key = 'refund:' || c.rail || ':' || c.rail_tx_id)
       and not exists (select from treasury_settlementline l where l.refund_id = r.id and l.posting is not null)
       and not exists (select from treasury_mismatch m where m.refund_id = r.id and m.posted and m.captured_cents < 0)
    union all
    select 'settlement', s.rail, s.credit_on,
           coalesce((select sum(l.amount_cents) from treasury_settlementline l
                      where l.settlement_id = s.id and (l.posting is not null or l.adjusted_at is not null)), 0)::bigint
           - s.fees_cents - case when s.adjusted_at is not null or exists (
               select from treasury_entry e where e.match = 'settlement' and e.match_id = s.id
                  and e.posted_at is not null) then s.net_cents else 0 end,
           'settlement', s.id, s.reference
      from treasury_settlement s where s.crous_id = %(crous)s and s.loaded_at is not null
    union all
    select 'suspense', '', e.booked_on, e.amount_cents, 'entry', e.id, e.bank_ref
      from treasury_entry e join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
     where e.crous_id = %(crous)s and not e.notice and e.posted_at is null and e.adjusted_at is null
"""
_SUMMED = f"""
    select account, rail, count(*)::int, sum(cents)::bigint, min(since),
           coalesce(sum(cents) filter (where %(today)s - since <= 2), 0)::bigint,
           coalesce(sum(cents) filter (where %(today)s - since between 3 and 7), 0)::bigint,
           coalesce(sum(cents) filter (where %(today)s - since between 8 and 30), 0)::bigint,
           coalesce(sum(cents) filter (where %(today)s - since > 30), 0)::bigint
      from ({_WAITING}) w where cents <> 0 group by account, rail order by account, rail
"""  # noqa: S608 - our own statement
_EVERY = f"""
    select account, rail, since, cents, what, pk, name from ({_WAITING}) w where cents <> 0
     order by account, rail, since, what, pk
"""  # noqa: S608 - as above
_ITEMS = f"""
    select account, rail, since, cents, what, pk, name from ({_WAITING}) w
     where cents <> 0 and account = %(account)s and rail = %(rail)s order by since, what, pk limit %(limit)s
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Transit:
    """One account that must clear: what waits in it, by age. ``ages``: cents of 0-2, 3-7, 8-30 and 31+ days.

    ``account``: ``receivable`` (taken by the rail, in no settlement), ``settlement`` (announced, not credited),
    ``suspense`` (on the bank account, unexplained). ``ledger_cents`` is the ledger's word, ``None`` where the ledger's
    account is shared by all Crous.
    """

    account: str
    rail: str
    count: int
    cents: int
    oldest: date | None
    ages: tuple[int, int, int, int]
    ledger_cents: int | None

    @property
    def agrees(self) -> bool:
        """Whether the ledger says the same."""
        return self.ledger_cents is None or self.ledger_cents == self.cents


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits in an account."""

    account: str
    rail: str
    since: date
    cents: int
    what: str
    pk: int
    name: str


def transits_of(crous_id: int, now: datetime) -> list[Transit]:
    """Give every account of a Crous that must clear, with what waits by age (two queries)."""
    office = crous.crous_of(crous_id)
    today = now.astimezone(ZoneInfo(office.timezone)).date()
    with acting_as(COUNTING), connection.cursor() as cursor:
        cursor.execute(_SUMMED, {"crous": crous_id, "zone": office.timezone, "today": today})
        rows = cursor.fetchall()
    paths = {(account, rail): _path(account, rail, office.slug) for account, rail, *_rest in rows}
    kept = ledger.balances([path for path in paths.values() if path])
    return [
        Transit(account, rail, count, cents, oldest, (young, week, month, old),
                _waiting(account, kept.get(paths[account, rail])))
        for account, rail, count, cents, oldest, young, week, month, old in rows
    ]  # fmt: skip


def _path(account: str, rail: str, slug: str) -> str:
    """The ledger's account of what waits, when it is the Crous's own."""
    return {"suspense": rules.suspense(slug), "settlement": rules.settlement(rail, slug)}.get(account, "")


def _waiting(account: str, kept: Cents | None) -> Cents | None:
    """The ledger's word in the sign of what waits: what is owed to us is positive."""
    return kept if kept is None or account == "suspense" else Cents(-kept)


def items_of(crous_id: int, account: str, rail: str, limit: int) -> list[Item]:
    """List what waits in an account, the oldest first (one query)."""
    office = crous.crous_of(crous_id)
    told: dict[str, Any] = {
        "crous": crous_id, "zone": office.timezone, "account": account, "rail": rail, "limit": limit,
    }  # fmt: skip
    with acting_as(COUNTING), connection.cursor() as cursor:
        cursor.execute(_ITEMS, told)
        return [Item(*row) for row in cursor.fetchall()]


def every_item(crous_id: int) -> list[Item]:
    """List everything that waits at a Crous, by account: for an export (one query)."""
    with acting_as(COUNTING), connection.cursor() as cursor:
        cursor.execute(_EVERY, {"crous": crous_id, "zone": crous.crous_of(crous_id).timezone})
        return [Item(*row) for row in cursor.fetchall()]
