"""Sharings out, in the situations that tests speak of."""

import random
from datetime import UTC, datetime

from django.db import transaction

from messervices.foundations.crous.models import Establishment
from messervices.foundations.ledger.actions import post
from messervices.foundations.payouts.actions import tell_own_details
from messervices.foundations.payouts.tests.factories import IBANS
from messervices.kernel.actor import Actor
from messervices.services.cvec import actions, rules
from messervices.services.cvec.models import Acquittement, Sharing
from messervices.services.cvec.tests.factories import NOW, YEAR, referent
from messervices.services.cvec.tests.rolls import (
    AUTUMN,
    LYON_1,
    UVSQ,
    certified,
    file_in,
    line_of,
)

JANUARY, JUNE = datetime(2027, 1, 10, 9, 0, tzinfo=UTC), datetime(2027, 6, 5, 9, 0, tzinfo=UTC)
RIGHTS = ("cvec:share:prepare", "cvec:share:review")


def agent(user_id: int, *crous_ids: int, rights: tuple[str, ...] = RIGHTS) -> Actor:
    return Actor(
        kind="agent", user_id=user_id, label=f"Agent {user_id}", crous_ids=crous_ids, rights=frozenset(rights),
        national=not crous_ids,
    )  # fmt: skip


MAKER, CHECKER = agent(1), agent(2)


def take(cents: int, slug: str = "versailles") -> None:
    """Have a Crous take in some money."""
    with transaction.atomic():
        key = f"test:{slug}:{random.random()}"
        account = rules.collected_account(YEAR, slug)
        post(key=key, debit="psp:test:receivable", credit=account, amount_cents=cents, at=NOW, reason="x")


def draw(kind: str, now: datetime, by: Actor = MAKER) -> Sharing:
    sharing = actions.draw_sharing(by=by, year=YEAR, kind=kind, now=now)
    actions.count_sharing(sharing_id=sharing.pk, now=now)
    return Sharing.objects.get(pk=sharing.pk)


def settle(kind: str, now: datetime) -> Sharing:
    """Draw, review, make final, and order what can be."""
    sharing = draw(kind, now)
    for _twice in range(2):
        actions.review_sharing(by=CHECKER, sharing_id=sharing.pk, now=now)
    for _twice in range(2):
        actions.finalise_sharing(by=MAKER, sharing_id=sharing.pk, now=now)
    for _twice in range(2):
        actions.pay_shares(sharing_id=sharing.pk, now=now)
    return Sharing.objects.get(pk=sharing.pk)


def lists() -> list[Acquittement]:
    """Two establishments: three students of one, two of the other, one of both."""
    mine, hers, both = certified(3), certified(2), certified(1)
    file_in(*(line_of(one) for one in [*mine, *both]))
    file_in(*(line_of(one, LYON_1) for one in [*hers, *both]), uai=LYON_1)
    return [*mine, *hers, *both]


def give_account(uai: str = UVSQ) -> None:
    user = referent(uai)
    by = Actor(kind="establishment", user_id=user.pk, label=user.label)
    name = Establishment.objects.get(pk=uai).name
    tell_own_details(iban=IBANS["fr"], holder=name, by=by, now=AUTUMN, establishment_uai=uai)
