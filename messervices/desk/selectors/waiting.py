"""What waits for an agent: the piles of the services, the numbers to decide, the bank's unexplained notices."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from messervices.desk import rules, states
from messervices.foundations.cash import selectors as cash
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.models import OutsideEvent, Refund
from messervices.foundations.payouts import selectors as payouts
from messervices.foundations.payouts.states import SEE as SEE_PAYOUTS
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Identifier, IdentifierCase, Person
from messervices.foundations.students.states import HOLDING
from messervices.foundations.treasury import selectors as treasury
from messervices.foundations.treasury.states import SEE as SEE_TREASURY
from messervices.kernel import manifest
from messervices.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Queue:
    """One pile of work: how many files wait, and where they are."""

    name: manifest.Text
    count: int
    url_name: str
    icon: str = "list"


def queues_of(actor: Actor) -> list[Queue]:
    """Give the piles of the services that the agent has a right on (one query each)."""
    return [
        Queue(queue.name, int(manifest.call(queue.count)(actor)), queue.url_name, service.icon)
        for service in manifest.services()
        for queue in service.desk_queues
        if actor.may(queue.right)
    ]


def cases_of(actor: Actor, limit: int) -> list[IdentifierCase]:
    """The numbers to decide, oldest first, one more than ``limit`` when there are more (one query)."""
    if not actor.may(states.Right.DECIDE_CASE):
        return []
    return list(students.cases_waiting(actor)[: limit + 1])


def case_for(number: int, actor: Actor) -> IdentifierCase | None:
    """A case, open or decided, of a person that the agent follows (one query)."""
    case = IdentifierCase.objects.filter(pk=number).select_related("person", "identifier").first()
    if case is None or not rules.may_see(actor.crous_ids, case.person.crous_ids, national=actor.national):
        return None
    return case


def other_holder(case: IdentifierCase, actor: Actor) -> Person | None:
    """Whoever holds the number, when the agent follows them too; ``None`` tells nothing of who they are."""
    held = Identifier.objects.filter(value=case.identifier.value, status__in=HOLDING).exclude(person=case.person_id)
    ids = list(held.values_list("person_id", flat=True))
    found = students.persons_by_ids(ids, actor) if ids else []
    return found[0] if found else None


def bank_waiting(actor: Actor) -> Queue | None:
    """How many notices and refunds of the bank wait for an accountant (one query); ``None`` for anybody else."""
    if not actor.may(states.CLOSE_EVENT):
        return None
    return Queue(_("Banque"), payments.count_waiting(actor), "desk:bank", "card")


def cash_waiting(actor: Actor) -> Queue | None:
    """How many sums of the post offices wait for an agent (one query); ``None`` for whoever does not decide on them."""
    if not actor.may(states.CASH_LINES):
        return None
    return Queue(_("Espèces à La Poste"), cash.count_waiting(actor), "desk:cash", "cash")


def payouts_queue(actor: Actor) -> Queue | None:
    """How many payouts, runs and answers wait for an agent (one query); ``None`` for who may not see them."""
    if not actor.may(SEE_PAYOUTS):
        return None
    return Queue(_("Virements"), payouts.count_waiting(actor), "desk:payouts", "euro")


def treasury_waiting(actor: Actor) -> Queue | None:
    """How many things do not fit and wait for an accountant (one query); ``None`` for who does not follow the money."""
    if not actor.may(SEE_TREASURY):
        return None
    return Queue(_("Trésorerie"), treasury.count_mismatches(actor), "desk:treasury", "scale")


def event_for(pk: int, actor: Actor) -> OutsideEvent | None:
    """A notice of the bank that the agent may see, with its attempt and order; not its raw bytes (one query)."""
    rows = OutsideEvent.objects.filter(pk=pk, crous_id__in=actor.scope.crous).defer("raw")
    return rows.select_related("attempt__order").first()


def refund_for(pk: int, actor: Actor) -> Refund | None:
    """Money on its way back at the agent's Crous, with its order (one query)."""
    rows = Refund.objects.filter(pk=pk, crous_id__in=actor.scope.crous)
    return rows.select_related("capture__order").first()
