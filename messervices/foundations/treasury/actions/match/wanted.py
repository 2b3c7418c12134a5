"""The one statement that finds what does not fit. Each part gives the same columns; its first lines say what it is.

Where money waits is said beside (``captured_cents`` and its three brothers, see ``rules.Stake``), so that explaining
it by hand moves just that.
"""

_UNTIL = """(select max(d) from (select d::date from generate_series({day} + 1, {day} + 60, interval '1 day') as g (d)
              where extract(isodow from d) < 6 order by d limit {days}) as worked (d))"""
"""The last day on which a credit expected on ``day`` is in time: ``rules.credit_until``, for a few rows."""


def _until(day: str, days: str) -> str:
    return f"coalesce({_UNTIL.format(day=day, days=days)}, {day})"


_OPEN_LINES = """
    open_lines as materialized (
        select l.*, s.reference, s.day as settled_on, coalesce(nullif(l.tx_id, ''), l.attempt) as name,
               row_number() over (partition by l.rail, l.kind, coalesce(nullif(l.tx_id, ''), l.attempt)
                                  order by s.day, s.reference, l.number) as turn
          from treasury_settlementline l
          join treasury_settlement s on s.id = l.settlement_id and s.loaded_at is not null
         where l.crous_id = %(crous)s and l.matched_at is null and l.adjusted_at is null),
    told_lines as materialized (
        select o.*, c.id as c_id, c.amount_cents as c_cents, r.id as r_id, r.amount_cents as r_cents,
               exists (select from treasury_settlementline t where t.matched_at is not null and t.rail = o.rail
                   and t.kind = o.kind and t.id <> o.id
                   and (t.capture_id = c.id and o.kind = 'payment' or t.refund_id = r.id)) as taken
          from open_lines o
          left join lateral (
              select c.id, c.amount_cents from payments_capture c
               where c.crous_id = o.crous_id and c.rail = o.rail and o.kind = 'payment' and o.tx_id <> ''
                 and c.rail_tx_id = o.tx_id
              union all
              select c.id, c.amount_cents from payments_attempt a join payments_capture c on c.attempt_id = a.id
               where c.crous_id = o.crous_id and c.rail = o.rail and o.kind = 'payment' and o.tx_id = ''
                 and a.number = o.attempt
              order by 1 limit 1) c on true
          left join lateral (
              select r.id, r.amount_cents from payments_refund r
               where r.crous_id = o.crous_id and o.kind = 'refund' and o.tx_id <> '' and r.rail_tx_id = o.tx_id
                 and r.status = 'given' order by 1 limit 1) r on true),
    named_lines as materialized (
        select *, case when turn > 1 or taken then 'doubled' when kind = 'charge_back' then 'charge_back'
                       when currency <> 'EUR' then 'other_currency'
                       when c_id is null and r_id is null then 'missing_here' else 'other_amount' end as verdict
          from told_lines)
"""

_LINES = """
    select verdict as kind, verdict || ':line:' || rail || ':' || kind || ':' || name || ':' || turn as key, rail,
           settled_on as since,
           case when verdict = 'other_amount' then abs(abs(amount_cents) - coalesce(c_cents, r_cents))
                else abs(amount_cents) end as amount_cents,
           case when verdict in ('other_amount', 'other_currency') then coalesce(c_cents, r_cents) end
               as expected_cents,
           abs(amount_cents) as found_cents,
           case when verdict in ('other_amount', 'other_currency') then coalesce(c_cents, - r_cents, 0)
                else 0 end as captured_cents,
           amount_cents as line_cents, 0 as entry_cents, 0 as credit_cents,
           case when kind = 'charge_back' then capture_id else c_id end as capture_id, r_id as refund_id,
           id as line_id, settlement_id, null::bigint as entry_id, null::bigint as statement_id
      from named_lines
"""
"""Lines of settlements that go with nothing: unknown here, twice, another amount, another currency, charge-backs."""

_CAPTURES = """
    select 'missing_at_bank', 'missing_at_bank:capture:' || c.rail || ':' || c.rail_tx_id, c.rail,
           (c.booked_at at time zone %(zone)s)::date, c.amount_cents, c.amount_cents, null::bigint, c.amount_cents,
           0, 0, 0, c.id, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint
      from unnest(%(rails)s::text[], %(late_on)s::date[]) as due (rail, late_on)
      join payments_capture c on c.rail = due.rail and c.rail <> 'eficash'
       and c.booked_at < ((due.late_on + 1)::timestamp at time zone %(zone)s)
     where c.crous_id = %(crous)s
       and not exists (select from treasury_settlementline l where l.capture_id = c.id and l.kind = 'payment')
       and not exists (select from named_lines l where l.c_id = c.id)
       and not exists (select from payments_refund r where r.capture_id = c.id and r.status = 'given'
                          and r.rail_tx_id = c.rail_tx_id)
       and not exists (select from treasury_mismatch m where m.capture_id = c.id and m.posted)
"""
"""Money that we booked, that should be in a settlement by now, and is in none. What was cancelled at once never is."""

_REFUNDS = """
    select 'missing_at_bank', 'missing_at_bank:refund:' || c.rail || ':' || r.rail_tx_id, c.rail,
           (r.ended_at at time zone %(zone)s)::date, r.amount_cents, r.amount_cents, null::bigint, - r.amount_cents,
           0, 0, 0, c.id, r.id, null::bigint, null::bigint, null::bigint, null::bigint
      from unnest(%(rails)s::text[], %(late_on)s::date[]) as due (rail, late_on)
      join payments_capture c on c.rail = due.rail
      join payments_refund r on r.capture_id = c.id and r.status = 'given' and r.rail_tx_id <> c.rail_tx_id
       and r.ended_at < ((due.late_on + 1)::timestamp at time zone %(zone)s)
     where r.crous_id = %(crous)s
       and exists (select from ledger_transfer t where t.key = 'refund:' || c.rail || ':' || c.rail_tx_id)
       and not exists (select from treasury_settlementline l where l.refund_id = r.id)
       and not exists (select from named_lines l where l.r_id = r.id)
       and not exists (select from treasury_mismatch m where m.refund_id = r.id and m.posted)
"""
"""Money that we gave back by the rail, and that no settlement has taken off."""

_OFF_DAY_LINES = """
    select 'other_day', 'other_day:line:' || l.rail || ':' || l.kind || ':' || coalesce(nullif(l.tx_id, ''), l.attempt),
           l.rail, l.day, abs(l.amount_cents), null::bigint, null::bigint, 0, 0, 0, 0, l.capture_id, l.refund_id, l.id,
           l.settlement_id, null::bigint, null::bigint
      from treasury_settlementline l where l.crous_id = %(crous)s and l.off_day and l.matched_at is not null
"""
"""Lines whose day is not that of what they go with."""

_TOLD_CREDITS = """
    told_credits as materialized (
        select e.id, e.amount_cents, e.booked_on, s.id as settlement_id, s.rail, s.net_cents, s.adjusted_at as adjusted,
               s.contract_number, s.reference,
               exists (select from treasury_entry o where o.match = 'settlement' and o.match_id = s.id) as taken,
               row_number() over (partition by s.id order by e.booked_on, t.number, e.number) as turn,
               row_number() over (partition by e.id order by s.day, s.reference) as pick
          from treasury_entry e
          join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
          cross join lateral unnest(e.refs) as told (reference)
          join treasury_settlement s on s.reference = told.reference and s.crous_id = e.crous_id
           and s.loaded_at is not null
          join treasury_contract k on k.id = s.contract_id and k.account_id = e.account_id
           and k.matched_by = 'reference'
         where e.crous_id = %(crous)s and e.match = '' and not e.notice and e.adjusted_at is null)
"""

_CREDITS = """
    select case when taken or turn > 1 or adjusted is not null then 'doubled' else 'other_amount' end,
           case when taken or turn > 1 or adjusted is not null
                then 'doubled:credit:' || rail || ':' || contract_number || ':' || reference || ':' ||
                     (turn - case when taken or adjusted is not null then 0 else 1 end)
                else 'other_amount:credit:' || rail || ':' || contract_number || ':' || reference end,
           rail, booked_on,
           case when taken or turn > 1 or adjusted is not null then abs(amount_cents)
                else abs(amount_cents - net_cents) end,
           net_cents, amount_cents, 0, 0, amount_cents,
           case when taken or turn > 1 or adjusted is not null then 0 else net_cents end,
           null::bigint, null::bigint, null::bigint, settlement_id, id, null::bigint
      from told_credits where pick = 1
"""
"""Credits that name a settlement and are not it: another amount, or a second one."""

_LATE_CREDITS = f"""
    select 'other_day', 'other_day:credit:' || s.rail || ':' || s.contract_number || ':' || s.reference, s.rail,
           e.booked_on, abs(s.net_cents), null::bigint, null::bigint, 0, 0, 0, 0, null::bigint, null::bigint,
           null::bigint, s.id, e.id, null::bigint
      from treasury_settlement s
      join treasury_entry e on e.match = 'settlement' and e.match_id = s.id
      join treasury_contract k on k.id = s.contract_id
     where s.crous_id = %(crous)s and k.matched_by = 'reference'
       and (e.booked_on > s.credit_on or e.booked_on < s.day)
       and not exists (
           select from treasury_entry o where o.crous_id = s.crous_id and o.refs @> array[s.reference]::varchar[]
              and o.account_id = k.account_id and o.amount_cents = s.net_cents and not o.notice
              and o.booked_on between s.day and {_until("s.credit_on", "k.within_days")})
"""  # noqa: S608 - our own statement
"""Settlements credited too late, or before their day."""

_UNCREDITED = f"""
    select 'not_credited', 'not_credited:settlement:' || s.rail || ':' || s.contract_number || ':' || s.reference,
           s.rail, s.credit_on, abs(s.net_cents), s.net_cents, null::bigint, 0, 0, 0, s.net_cents, null::bigint,
           null::bigint, null::bigint, s.id, null::bigint, null::bigint
      from treasury_settlement s join treasury_contract k on k.id = s.contract_id
     where s.crous_id = %(crous)s and s.loaded_at is not null and s.net_cents <> 0 and s.adjusted_at is null
       and s.credit_on < %(today)s
       and not exists (select from treasury_entry e where e.match = 'settlement' and e.match_id = s.id)
       and not exists (select from told_credits t where t.settlement_id = s.id)
       and {_until("s.credit_on", "k.within_days")} < %(today)s
"""  # noqa: S608 - as above
"""Settlements announced that the bank has not credited in time."""

_FEES = """
    select 'fee_unexpected', 'fee_unexpected:settlement:' || s.rail || ':' || s.contract_number || ':' || s.reference,
           s.rail, s.day, abs(s.fees_cents - s.fees_expected_cents), s.fees_expected_cents, s.fees_cents, 0, 0, 0, 0,
           null::bigint, null::bigint, null::bigint, s.id, null::bigint, null::bigint
      from treasury_settlement s
     where s.crous_id = %(crous)s and s.loaded_at is not null and s.fees_expected_cents <> s.fees_cents
"""
"""Settlements that cost something else than the contract says."""

_ENTRIES = """
    select case when told.debited then 'doubled' when told.cents is not null then 'other_amount'
                when e.return_reason <> '' or right(e.code, 5) = '/RRTN' or exists (
                    select from treasury_detail d where d.statement_id = e.statement_id and d.entry_number = e.number
                       and d.return_reason <> '') then 'return_unknown'
                else 'unknown_reference' end,
           'entry:' || e.account_id || ':' || t.number || ':' || t.day || ':' || e.number,
           coalesce(told.rail, ''), e.booked_on,
           case when told.debited or told.cents is null then abs(e.amount_cents)
                else abs(abs(e.amount_cents) - told.cents) end,
           told.cents, abs(e.amount_cents), 0, 0, e.amount_cents,
           0, null::bigint, null::bigint, null::bigint, null::bigint, e.id, null::bigint
      from treasury_entry e
      join treasury_statement t on t.id = e.statement_id and t.loaded_at is not null
      left join lateral (
          select f.sum_cents as cents, '' as rail, exists (
                     select from treasury_entry o where o.match = 'run' and o.refs @> array[f.message_id]::varchar[]
                        and o.amount_cents = e.amount_cents) as debited
            from payouts_runfile f
           where f.crous_id = e.crous_id and f.sent_at is not null and f.message_id = any(e.refs) and e.amount_cents < 0
          union all
          select l.amount_cents, '', l.amount_cents = abs(e.amount_cents)
                     and case when e.amount_cents < 0 then l.debited_at else l.credited_at end is not null
            from payouts_line l where l.crous_id = e.crous_id and l.number = any(e.refs)
          union all
          select (select sum(l.amount_cents)::bigint from cash_line l where l.file_id = f.id and l.first), 'eficash',
                 exists (select from treasury_entry o where o.match = 'cash' and o.match_id = f.id)
            from cash_returnfile f join treasury_contract k on k.account_id = e.account_id and k.rail = 'eficash'
             and k.number = f.creditor and k.superseded_at is null
           where f.status = 'read' and 'EFICASH-' || f.creditor || '-' || f.number = any(e.refs)
          limit 1) told on true
     where e.crous_id = %(crous)s and e.match = '' and not e.notice and e.adjusted_at is null and e.amount_cents <> 0
       and e.booked_on <= %(known_until)s and not exists (select from told_credits c where c.id = e.id)
"""
"""Entries that nothing explains: another amount than our transfers' or the post offices', told twice, unknown."""

_CASH = f"""
    select 'not_credited', 'not_credited:cash:' || f.creditor || ':' || f.number, 'eficash', f.day,
           coalesce(sum(l.amount_cents), 0)::bigint, coalesce(sum(l.amount_cents), 0)::bigint, null::bigint, 0, 0, 0, 0,
           null::bigint, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint
      from treasury_contract k
      join cash_returnfile f on f.creditor = k.number and f.status = 'read'
      join cash_line l on l.file_id = f.id and l.first
     where k.crous_id = %(crous)s and k.rail = 'eficash' and k.superseded_at is null and f.day < %(today)s
       and not exists (select from treasury_entry e where e.match = 'cash' and e.match_id = f.id)
       and not exists (select from treasury_entry e where e.crous_id = k.crous_id and not e.notice
           and e.refs @> array['EFICASH-' || f.creditor || '-' || f.number]::varchar[])
       and {_until("f.day", "k.within_days")} < %(today)s
     group by f.id
"""  # noqa: S608 - our own statement
"""Days at the post offices that the bank has not credited in time."""

_RUNS = """
    select 'missing_at_bank', 'missing_at_bank:file:' || f.message_id, '', (f.sent_at at time zone %(zone)s)::date,
           sum(l.amount_cents)::bigint, sum(l.amount_cents)::bigint, null::bigint, 0, 0, 0, 0, null::bigint,
           null::bigint, null::bigint, null::bigint, null::bigint, null::bigint
      from payouts_runfile f join payouts_line l on l.file_id = f.message_id
     where f.crous_id = %(crous)s and f.sent_at < ((%(run_late_on)s + 1)::timestamp at time zone %(zone)s)
       and l.withdrawn_at is null and l.debited_at is null and l.failed_at is null
       and exists (select from treasury_statement t where t.crous_id = f.crous_id and not t.notice
                      and t.loaded_at is not null and t.day > (f.sent_at at time zone %(zone)s)::date)
     group by f.message_id, f.sent_at
"""
"""Files of transfers sent to the bank, that its statements have not debited since."""

_CHAIN = """
    select 'chain_broken', 'chain_broken:statement:' || t.account_id || ':' || t.number || ':' || t.day, '', t.day,
           abs(t.opening_cents - t.before), t.before, t.opening_cents, 0, 0, 0, 0, null::bigint, null::bigint,
           null::bigint, null::bigint, null::bigint, t.id
      from (select t.*, lag(t.closing_cents) over (partition by t.account_id order by t.day, t.sequence, t.number)
                   as before
              from treasury_statement t
             where t.crous_id = %(crous)s and t.loaded_at is not null and not t.notice) t
     where t.before <> t.opening_cents
"""
"""Statements that do not begin where the one before ended: one is missing between them."""

_PARTS = (
    _LINES, _CAPTURES, _REFUNDS, _OFF_DAY_LINES, _CREDITS, _LATE_CREDITS, _UNCREDITED, _FEES, _ENTRIES, _CASH,
    _RUNS, _CHAIN,
)  # fmt: skip
FINDINGS = f"with {_OPEN_LINES}, {_TOLD_CREDITS} " + " union all ".join(_PARTS)
