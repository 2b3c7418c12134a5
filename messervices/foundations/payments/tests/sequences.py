"""The generator of the test of sequences (T3): what a bank may send about one order.

In any order, any number of times, at any moment.

One seed gives one sequence, so that a failure replays: ``pytest --t3-seed=N --t3=1``.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from messervices.foundations.payments.tests.factories import notice, webhook

ENDS = ("REFUSED", "ABANDONED", "EXPIRED")
KINDS = (
    # what, weight
    ("right", 10), ("batch", 3), ("again", 3), ("end", 4), ("waiting", 2), ("other_amount", 3), ("other_currency", 1),
    ("forged", 4), ("unknown", 2), ("cut", 3), ("second_tx", 1), ("reversed", 1), ("credit", 1), ("new_word", 1),
)  # fmt: skip
RAILS = ("lyra", "stripe", "payfip", "lyra")
"""Which bank the order of a seed is paid by, in turn."""


@dataclass(frozen=True)
class Letter:
    """What arrives: bytes, and the header that signs them. ``truth`` is what PayFiP answers from then on, by number."""

    raw: bytes
    signature: str = ""
    number: str = ""
    truth: str = ""


@dataclass
class Sequence:
    """``letters`` are delivered in that order; ``right`` are the bank transactions that truly took the amount."""

    seed: int
    tries: list[str]
    rail: str = "lyra"
    letters: list[Letter] = field(default_factory=list)
    right: set[str] = field(default_factory=set)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    forged: set[bytes] = field(default_factory=set)
    breaks: set[int] = field(default_factory=set)
    """Places where the reading is cut: the job is lost, or the service fails once."""

    @property
    def is_paid(self) -> bool:
        """Whether the bank truly took the money at least once, and said so."""
        return bool(self.right)


@dataclass(frozen=True)
class Pen:
    """What a letter is written with: its place in the draw, the try it is about, a mark of its own, its instant."""

    draw: random.Random
    made: Sequence
    number: str
    mark: str
    now: datetime


def rail_of(seed: int) -> str:
    """Name the bank of a seed's order."""
    return RAILS[seed % len(RAILS)]


def reference(number: str) -> str:
    """Give PayFiP's own name for an attempt."""
    return f"op-{number}"


def sequence(seed: int, numbers: list[str], now: datetime) -> Sequence:
    """Draw a sequence about the tries of one order (their numbers), delivered at an instant."""
    draw = random.Random(seed)
    made = Sequence(seed, numbers, rail_of(seed))
    write = {"lyra": _lyra, "stripe": _stripe, "payfip": _payfip}[made.rail]
    kinds, weights = zip(*KINDS, strict=True)
    letters: list[Letter] = []
    for turn in range(draw.randint(1, 5)):
        kind, number = draw.choices(kinds, weights)[0], draw.choice(numbers)
        letter = write(Pen(draw, made, number, f"{seed}.{turn}", now), kind)
        copies = draw.choices((1, 2, draw.randint(3, 8), 20), (78, 14, 6, 2))[0]
        letters += [letter] * copies
        made.delivered.append((kind, number))
    draw.shuffle(letters)
    made.letters = letters
    made.breaks = {place for place in range(len(letters)) if draw.random() < 0.05}
    if made.rail == "payfip":
        made.right = _what_payfip_took(made)
    return made


def _lyra(pen: Pen, kind: str) -> Letter:
    """Write one letter of Lyra's; remember what it truly means."""
    draw, made, number, mark = pen.draw, pen.made, pen.number, pen.mark
    tx = f"{made.seed}-{number}-a"
    if kind in {"right", "batch", "again", "second_tx"}:
        tx = tx if kind != "second_tx" else f"{made.seed}-{number}-b"
        made.right.add(tx)
        status = "CAPTURED" if kind == "batch" else "AUTHORISED"
        source = {"right": "PAY", "batch": "BATCH", "again": "RETRY", "second_tx": "PAY"}[kind]
        # "right" is the same bytes each time it is drawn; the others differ in their hash.
        return Letter(notice(number, status, trans_uuid=tx, url_check_src=source, hash="" if kind == "right" else mark))
    cents = str(draw.choice((1, 10499, 10501, 999999)))
    words: dict[str, tuple[str, dict[str, str]]] = {
        "end": (draw.choice(ENDS), {"trans_uuid": f"{tx}-none"}),
        "waiting": ("WAITING_AUTHORISATION", {"trans_uuid": tx}),
        "other_amount": ("AUTHORISED", {"trans_uuid": tx, "amount": cents, "effective_amount": cents}),
        "other_currency": ("AUTHORISED", {"trans_uuid": tx, "effective_currency": "840"}),
        "reversed": ("CANCELLED", {"trans_uuid": tx}),
        "credit": ("AUTHORISED", {"trans_uuid": f"{tx}-c", "operation_type": "CREDIT"}),
        "new_word": ("TELEPORTED", {"trans_uuid": tx}),
    }
    if kind in words:
        status, changes = words[kind]
        return Letter(notice(number, status, hash=mark, **changes))
    if kind == "unknown":
        return Letter(notice(f"NOBODY{made.seed}-1", trans_uuid=f"{tx}-u", hash=mark))
    raw = _cut(draw, notice(number, hash=mark)) if kind == "cut" else _forge(draw, number, mark)
    made.forged.add(raw)
    return Letter(raw)


def _cut(draw: random.Random, raw: bytes) -> bytes:
    """Lose the end of a letter, or a byte of it."""
    place = draw.randrange(len(raw) - 1)
    return raw[:place] if draw.random() < 0.5 else raw[:place] + b"~" + raw[place + 1 :]


def _forge(draw: random.Random, number: str, mark: str) -> bytes:
    """Sign with another key, or change a right letter after it was signed."""
    if draw.random() < 0.5:
        return notice(number, key=f"guess{mark}", hash=mark)
    said = dict(parse_qsl(notice(number, "REFUSED", hash=mark).decode(), keep_blank_values=True))
    return urlencode(said | {"vads_trans_status": "AUTHORISED"}).encode()


def _stripe(pen: Pen, kind: str) -> Letter:
    """Write one webhook of Stripe's; remember what it truly means."""
    draw, made, number, mark, now = pen.draw, pen.made, pen.number, pen.mark, pen.now
    tx = f"pi_{made.seed}_{number}"
    intent = {"object": "payment_intent", "id": tx, "amount_received": 105_00, "mark": mark}
    unpaid = {"payment_status": "unpaid", "payment_intent": tx, "mark": mark}
    if kind == "second_tx":
        tx += "_b"
    if kind in {"right", "batch", "again", "second_tx"}:
        made.right.add(tx)
        if kind == "batch":
            return Letter(*webhook(number, "payment_intent.succeeded", at=now, **intent))
        return Letter(*webhook(number, at=now, payment_intent=tx, mark="" if kind == "right" else mark))
    words: dict[str, tuple[str, dict[str, Any]]] = {
        "end": (draw.choice(("checkout.session.expired", "checkout.session.async_payment_failed")), unpaid),
        "waiting": ("checkout.session.completed", unpaid),
        "other_amount": ("payment_intent.succeeded", intent | {"amount_received": draw.choice((1, 10499, 10501))}),
        "other_currency": ("payment_intent.succeeded", intent | {"currency": "usd"}),
        "reversed": (
            "charge.dispute.created",
            {"object": "dispute", "payment_intent": tx, "amount": 105_00, "metadata": {}, "client_reference_id": None},
        ),
        "credit": ("charge.refunded", {"object": "charge", "payment_intent": tx, "amount_refunded": 105_00}),
        "new_word": ("payment_intent.payment_failed", intent),
    }
    if kind in words:
        name, changes = words[kind]
        return Letter(*webhook(number, name, at=now, **changes))
    if kind == "unknown":
        return Letter(*webhook(f"NOBODY{made.seed}-1", at=now, mark=mark))
    letter = _spoilt(pen, kind, *webhook(number, at=now, payment_intent=tx, mark=mark))
    made.forged.add(letter.raw)
    return letter


def _spoilt(pen: Pen, kind: str, raw: bytes, signature: str) -> Letter:
    """Cut a webhook, sign it with another's secret, or keep it too long."""
    if kind == "cut":
        return Letter(_cut(pen.draw, raw), signature)
    if pen.draw.random() < 0.5:
        return Letter(*webhook(pen.number, at=pen.now, secret="whsec_guess", mark=f"forged {pen.mark}"))
    return Letter(*webhook(pen.number, at=pen.now - timedelta(minutes=6), mark=f"stale {pen.mark}"))


def _payfip(pen: Pen, kind: str) -> Letter:
    """Write one notice of PayFiP's: what it makes us find is drawn with it."""
    draw, number, mark = pen.draw, pen.number, pen.mark
    hint = f"idop={reference(number)}".encode()
    truth = {
        "right": "P", "batch": "V", "again": "P", "second_tx": "P", "end": draw.choice("RZA"), "other_amount": "other",
        "new_word": "Q", "waiting": "", "credit": "", "reversed": "silent", "other_currency": "",
    }  # fmt: skip
    if kind in truth:
        return Letter(
            hint if kind != "again" else hint + f"&mark={mark.replace('.', '_')}".encode(), "", number, truth[kind]
        )
    if kind == "unknown":
        return Letter(f"idop=nobody-{mark}".encode())
    return Letter(_cut(draw, hint) if kind == "cut" else f"idop={mark}-guess".encode())


def _what_payfip_took(made: Sequence) -> set[str]:
    """Follow what PayFiP knows of each operation, in the order of the letters: money taken is never untaken."""
    ended: dict[str, str] = {}
    for letter in made.letters:
        ended[letter.number] = payfip_after(ended.get(letter.number, ""), letter.truth)
    return {reference(number) for number, truth in ended.items() if number and truth in {"P", "V"}}


def payfip_after(before: str, said: str) -> str:
    """What PayFiP knows of an operation once something more has happened to it."""
    if before in {"P", "V", "other"} or said in {"", "silent"}:
        return before
    return said
