"""Naming what does not fit: one statement finds all of it, another brings the table level with what was found.

What was found before and is no longer there is ``cleared``; what an agent has explained stays explained. Each finding
has a key made of the bank's and the rail's own names, so that the order in which files came does not show.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from messervices.foundations.crous import selectors as crous
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.actions.match.undo import undo_explained
from messervices.foundations.treasury.actions.match.wanted import FINDINGS
from messervices.foundations.treasury.models import Contract
from messervices.kernel.action import inside_action

_COLUMNS = (
    "kind", "key", "rail", "since", "amount_cents", "expected_cents", "found_cents", "captured_cents", "line_cents",
    "entry_cents", "credit_cents", "capture_id", "refund_id", "line_id", "settlement_id", "entry_id", "statement_id",
)  # fmt: skip
_NAMES = ", ".join(_COLUMNS)
_FOLLOW = ", ".join(
    f"{name} = case when m.status in ('open', 'cleared') then excluded.{name} else m.{name} end"
    for name in _COLUMNS
    if name != "key"
)
_LEVEL = f"""
    insert into treasury_mismatch as m ({_NAMES}, crous_id, status, found_at, reason, by_label, second_label, posted,
        rounds)
    select {_NAMES}, %(crous)s, 'open', %(now)s, '', '', '', false, 0 from treasury_found
    on conflict (crous_id, key) do update set {_FOLLOW},
        status = case when m.status = 'cleared' then 'open' else m.status end,
        ended_at = case when m.status = 'cleared' then null else m.ended_at end
"""  # noqa: S608 - our own columns
_CLEAR = """
    update treasury_mismatch m set status = 'cleared', ended_at = %(now)s
     where m.crous_id = %(crous)s and m.status in ('open', 'proposed')
       and not exists (select from treasury_found f where f.key = m.key)
"""


@inside_action
def find_mismatches(*, crous_id: int, now: datetime) -> int:
    """Bring the mismatches of a Crous level with its books; gives how many are not explained."""
    undo_explained(crous_id=crous_id, now=now)
    told = told_of(crous_id, now)
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table treasury_found on commit drop as {FINDINGS}", told)
        cursor.execute(_LEVEL, told)
        cursor.execute(_CLEAR, told)
        cursor.execute("drop table treasury_found")
        cursor.execute(
            "select count(*) from treasury_mismatch where crous_id = %(crous)s and status in ('open', 'proposed')", told
        )
        return int(cursor.fetchone()[0])


def told_of(crous_id: int, now: datetime) -> dict[str, Any]:
    """Give what the statement of findings needs: the day, and until when each rail's money may be on its way."""
    zone = crous.crous_of(crous_id).timezone
    today = now.astimezone(ZoneInfo(zone)).date()
    patience: dict[str, int] = {}
    for one in Contract.objects.filter(crous_id=crous_id, superseded_at=None):
        patience[one.rail] = max(patience.get(one.rail, 0), one.settled_within_days)
    rails = sorted(patience)
    return {
        "crous": crous_id,
        "now": now,
        "zone": zone,
        "today": today,
        "known_until": today - timedelta(days=settings.TREASURY_GRACE_DAYS),
        "rails": rails,
        "late_on": [rules.last_late(today, patience[rail]) for rail in rails],
        "run_late_on": rules.last_late(today, settings.TREASURY_RUN_DAYS),
    }
