"""Finding what goes together, by set: each statement pairs everything it can at once, and nothing twice."""

from datetime import datetime
from typing import Any

from django.db import connection

from messervices.foundations.crous import selectors as crous
from messervices.kernel.action import inside_action

_PAYMENTS = """
    with candidates as (
        select l.id as line, c.id as capture, l.day, c.taken_at,
               row_number() over (partition by c.id order by s.day, s.reference, l.number) as turn,
               row_number() over (partition by l.id order by c.id) as pick
          from treasury_settlementline l
          join treasury_settlement s on s.id = l.settlement_id and s.loaded_at is not null
          {captures}
         where l.crous_id = %(crous)s and l.matched_at is null and l.kind = 'payment' and l.currency = 'EUR'
           and c.rail = l.rail and c.amount_cents = l.amount_cents and c.crous_id = l.crous_id
           and not exists (select from treasury_settlementline o where o.capture_id = c.id and o.kind = 'payment'))
    update treasury_settlementline l set capture_id = p.capture, matched_at = %(now)s,
           off_day = abs(p.day - (p.taken_at at time zone %(zone)s)::date) > 1
      from candidates p where p.line = l.id and p.turn = 1 and p.pick = 1
"""
_BY_TRANSACTION = "join payments_capture c on c.rail_tx_id = l.tx_id and l.tx_id <> ''"
_BY_ATTEMPT = """join payments_attempt a on a.number = l.attempt and l.tx_id = ''
          join payments_capture c on c.attempt_id = a.id"""

_REFUNDS = """
    with candidates as (
        select l.id as line, r.id as refund, l.day, r.ended_at,
               row_number() over (partition by r.id order by s.day, s.reference, l.number) as turn,
               row_number() over (partition by l.id order by r.id) as pick
          from treasury_settlementline l
          join treasury_settlement s on s.id = l.settlement_id and s.loaded_at is not null
          {refunds}
         where l.crous_id = %(crous)s and l.matched_at is null and l.kind = 'refund' and l.currency = 'EUR'
           and r.status = 'given' and r.amount_cents = - l.amount_cents and r.crous_id = l.crous_id
           and not exists (select from treasury_settlementline o where o.refund_id = r.id))
    update treasury_settlementline l set refund_id = p.refund, matched_at = %(now)s,
           off_day = abs(p.day - (p.ended_at at time zone %(zone)s)::date) > 1
      from candidates p where p.line = l.id and p.turn = 1 and p.pick = 1
"""
_REFUND_BY_TRANSACTION = """join payments_refund r on r.rail_tx_id = l.tx_id and l.tx_id <> ''
          join payments_capture c on c.id = r.capture_id and c.rail = l.rail"""
_REFUND_BY_ATTEMPT = """join payments_attempt a on a.number = l.attempt and l.tx_id = ''
          join payments_capture c on c.attempt_id = a.id and c.rail = l.rail
          join payments_refund r on r.capture_id = c.id"""

_CHARGE_BACKS = """
    update treasury_settlementline l set capture_id = c.id from payments_capture c
     where l.crous_id = %(crous)s and l.matched_at is null and l.kind = 'charge_back' and l.capture_id is null
       and c.rail = l.rail and c.crous_id = l.crous_id and c.rail_tx_id = l.tx_id and l.tx_id <> ''
"""

_CREDITS = """
    with candidates as (
        select e.id as entry, s.id as settlement,
               row_number() over (partition by s.id order by e.booked_on, t.number, e.number) as turn,
               row_number() over (partition by e.id order by s.day, s.reference) as pick
          from treasury_entry e
          join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
          {settlements}
          join treasury_contract k on k.id = s.contract_id and k.account_id = e.account_id and k.matched_by = %(by)s
         where e.crous_id = %(crous)s and e.match = '' and not e.notice and s.crous_id = e.crous_id
           and s.net_cents = e.amount_cents and s.loaded_at is not null
           and not exists (select from treasury_entry o where o.match = 'settlement' and o.match_id = s.id))
    update treasury_entry e set match = 'settlement', match_id = p.settlement, matched_at = %(now)s
      from candidates p where p.entry = e.id and p.turn = 1 and p.pick = 1
"""
_NOTICES = """
    update treasury_entry e
       set refs = (select array_agg(distinct ref) from unnest(e.refs || p.refs) as t (ref)),
           return_reason = case when e.return_reason = '' then p.return_reason else e.return_reason end
      from (select o.id, n.refs, n.return_reason
              from treasury_entry o
              cross join lateral (
                  select array_agg(distinct told.ref) as refs, max(n.return_reason) as return_reason
                    from treasury_entry n
                    join treasury_statement t on t.id = n.statement_id and t.loaded_at is not null
                    cross join lateral unnest(n.refs) as told (ref)
                   where n.notice and n.account_id = o.account_id and n.bank_ref = o.bank_ref and n.bank_ref <> ''
                     and n.amount_cents = o.amount_cents) n
             where o.crous_id = %(crous)s and o.match = '' and not o.notice and o.bank_ref <> ''
               and not n.refs <@ o.refs) p
     where p.id = e.id
"""
"""What a notice says of an entry that the statement names by the bank's reference alone."""

_BY_REFERENCE = """cross join lateral unnest(e.refs) as told (reference)
          join treasury_settlement s on s.reference = told.reference"""
_BY_DAY = "join treasury_settlement s on s.credit_on in (e.value_on, e.booked_on)"

_CASH = """
    with candidates as (
        select e.id as entry, f.id as file,
               row_number() over (partition by f.id order by e.booked_on, t.number, e.number) as turn,
               row_number() over (partition by e.id order by f.number) as pick
          from treasury_entry e
          join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
          join treasury_contract k on k.account_id = e.account_id and k.rail = 'eficash' and k.superseded_at is null
          cross join lateral unnest(e.refs) as told (reference)
          join cash_returnfile f on f.creditor = k.number and f.status = 'read'
           and told.reference = 'EFICASH-' || f.creditor || '-' || f.number
         where e.crous_id = %(crous)s and e.match = '' and not e.notice
           and e.amount_cents = (select sum(l.amount_cents) from cash_line l where l.file_id = f.id and l.first)
           and not exists (select from treasury_entry o where o.match = 'cash' and o.match_id = f.id))
    update treasury_entry e set match = 'cash', match_id = p.file, matched_at = %(now)s
      from candidates p where p.entry = e.id and p.turn = 1 and p.pick = 1
"""
"""What the post offices took is credited by the file, for all Crous at once, on the account of the creditor."""


@inside_action
def pair(*, crous_id: int, now: datetime) -> int:
    """Pair lines with captures and refunds, entries with settlements; gives how many pairs were made now."""
    told = {"crous": crous_id, "now": now, "zone": crous.crous_of(crous_id).timezone}
    made = _until_none(_PAYMENTS.format(captures=_BY_TRANSACTION), told)
    made += _until_none(_PAYMENTS.format(captures=_BY_ATTEMPT), told)
    made += _until_none(_REFUNDS.format(refunds=_REFUND_BY_TRANSACTION), told)
    made += _until_none(_REFUNDS.format(refunds=_REFUND_BY_ATTEMPT), told)
    _run(_CHARGE_BACKS, told)
    _run(_NOTICES, told)
    made += _until_none(_CREDITS.format(settlements=_BY_REFERENCE), told | {"by": "reference"})
    made += _until_none(_CREDITS.format(settlements=_BY_DAY), told | {"by": "day"})
    return made + _until_none(_CASH, told)


def _until_none(statement: str, told: dict[str, Any]) -> int:
    """Run it until it pairs nothing more: what two wanted is paired one at a time."""
    made = 0
    while count := _run(statement, told):
        made += count
    return made


def _run(statement: str, told: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
        return int(cursor.rowcount)
