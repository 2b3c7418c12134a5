"""What an agent sees: what waits for a second person, what is ready, runs, what came back, the bank's answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum, Value

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.models import BankAnswer, BankDetails, Line, Payout, Run, RunFile
from messervices.foundations.payouts.selectors.own import Followed, followed
from messervices.foundations.payouts.states import UNSENT, AnswerStatus, PayoutStatus, Reason, RunStatus
from messervices.kernel.actor import Actor
from messervices.kernel.scope import EVERY, Scope, acting_as

_OF_ANY = Scope("payouts.details", crous=EVERY)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payout at the desk, with the account it goes to and what speaks against it, in words."""

    payout: Payout
    details: BankDetails
    why: list[str]


def _of(actor: Actor, *statuses: str) -> QuerySet[Payout]:
    return Payout.objects.filter(crous_id__in=actor.scope.crous, status__in=statuses)


def _waiting(actor: Actor) -> QuerySet[Payout]:
    """Those for which time alone does nothing."""
    return _of(actor, PayoutStatus.WAITING).exclude(why=[Reason.RECENT])


def payouts_waiting(actor: Actor, limit: int = 50) -> list[Waiting]:
    """Payouts that wait for a second person, oldest first (two queries)."""
    return _with_accounts(list(_waiting(actor).order_by("ordered_at", "pk")[:limit]))


def payouts_returned(actor: Actor, limit: int = 50) -> list[Waiting]:
    """Payouts that came back, oldest first (two queries)."""
    found = _of(actor, PayoutStatus.RETURNED).order_by("returned_at", "pk")[:limit]
    return _with_accounts(list(found))


def _with_accounts(payouts: list[Payout]) -> list[Waiting]:
    """Add the accounts, wherever their owners are followed today: whoever sees the payout sees where it goes."""
    with acting_as(_OF_ANY):
        accounts = BankDetails.objects.in_bulk({payout.details_id for payout in payouts})
    return [
        Waiting(payout, accounts[payout.details_id], [str(Reason(why).label) for why in payout.why])
        for payout in payouts
    ]


@dataclass(frozen=True, slots=True)
class Ready:
    """What a Crous could send now. ``cooling``: how many wait for nothing but time."""

    crous_id: int
    count: int
    sum_cents: int
    cooling: int


def ready_by_crous(actor: Actor) -> list[Ready]:
    """How much is ready at each of the agent's Crous, and how much cools off (one query)."""
    cooling = Q(status=PayoutStatus.WAITING, why=[Reason.RECENT])
    ready = Q(status=PayoutStatus.READY)
    rows = _of(actor, PayoutStatus.READY, PayoutStatus.WAITING).values("crous_id").annotate(
        count=Count("pk", filter=ready), total=Sum("amount_cents", filter=ready), cooling=Count("pk", filter=cooling)
    ).order_by("crous_id")  # fmt: skip
    return [
        Ready(row["crous_id"], row["count"], row["total"] or 0, row["cooling"])
        for row in rows
        if row["count"] or row["cooling"]
    ]


@dataclass(frozen=True, slots=True)
class Picture:
    """A payout in full at the desk."""

    story: Followed
    details: BankDetails
    why: list[str]

    @property
    def payout(self) -> Payout:
        """The payout itself."""
        return self.story.payout


def payout_for(uuid: UUID, actor: Actor) -> Picture | None:
    """A payout of the agent's Crous, with its story and account; ``None`` for anybody else's (three queries)."""
    lines = Line.objects.filter(withdrawn_at=None).select_related("file").defer("file__content_sealed").order_by("rank")
    found = Payout.objects.filter(uuid=uuid, crous_id__in=actor.scope.crous).select_related("person", "establishment")
    payout = found.prefetch_related(Prefetch("lines", queryset=lines, to_attr="story")).first()
    if payout is None:
        return None
    waiting = _with_accounts([payout])[0]
    payout.details = waiting.details
    return Picture(followed(payout), waiting.details, waiting.why)


def runs_of(actor: Actor, limit: int = 30) -> list[Run]:
    """The agent's Crous's runs, newest first (one query)."""
    return list(Run.objects.filter(crous_id__in=actor.scope.crous).select_related("crous").order_by("-pk")[:limit])


def run_for(pk: int, actor: Actor) -> Run | None:
    """A run of the agent's Crous with its files (without their bytes) and signatures (three queries)."""
    files = RunFile.objects.defer("content_sealed").order_by("rank")
    runs = Run.objects.filter(pk=pk, crous_id__in=actor.scope.crous).select_related("crous")
    return runs.prefetch_related(Prefetch("files", queryset=files), "signatures").first()


def lines_of(run: Run, limit: int = 100) -> list[Line]:
    """The first lines of a run, with their payouts."""
    return list(Line.objects.filter(run=run).select_related("payout").order_by("pk")[:limit])


def tally_of(run: Run) -> dict[str, int]:
    """Count what is known of a run's lines: accepted, paid, failed (one query)."""
    paid = Q(settled_at__isnull=False) | Q(debited_at__isnull=False)
    return Line.objects.filter(run=run, withdrawn_at=None).aggregate(
        accepted=Count("pk", filter=Q(accepted_at__isnull=False)),
        paid=Count("pk", filter=paid & Q(failed_at=None)),
        failed=Count("pk", filter=Q(failed_at__isnull=False)),
    )


def answers_waiting(actor: Actor, limit: int = 50) -> list[BankAnswer]:
    """The bank's answers that nothing explains, oldest first (one query)."""
    return list(_puzzling(actor).defer("content_sealed").order_by("received_at")[:limit])


def _puzzling(actor: Actor) -> QuerySet[BankAnswer]:
    puzzling = [AnswerStatus.UNKNOWN, AnswerStatus.UNREADABLE]
    return BankAnswer.objects.filter(crous_id__in=actor.scope.crous, status__in=puzzling)


def count_waiting(actor: Actor) -> int:
    """Count the payouts that wait or came back, the runs to sign and the answers that puzzle, together (one query)."""
    lacking = [RunStatus.DRAFTED, RunStatus.SIGNED_ONCE]
    runs = Run.objects.filter(crous_id__in=actor.scope.crous, status__in=lacking)
    piles = (_waiting(actor), _of(actor, PayoutStatus.RETURNED), runs, _puzzling(actor))
    first, *others = (pile.values(one=Value(1)) for pile in piles)
    return first.union(*others, all=True).count()


def answer_for(pk: UUID, actor: Actor) -> BankAnswer | None:
    """An answer of the bank that the agent may see, without its bytes."""
    return BankAnswer.objects.filter(pk=pk, crous_id__in=actor.scope.crous).defer("content_sealed").first()


def lines_to_follow() -> bool:
    """Tell whether a payout has not followed its line yet."""
    return Line.objects.filter(behind=True).exists()


def runs_to_write(now: datetime) -> list[int]:
    """Give the runs whose files no job has written."""
    late = Run.objects.filter(status=RunStatus.DRAFTED, written_at=None, gathered_at__lt=now - rules.LATE)
    return list(late.order_by("pk").values_list("pk", flat=True))


def answers_to_read(now: datetime) -> list[str]:
    """Give the answers that no job has read."""
    late = BankAnswer.objects.filter(status=AnswerStatus.NEW, received_at__lt=now - rules.LATE)
    return [str(pk) for pk in late.order_by("received_at").values_list("pk", flat=True)]


def is_unsent(run: Run) -> bool:
    """Tell whether a run may still be given up, as far as its status says."""
    return run.status in UNSENT
