"""Orders, tries, what banks told us, what goes back: what a page, the desk or a job asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, Value

from messervices.foundations.payments import rules
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.selectors.means import Means, means_now, rails_out
from messervices.foundations.payments.states import (
    LIVE,
    WAITING_FOR_AGENT,
    AttemptStatus,
    EventStatus,
    OrderStatus,
    RefundStatus,
)
from messervices.kernel.actor import Actor

UNREAD_FOR = timedelta(minutes=2)
STUCK_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands, for its page: ``state`` is one of the words below, ``attempt`` the last one.

    ``to_pay`` (never tried), ``begun``, ``unconfirmed``, ``doubtful``, ``refused``, ``abandoned``, ``left`` (given up
    for another way, and still asked about), ``expired``, ``paid``, ``cancelled``.
    """

    order: Order
    state: str
    attempt: Attempt | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether news may come by itself."""
        return self.state in {"begun", "unconfirmed"}

    @property
    def is_by_link(self) -> bool:
        """Whether it is somebody else, with a link of the student's, who is paying now."""
        return self.state in LIVE and self.attempt is not None and self.attempt.link_id is not None


def order_of(uuid: UUID, person_id: int) -> Order:
    """Give a person's order. Raises ``Order.DoesNotExist`` for anybody else's."""
    return Order.objects.get(uuid=uuid, person_id=person_id)


def standing_of(uuid: UUID, person_id: int) -> Standing:
    """Tell where a person's order stands (two queries). Raises ``Order.DoesNotExist`` for anybody else's."""
    # The try first: if the bank's word is settled between the two reads, the order says what is true in the end.
    attempt = Attempt.objects.filter(order__uuid=uuid, person_id=person_id).order_by("-rank").first()
    order = order_of(uuid, person_id)
    if order.status != OrderStatus.OPEN:
        return Standing(order, order.status, attempt)
    if attempt is None:
        return Standing(order, "to_pay")
    if attempt.status == AttemptStatus.ABANDONED and attempt.ask_at is not None:
        return Standing(order, "left", attempt)
    return Standing(order, attempt.status, attempt)


def other_means(standing: Standing) -> list[Means]:
    """List the ways of paying that are open while the bank of the try under way is silent, or was none.

    Nothing is offered to who came back from the bank: they may have paid.
    """
    if standing.state not in {"to_pay", "begun", "refused", "abandoned", "expired", "left"}:
        return []
    live = standing.attempt.rail if standing.attempt is not None and standing.state == "begun" else ""
    return [one for one in means_now(standing.order.amount_cents, without=live) if one.is_open]


def live_attempt(order_id: int) -> Attempt | None:
    """Give the one attempt of an order whose outcome is not known yet."""
    return Attempt.objects.filter(order_id=order_id, status__in=LIVE).first()


def attempt_of(attempt_id: int) -> Attempt:
    """Give an attempt with its order."""
    return Attempt.objects.select_related("order").get(pk=attempt_id)


def means_of(order_id: int) -> str:
    """Say how the money that paid an order came, in words for its payer; "" while none has (one query)."""
    money = Capture.objects.filter(order_id=order_id, surplus=False).only("rail").first()
    return money.means if money else ""


def payments_of(person_id: int, seen_by: Actor | None = None) -> list[Order]:
    """List a person's orders, newest first, with ``tries`` and ``money`` (captures and their refunds): four queries.

    For an agent, only those of their Crous.
    """
    orders = Order.objects.filter(person_id=person_id)
    if seen_by is not None and not seen_by.national:
        orders = orders.filter(crous_id__in=seen_by.crous_ids)
    money = Capture.objects.order_by("pk").prefetch_related("refunds")
    tries = Attempt.objects.order_by("rank")
    return list(
        orders.prefetch_related(
            Prefetch("attempts", queryset=tries, to_attr="tries"), Prefetch("captures", queryset=money, to_attr="money")
        ).order_by("-created_at", "-pk")
    )


def _waiting(actor: Actor, status: EventStatus) -> QuerySet[OutsideEvent]:
    return OutsideEvent.objects.filter(crous_id__in=actor.scope.crous, status=status).defer("raw")


def events_unrecognised(actor: Actor, limit: int = 50) -> list[OutsideEvent]:
    """List authentic notices for which we know no order, oldest first. Nobody's Crous: the national desk sees them."""
    return list(_waiting(actor, EventStatus.UNKNOWN).order_by("received_at")[:limit])


def incidents(actor: Actor, limit: int = 50) -> list[OutsideEvent]:
    """List notices that do not fit their order (other amount, money taken back), oldest first, with the attempt."""
    found = _waiting(actor, EventStatus.INCIDENT).select_related("attempt__order")
    return list(found.order_by("received_at")[:limit])


def _under_way(actor: Actor) -> QuerySet[Refund]:
    ended = [RefundStatus.GIVEN, RefundStatus.MOVED]
    return Refund.objects.filter(crous_id__in=actor.scope.crous).exclude(status__in=ended)


def surplus_refunds(actor: Actor, limit: int = 50) -> list[Refund]:
    """List the payments made twice whose money is not back on the card yet, oldest first, with their orders."""
    return list(_under_way(actor).select_related("capture__order").order_by("queued_at")[:limit])


def count_waiting(actor: Actor) -> int:
    """Count the notices, known and unknown, and the refunds that wait for an accountant (one query)."""
    notices = OutsideEvent.objects.filter(crous_id__in=actor.scope.crous, status__in=WAITING_FOR_AGENT)
    return notices.values(one=Value(1)).union(_under_way(actor).values(one=Value(1)), all=True).count()


def count_stuck(now: datetime) -> int:
    """Count authentic notices that could not be read for a quarter of an hour: something is broken."""
    return OutsideEvent.objects.filter(status=EventStatus.NEW, received_at__lt=now - STUCK_FOR).count()


def unread_events(now: datetime, limit: int = 500) -> list[int]:
    """Give the numbers of notices that no job has read for two minutes, oldest first."""
    found = OutsideEvent.objects.filter(status=EventStatus.NEW, received_at__lt=now - UNREAD_FOR)
    return list(found.order_by("received_at").values_list("pk", flat=True)[:limit])


def attempts_to_ask(now: datetime, limit: int = 200) -> list[int]:
    """Give the numbers of attempts whose time to ask has come, live or given up, the longest waiting first.

    Those of a bank that is out wait until it answers again.
    """
    found = Attempt.objects.filter(ask_at__lte=now).exclude(rail__in=rails_out(now))
    return list(found.order_by("ask_at").values_list("pk", flat=True)[:limit])


def refunds_to_drive(now: datetime, limit: int = 200) -> list[int]:
    """Give the numbers of refunds that wait, or were asked for without an answer, for five minutes."""
    late = now - rules.LEASE
    asleep = Q(status=RefundStatus.QUEUED, queued_at__lt=late) | Q(status=RefundStatus.SENDING, sent_at__lt=late)
    return list(Refund.objects.filter(asleep).order_by("queued_at").values_list("pk", flat=True)[:limit])
