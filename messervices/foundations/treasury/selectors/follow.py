"""Follow this euro: from a line of the ledger, of a settlement or of the bank to the click, and back."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from messervices.foundations.cash.models import Line as CashLine
from messervices.foundations.ledger import selectors as ledger
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payouts.models import Line as PayoutLine
from messervices.foundations.payouts.models import Payout
from messervices.foundations.treasury.models import Entry, Mismatch, Settlement, SettlementLine
from messervices.foundations.treasury.states import Match
from messervices.kernel.actor import Actor

KINDS = ("order", "capture", "refund", "line", "settlement", "entry", "payout", "transfer")
"""What one may follow a euro from."""

PARTS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: its ``kind`` (the desk has a sentence for each), when, and what it says."""

    kind: str
    at: datetime | date | None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several euros that went together: where to go on from, its name and amount."""

    kind: str
    pk: int
    name: str
    cents: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The way of a payment, oldest step first; or, when many went together, ``parts`` to choose from.

    ``person_id`` is whose matter it is, ``None`` when it is many people's: nobody is named then.
    """

    crous_id: int
    order: Order | None
    steps: list[Step]
    person_id: int | None = None
    parts: list[Part] = field(default_factory=list)
    more: bool = False


def chain_of(kind: str, pk: int, actor: Actor) -> Chain | None:
    """Follow from one thing of the agent's Crous; ``None`` when there is none there."""
    find = {
        "order": _from_order, "capture": _from_capture, "refund": _from_refund, "line": _from_line,
        "settlement": _from_settlement, "entry": _from_entry, "payout": _from_payout, "transfer": _from_transfer,
    }.get(kind)  # fmt: skip
    return find(pk, actor) if find else None


def _from_order(pk: int, actor: Actor) -> Chain | None:
    order = Order.objects.filter(pk=pk, crous_id__in=actor.scope.crous).first()
    return _whole(order) if order else None


def _from_capture(pk: int, actor: Actor) -> Chain | None:
    found = Capture.objects.filter(pk=pk, crous_id__in=actor.scope.crous).select_related("order").first()
    return _whole(found.order) if found else None


def _from_refund(pk: int, actor: Actor) -> Chain | None:
    found = Refund.objects.filter(pk=pk, crous_id__in=actor.scope.crous).select_related("capture__order").first()
    return _whole(found.capture.order) if found else None


def _from_line(pk: int, actor: Actor) -> Chain | None:
    line = SettlementLine.objects.filter(pk=pk, crous_id__in=actor.scope.crous).first()
    if line is None:
        return None
    if line.capture_id is not None:
        return _from_capture(line.capture_id, actor)
    if line.refund_id is not None:
        return _from_refund(line.refund_id, actor)
    return Chain(line.crous_id, None, _of_settlement(Settlement.objects.get(pk=line.settlement_id), line))


def _from_settlement(pk: int, actor: Actor) -> Chain | None:
    settlement = Settlement.objects.filter(pk=pk, crous_id__in=actor.scope.crous, loaded_at__isnull=False).first()
    if settlement is None:
        return None
    lines = list(SettlementLine.objects.filter(settlement=settlement).order_by("number")[: PARTS + 1])
    parts = [Part("line", line.pk, line.tx_id or line.attempt, line.amount_cents) for line in lines[:PARTS]]
    return Chain(settlement.crous_id, None, _of_settlement(settlement), parts=parts, more=len(lines) > PARTS)


def _from_entry(pk: int, actor: Actor) -> Chain | None:
    entry = Entry.objects.filter(pk=pk, crous_id__in=actor.scope.crous).select_related("statement").first()
    if entry is None:
        return None
    if entry.match == Match.SETTLEMENT:
        return _from_settlement(entry.match_id or 0, actor)
    if entry.match in {Match.PAYOUT, Match.RETURN}:
        return _from_payout(entry.match_id or 0, actor)
    parts: list[Part] = []
    if entry.match == Match.RUN:
        carried = PayoutLine.objects.filter(run_id=entry.match_id or 0, crous_id=entry.crous_id).order_by("pk")
        parts = [Part("payout", one.payout_id, one.number, -one.amount_cents) for one in carried[: PARTS + 1]]
    elif entry.match == Match.CASH:
        taken = CashLine.objects.filter(file_id=entry.match_id, crous_id__in=actor.scope.crous, event__isnull=False)
        rows = taken.select_related("notice").order_by("number")[: PARTS + 1]
        parts = [Part("order", one.notice.order_id, one.operation, one.amount_cents) for one in rows if one.notice]
    return Chain(entry.crous_id, None, [_of_entry(entry)], parts=parts[:PARTS], more=len(parts) > PARTS)


def _from_payout(pk: int, actor: Actor) -> Chain | None:
    """A payout goes back to what its payee had paid into the same account, when they had."""
    payout = Payout.objects.filter(pk=pk, crous_id__in=actor.scope.crous).first()
    if payout is None:
        return None
    paid = Order.objects.filter(
        person_id=payout.person_id or 0, credit_account=payout.debit_account, crous_id=payout.crous_id, status="paid"
    )
    order = paid.order_by("-paid_at").first() if payout.person_id else None
    if order is not None:
        return _whole(order)
    return Chain(payout.crous_id, None, _of_payout(payout), payout.person_id)


_NUMBERED = {"settled": "settlement", "fees": "settlement", "entry": "entry"}


def _from_transfer(pk: int, actor: Actor) -> Chain | None:
    """A line of the ledger says by its key what it is about."""
    moved = ledger.transfer_of(pk)
    if moved is None:
        return None
    word, *rest = moved.key.split(":")
    if word in {"capture", "refund"} and len(rest) > 1:
        found = Capture.objects.filter(rail=rest[0], rail_tx_id=rest[1]).values_list("pk", flat=True).first()
        return _from_capture(found, actor) if found else None
    if word == "payout" and rest:
        number = rest[0].partition("-")[0]
        found = Payout.objects.filter(number=number).values_list("pk", flat=True).first()
        return _from_payout(found, actor) if found else None
    if word == "payout-file" and rest:
        return _from_file(rest[0], moved, actor)
    if word == "bank" and rest:
        return _from_statement(int(rest[0]), moved, actor)
    if word == "adjust" and rest:
        return _from_adjustment(int(rest[0]), moved, actor)
    if word in _NUMBERED and rest and rest[0].isdecimal():
        return chain_of(_NUMBERED[word], int(rest[0]), actor)
    return None


def _from_file(message_id: str, moved: ledger.Moved, actor: Actor) -> Chain | None:
    """A file of transfers that left, or was debited, as one sum: its transfers to choose from."""
    carried = PayoutLine.objects.filter(file=message_id, crous_id__in=actor.scope.crous).order_by("pk")[: PARTS + 1]
    parts = [Part("payout", one.payout_id, one.number, one.amount_cents) for one in carried]
    if not parts:
        return None
    return Chain(carried[0].crous_id, None, [_of_moved(moved)], parts=parts[:PARTS], more=len(parts) > PARTS)


def _from_statement(pk: int, moved: ledger.Moved, actor: Actor) -> Chain | None:
    """What a statement brought in one sum: its entries to choose from."""
    entries = Entry.objects.filter(statement=pk, crous_id__in=actor.scope.crous).order_by("number")[: PARTS + 1]
    parts = [Part("entry", one.pk, one.bank_ref, one.amount_cents) for one in entries]
    if not parts:
        return None
    return Chain(entries[0].crous_id, None, [_of_moved(moved)], parts=parts[:PARTS], more=len(parts) > PARTS)


def _from_adjustment(pk: int, moved: ledger.Moved, actor: Actor) -> Chain | None:
    """What an agent wrote to explain a mismatch leads to what did not fit."""
    mismatch = Mismatch.objects.filter(pk=pk, crous_id__in=actor.scope.crous).first()
    if mismatch is None:
        return None
    for kind in ("capture", "refund", "line", "settlement", "entry"):
        number = getattr(mismatch, f"{kind}_id")
        if number is not None:
            return chain_of(kind, number, actor)
    return Chain(mismatch.crous_id, None, [_of_moved(moved)])


def _whole(order: Order) -> Chain:
    """The whole way of an order's money, oldest first."""
    captures = list(Capture.objects.filter(order=order).order_by("pk"))
    refunds = list(Refund.objects.filter(capture__order=order).select_related("capture"))
    steps = [Step("click", order.created_at, {"label": order.label, "cents": order.amount_cents})]
    steps += [
        Step("attempt", one.begun_at, {"rail": one.get_rail_display(), "number": one.number,
                                       "status": one.get_status_display()})
        for one in Attempt.objects.filter(order=order).order_by("rank")
    ]  # fmt: skip
    steps += [
        Step("event", one.received_at, {"effect": one.get_effect_display()})
        for one in OutsideEvent.objects.filter(attempt__order=order).defer("raw").order_by("pk")
    ]
    for one in captures:
        name = {"cents": one.amount_cents, "tx": one.rail_tx_id, "rail": one.get_rail_display()}
        steps.append(Step("surplus" if one.surplus else "capture", one.booked_at, name))
    keys = [f"{word}:{one.rail}:{one.rail_tx_id}" for one in captures for word in ("capture", "refund")]
    steps += [_of_moved(one) for one in ledger.transfers_under(keys)]
    steps += _settled(captures, refunds)
    steps += _cashed(captures)
    steps += [
        Step("refund", one.ended_at or one.queued_at, {"cents": one.amount_cents, "status": one.get_status_display()})
        for one in refunds
    ]
    payouts = Payout.objects.filter(
        person_id=order.person_id, debit_account=order.credit_account, crous_id=order.crous_id
    )
    steps += [step for payout in payouts for step in _of_payout(payout)]
    return Chain(order.crous_id, order, _in_order(steps), order.person_id)


def _settled(captures: list[Capture], refunds: list[Refund]) -> list[Step]:
    """The settlements that have these captures and refunds, with the bank's credits."""
    lines = [
        *SettlementLine.objects.filter(capture_id__in=[one.pk for one in captures]).select_related("settlement"),
        *SettlementLine.objects.filter(refund_id__in=[one.pk for one in refunds]).select_related("settlement"),
    ]
    return [step for line in lines for step in _of_settlement(line.settlement, line)]


def _cashed(captures: list[Capture]) -> list[Step]:
    """The day at the post offices that these captures came in, with the bank's credit."""
    lines = CashLine.objects.filter(event_id__in=[one.event_id for one in captures]).select_related("file")
    steps = []
    for line in lines:
        facts = {"number": line.file.number, "rank": line.number, "cents": line.amount_cents}
        steps.append(Step("cash", line.paid_on, facts))
        entry = Entry.objects.filter(match=Match.CASH, match_id=line.file_id).select_related("statement").first()
        steps += [_of_entry(entry)] if entry else []
    return steps


def _of_settlement(settlement: Settlement, line: SettlementLine | None = None) -> list[Step]:
    """A settlement (one line of it), what was written of it, and its credit on the account."""
    facts = {"reference": settlement.reference, "pk": settlement.pk, "net": settlement.net_cents}
    if line is not None:
        facts |= {"number": line.number, "cents": line.amount_cents, "fee": line.fee_cents}
    kind = "settlement" if line is None else "charge_back" if line.kind == "charge_back" else "line"
    steps = [Step(kind, settlement.day, facts)]
    turn = line.posting if line is not None else None
    keys = [f"settled:{settlement.pk}:{turn}:{way}" for way in ("in", "back")] if turn else []
    steps += [_of_moved(one) for one in ledger.transfers_under(keys)]
    entry = Entry.objects.filter(match=Match.SETTLEMENT, match_id=settlement.pk).select_related("statement").first()
    return [*steps, _of_entry(entry)] if entry else steps


def _of_entry(entry: Entry) -> Step:
    facts = {
        "statement": entry.statement.number, "statement_pk": entry.statement_id, "number": entry.number,
        "cents": entry.amount_cents, "match": entry.get_match_display(),
    }  # fmt: skip
    return Step("entry", entry.booked_on, facts)


def _of_moved(moved: ledger.Moved) -> Step:
    facts = {"debit": moved.debit, "credit": moved.credit, "cents": moved.amount_cents, "pk": moved.pk}
    return Step("moved", moved.at, facts)


def _of_payout(payout: Payout) -> list[Step]:
    """A payout: decided, sent, debited, sent back."""
    steps = [Step("payout", payout.ordered_at, {"number": payout.number, "cents": payout.amount_cents,
                                                "label": payout.label, "uuid": payout.uuid})]  # fmt: skip
    for line in PayoutLine.objects.filter(payout=payout).select_related("file").order_by("rank"):
        name = {"number": line.number, "cents": line.amount_cents, "code": line.code}
        if line.file is not None and line.file.sent_at is not None:
            steps.append(Step("payout_sent", line.file.sent_at, name | {"file": line.file.message_id}))
        if line.debited_at is not None:
            steps.append(Step("payout_debited", line.debited_at, name))
        if line.failed_at is not None:
            steps.append(Step("payout_failed", line.failed_at, name))
    return steps


def _in_order(steps: list[Step]) -> list[Step]:
    """Oldest first; days count as their evening, and what has no date comes last. Equal ones keep their order."""

    def when(step: Step) -> str:
        if step.at is None:
            return "9"
        return step.at.isoformat() if isinstance(step.at, datetime) else f"{step.at.isoformat()}T23:59:59"

    return sorted(steps, key=when)
