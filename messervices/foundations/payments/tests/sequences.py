"""The generator of the test of sequences (T3): what a bank may send about one order.

In any order, any number of times, at any moment.

One seed gives one sequence, so that a failure replays: ``pytest --t3-seed=N --t3=1``.
"""

import random
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from messervices.foundations.payments.tests.factories import notice

ENDS = ("REFUSED", "ABANDONED", "EXPIRED")
KINDS = (
    # what, weight
    ("right", 10), ("batch", 3), ("again", 3), ("end", 4), ("waiting", 2), ("other_amount", 3), ("other_currency", 1),
    ("forged", 4), ("unknown", 2), ("cut", 3), ("second_tx", 1), ("reversed", 1), ("credit", 1), ("new_word", 1),
)  # fmt: skip


@dataclass
class Sequence:
    """``letters`` are delivered in that order; ``right`` are the bank transactions that truly took the amount."""

    seed: int
    tries: list[str]
    letters: list[bytes] = field(default_factory=list)
    right: set[str] = field(default_factory=set)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    forged: set[bytes] = field(default_factory=set)
    breaks: set[int] = field(default_factory=set)
    """Places where the reading is cut: the job is lost, or the service fails once."""

    @property
    def is_paid(self) -> bool:
        """Whether the bank truly took the money at least once, and said so."""
        return bool(self.right)


def sequence(seed: int, numbers: list[str]) -> Sequence:
    """Draw a sequence about the tries of one order (their numbers)."""
    draw = random.Random(seed)
    made = Sequence(seed, numbers)
    kinds, weights = zip(*KINDS, strict=True)
    letters: list[bytes] = []
    for turn in range(draw.randint(1, 5)):
        kind, number = draw.choices(kinds, weights)[0], draw.choice(numbers)
        letter = _letter(draw, made, kind, number, turn)
        copies = draw.choices((1, 2, draw.randint(3, 8), 20), (78, 14, 6, 2))[0]
        letters += [letter] * copies
        made.delivered.append((kind, number))
    draw.shuffle(letters)
    made.letters = letters
    made.breaks = {place for place in range(len(letters)) if draw.random() < 0.05}
    return made


def _letter(draw: random.Random, made: Sequence, kind: str, number: str, turn: int) -> bytes:
    """Write one letter; remember what it truly means."""
    tx = f"{made.seed}-{number}-a"
    mark = f"{made.seed}.{turn}"
    if kind in {"right", "batch", "again", "second_tx"}:
        tx = tx if kind != "second_tx" else f"{made.seed}-{number}-b"
        made.right.add(tx)
        status = "CAPTURED" if kind == "batch" else "AUTHORISED"
        source = {"right": "PAY", "batch": "BATCH", "again": "RETRY", "second_tx": "PAY"}[kind]
        # "right" is the same bytes each time it is drawn; the others differ in their hash.
        return notice(number, status, trans_uuid=tx, url_check_src=source, hash="" if kind == "right" else mark)
    if kind == "end":
        return notice(number, draw.choice(ENDS), trans_uuid=f"{tx}-none", hash=mark)
    if kind == "waiting":
        return notice(number, "WAITING_AUTHORISATION", trans_uuid=tx, hash=mark)
    if kind == "other_amount":
        cents = str(draw.choice((1, 10499, 10501, 999999)))
        return notice(number, trans_uuid=tx, amount=cents, effective_amount=cents, hash=mark)
    if kind == "other_currency":
        return notice(number, trans_uuid=tx, effective_currency="840", hash=mark)
    if kind == "unknown":
        return notice(f"NOBODY{made.seed}-1", trans_uuid=f"{tx}-u", hash=mark)
    if kind == "reversed":
        return notice(number, "CANCELLED", trans_uuid=tx, hash=mark)
    if kind == "credit":
        return notice(number, trans_uuid=f"{tx}-c", operation_type="CREDIT", hash=mark)
    if kind == "new_word":
        return notice(number, "TELEPORTED", trans_uuid=tx, hash=mark)
    letter = _cut(draw, notice(number, hash=mark)) if kind == "cut" else _forge(draw, number, mark)
    made.forged.add(letter)
    return letter


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
