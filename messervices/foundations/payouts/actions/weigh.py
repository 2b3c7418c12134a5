"""What speaks against paying: asked when a payout is ordered, again when it is confirmed, again before it leaves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.payouts.states import PAYOUT_STEPS, PayoutStatus
from messervices.kernel.action import inside_action
from messervices.kernel.scope import EVERY, Scope, acting_as

EVERYWHERE = Scope("payouts", crous=EVERY)
"""Bank details follow a person who may have moved to another Crous since; and the same IBAN is looked for everywhere:
the answer is only ever "shared" or not."""

_A_TIME = 5000


@dataclass(frozen=True, slots=True)
class Weighed:
    """What speaks against a payout, and whether its details are blocked."""

    why: list[str]
    frozen: bool


def details_of(details_id: UUID) -> BankDetails:
    """Give bank details by their key, wherever their owner is followed. Raises ``BankDetails.DoesNotExist``."""
    with acting_as(EVERYWHERE):
        return BankDetails.objects.get(pk=details_id)


def weigh(payout: Payout, now: datetime) -> Weighed:
    """Weigh one payout (two queries)."""
    return weigh_all([payout], now)[payout.pk]


def weigh_all(payouts: Iterable[Payout], now: datetime) -> dict[int, Weighed]:
    """Weigh payouts, by their key (two queries for five thousand)."""
    every = list(payouts)
    found: dict[int, Weighed] = {}
    with acting_as(EVERYWHERE):
        for first in range(0, len(every), _A_TIME):
            found |= _weigh_some(every[first : first + _A_TIME], now)
    return found


def _weigh_some(payouts: list[Payout], now: datetime) -> dict[int, Weighed]:
    columns = ("pk", "fingerprint", "usable_from", "frozen_at", "lifted_at", "resembles")
    details = BankDetails.objects.filter(pk__in={payout.details_id for payout in payouts}).values_list(*columns)
    known = {row[0]: (bytes(row[1]), *row[2:]) for row in details}
    owners = BankDetails.objects.filter(fingerprint__in={row[0] for row in known.values()})
    counted = owners.values_list("fingerprint").annotate(
        owners=Count("person", distinct=True) + Count("establishment", distinct=True)
    )
    shared = {bytes(print_) for print_, owners in counted.filter(owners__gt=1)}
    found = {}
    for payout in payouts:
        print_, usable_from, frozen_at, lifted_at, resembles = known[payout.details_id]
        account = rules.Account(
            usable_from=usable_from,
            ever_frozen=frozen_at is not None or lifted_at is not None,
            shared=print_ in shared,
            resembles=resembles,
        )
        limit = settings.PAYOUT_SECOND_PERSON_CENTS
        why = rules.reasons_to_wait(payout.amount_cents, account, limit_cents=limit, now=now)
        found[payout.pk] = Weighed(why, frozen_at is not None)
    return found


@inside_action
def hold(payout: Payout, weighed: Weighed, *, step: str = "hold") -> None:
    """Make a payout wait, or be ready when nothing speaks against it; a confirmation given before no longer counts."""
    payout.status = PAYOUT_STEPS.target(step, payout.status)
    payout.why, payout.approved_at, payout.approved_by_id = weighed.why, None, None
    if not weighed.why and not weighed.frozen:
        payout.status = PAYOUT_STEPS.target("cool", payout.status)
    payout.save(update_fields=["status", "why", "approved_at", "approved_by_id", "details"])


def is_here(payout: Payout) -> bool:
    """Tell whether a payout is not in any file, and not to be sent again: it may follow new bank details at once."""
    return payout.status in {PayoutStatus.WAITING, PayoutStatus.READY}
