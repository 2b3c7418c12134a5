"""The payer's link: where it stands for the student, and the little that its holder is told."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from messervices.foundations.payments import rules
from messervices.foundations.payments.models import Attempt, Capture, Order, PayerLink
from messervices.foundations.payments.selectors.orders import order_of
from messervices.foundations.payments.states import LINK_LIVE, LINK_OVER, LIVE, LinkStatus
from messervices.foundations.students.rules import first_of
from messervices.kernel import clock
from messervices.kernel.scope import EVERY, Scope, acting_as

_BY_TOKEN = Scope("payments.payer_link", crous=EVERY)
"""A link is found by its secret, whoever opens it; what is done with it is done in the scope of its one student."""


@cache
def _delays() -> tuple[rules.Delay, ...]:
    """Read the dated delays of this room."""
    with (Path(__file__).parents[1] / "data" / "delays.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            rules.Delay(row["kind"], date.fromisoformat(row["since"]), timedelta(hours=int(row["hours"])))
            for row in csv.DictReader(file)
        )


def link_lasts(at: datetime) -> timedelta:
    """Give how long a link made at an instant lives (``data/delays.csv``)."""
    return rules.delay_in_force(_delays(), "payer_link", at.date())


def live_link(order_id: int) -> PayerLink | None:
    """Give the one link of an order that is live; its end may have passed since."""
    return PayerLink.objects.filter(order_id=order_id, status__in=LINK_LIVE).first()


def link_address(link: PayerLink) -> str:
    """Give the address to send, absolute; "" when our key has changed since, and it cannot be made again."""
    token = rules.link_token(str(link.uuid), settings.SECRET_KEY)
    if not constant_time_compare(rules.secret_hash(token), link.token_hash):
        return ""
    return f"{settings.SITE_URL}{reverse('pay:payer', args=[token])}"


def _seconds_left(end: datetime, at: datetime) -> int:
    return max(0, int((end - at).total_seconds()))


@dataclass(frozen=True, slots=True)
class LinkStanding:
    """Where an order's link stands, for the student: the last one made, if there is one.

    ``state`` is ``none`` or one of ``LinkStatus``, ``expired`` as soon as its end has passed and nobody is paying;
    ``attempt`` is its last try, ``address`` what to send while it is live; ``at`` is the instant that decides.
    """

    order: Order
    state: str
    at: datetime
    link: PayerLink | None = None
    attempt: Attempt | None = None
    address: str = ""

    @property
    def is_live(self) -> bool:
        """Whether somebody may still pay by it, or is paying."""
        return self.state in LINK_LIVE

    @property
    def is_being_paid(self) -> bool:
        """Whether the person is at the bank, or the bank has not decided."""
        return self.attempt is not None and self.attempt.status in LIVE

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the end, by the clock that decides; 0 when it has passed."""
        return _seconds_left(self.link.expires_at, self.at) if self.link else 0

    @property
    def shown(self) -> str:
        """One word for what the page says, so that it is drawn again when that changes."""
        return f"{self.state}-{self.attempt.status}" if self.is_live and self.attempt else self.state


def link_standing_of(uuid: UUID, person_id: int) -> LinkStanding:
    """Tell where the link of a person's order stands (four queries). Raises ``Order.DoesNotExist`` for another's."""
    order, at = order_of(uuid, person_id), clock.by_database()
    link = PayerLink.objects.filter(order=order).order_by("-pk").first()
    if link is None:
        return LinkStanding(order, "none", at)
    attempt = Attempt.objects.filter(link=link).order_by("-rank").first()
    standing = LinkStanding(order, link.status, at, link, attempt)
    if standing.is_live and at >= link.expires_at and not standing.is_being_paid:
        return LinkStanding(order, LinkStatus.EXPIRED, at, link, attempt)
    return LinkStanding(order, link.status, at, link, attempt, link_address(link) if standing.is_live else "")


def link_by_token(token: str) -> PayerLink | None:
    """Find the link of a secret, with its order and person; ``None`` for a secret that is none (one query)."""
    with acting_as(_BY_TOKEN):
        return _with_order().filter(token_hash=rules.secret_hash(token)).first() if token else None


def link_by_uuid(uuid: UUID) -> PayerLink | None:
    """Find a link by its number, by which the bank sends a payer back: nothing is shown to who knows that alone."""
    with acting_as(_BY_TOKEN):
        return _with_order().filter(uuid=uuid).first()


def _with_order() -> QuerySet[PayerLink]:
    return PayerLink.objects.select_related("order__person")


def is_theirs(link: PayerLink, payer_key: str) -> bool:
    """Tell whether this browser, by what it holds (``payer_key``, "" for nothing), began the link's last payment."""
    return bool(payer_key) and constant_time_compare(rules.secret_hash(payer_key), link.payer_key_hash)


def first_name_of(link: PayerLink) -> str:
    """Give the first first name of the student who asks."""
    return first_of(link.order.person.first_names)


@dataclass(frozen=True, slots=True)
class PayerSight:
    """All that the holder of a link is told, and no more: whose first name, how much, what for, until when.

    ``kind`` names the service that sells, for its own words on what is paid; ``tried`` is the status of the last try.
    """

    state: rules.PayerState
    first_name: str
    amount_cents: int
    label: str
    kind: str
    expires_at: datetime
    at: datetime
    tried: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether news may come by itself."""
        return self.state in {rules.PayerState.BUSY, rules.PayerState.BEGUN, rules.PayerState.UNCONFIRMED}

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the end, by the clock that decides; 0 when it has passed."""
        return _seconds_left(self.expires_at, self.at)


def payer_sight(link: PayerLink, payer_key: str) -> PayerSight:
    """Say what a link's holder sees, in the scope of its student (two queries, three for who paid too late)."""
    at = clock.by_database()
    attempt = Attempt.objects.filter(link=link).order_by("-rank").first()
    tried, theirs = attempt.status if attempt else "", is_theirs(link, payer_key)
    state = rules.payer_state(
        link.status,
        tried,
        is_late=at >= link.expires_at,
        is_theirs=theirs,
        has_surplus=link.status in LINK_OVER
        and theirs
        and Capture.objects.filter(attempt__link=link, surplus=True).exists(),
    )
    return PayerSight(
        state=state,
        first_name=first_name_of(link),
        amount_cents=link.order.amount_cents,
        label=link.order.label,
        kind=link.order.kind,
        expires_at=link.expires_at,
        at=at,
        tried=tried,
    )


@dataclass(frozen=True, slots=True)
class PayerReceipt:
    """What proves to a payer that they paid: no INE, no birth date, no address of the student."""

    first_name: str
    label: str
    number: str
    crous: str
    timezone: str
    amount_cents: int
    rail: str
    rail_tx_id: str
    paid_at: datetime


def payer_receipt(link: PayerLink, payer_key: str) -> PayerReceipt | None:
    """Give the receipt to the browser that paid; ``None`` to anybody else (one query)."""
    if link.status != LinkStatus.PAID or not is_theirs(link, payer_key):
        return None
    money = Capture.objects.select_related("order__crous").get(attempt__link=link, surplus=False)
    return PayerReceipt(
        first_name=first_name_of(link),
        label=link.order.label,
        number=link.order.number,
        crous=money.order.crous.name,
        timezone=money.order.crous.timezone,
        amount_cents=money.amount_cents,
        rail=money.get_rail_display(),
        rail_tx_id=money.rail_tx_id,
        paid_at=money.taken_at,
    )


def links_to_end(limit: int = 200) -> list[int]:
    """Give the numbers of live links whose end has passed by the database's clock, the oldest first (two queries)."""
    late = PayerLink.objects.filter(status__in=LINK_LIVE, expires_at__lte=clock.by_database())
    return list(late.order_by("expires_at").values_list("pk", flat=True)[:limit])
