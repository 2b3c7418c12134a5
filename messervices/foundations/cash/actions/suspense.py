"""Money that nothing explains yet waits in suspense: it is in the books, and in nobody's account."""

from datetime import datetime

from messervices.foundations.cash.states import RAIL
from messervices.foundations.ledger.actions import mirror, post
from messervices.foundations.payments.providers import rail_named
from messervices.kernel.action import inside_action

ACCOUNT = "cash:suspense"
"""What post offices took and no order explains. It must come back to nothing."""


def _key(operation: str) -> str:
    return f"cash:suspense:{operation}"


@inside_action
def hold(*, operation: str, amount_cents: int, now: datetime) -> None:
    """Put an operation's money in suspense, once."""
    post(
        key=_key(operation),
        debit=rail_named(RAIL).receivable,
        credit=ACCOUNT,
        amount_cents=amount_cents,
        at=now,
        reason="La Poste, à rapprocher",
    )


@inside_action
def release(*, operation: str, reason: str, now: datetime) -> None:
    """Take it out again, once: it goes to an order by its own capture, or La Banque Postale has taken it back."""
    mirror(key=_key(operation), at=now, reason=reason)
