"""What an IBAN is, whose name it bears, when a second person is needed, what a line's news make of a payout. Pure."""

import hashlib
import re
import unicodedata
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from stdnum import iban as stdnum_iban

from messervices.kernel.text import search_key

LONGEST_NAME = 70
LONGEST_REMITTANCE = 140
"""What the SEPA rulebook lets a name and a remittance hold, in signs."""

LEASE = timedelta(minutes=5)
"""How long one worker has the bank to itself for one file; after that it was killed, and another may send it."""

LATE = timedelta(minutes=2)
"""How long a job may be awaited before the sweep does its work."""

_IBAN_SHAPE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}")
_AMOUNT = re.compile(r"(\d{1,15})(?:\.(\d{1,2}))?")
_SEPA_SIGNS = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_LETTERS = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l",
     "Ł": "L", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i", "’": "'", "‘": "'", "«": "'", "»": "'", "–": "-",
     "—": "-", "&": "+", "@": "(at)", "_": "-"}
)  # fmt: skip


class Typed(StrEnum):
    """What a typed IBAN is worth."""

    RIGHT = "right"
    NOT_AN_IBAN = "not_an_iban"
    WRONG_KEY = "wrong_key"
    OUTSIDE_SEPA = "outside_sepa"


def plain_iban(typed: str) -> str:
    """Give what was typed as a bank writes it: capitals, no space, no word before it."""
    bare = re.sub(r"[\s\-.\u00a0\u202f]", "", typed).upper()
    return bare.removeprefix("IBAN:").removeprefix("IBAN")


def judge_iban(iban: str, sepa: frozenset[str]) -> Typed:
    """Judge an IBAN written plainly: shape, country of SEPA, then length and key (ISO 7064, mod 97-10).

    ``sepa`` are the two letters that IBANs of SEPA begin with. A country outside it is told as such only when the key
    is right: a slip in the first two letters must not send anybody to another bank.
    """
    if not _IBAN_SHAPE.fullmatch(iban):
        return Typed.NOT_AN_IBAN
    if not _key_is_right(iban):
        return Typed.WRONG_KEY
    return Typed.RIGHT if iban[:2] in sepa else Typed.OUTSIDE_SEPA


def _key_is_right(iban: str) -> bool:
    """Check the key, and for known countries the length and the account's own key."""
    if int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 != 1:
        return False
    try:
        stdnum_iban.validate(iban, check_country=False)
    except stdnum_iban.InvalidComponent:
        return True  # a country that the library does not know: its key is right, and nothing else can be checked
    except stdnum_iban.ValidationError:
        return False
    return True


def masked_iban(country: str, last_four: str) -> str:
    """Show an account without giving it: ``FR •••• 0189``."""
    return f"{country} •••• {last_four}"


def sepa_text(text: str, longest: int) -> str:
    """Write a text with the signs that every bank of SEPA accepts: no accent, nothing unprintable, not too long."""
    folded = unicodedata.normalize("NFD", text.translate(_LETTERS))
    bare = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return " ".join(_SEPA_SIGNS.sub(" ", bare).split())[:longest].strip()


def resembles(holder: str, last_names: Sequence[str], first_names: str) -> bool:
    """Tell whether an account holder's name is likely the person's: a last name of theirs, and a first name or initial.

    Joint accounts pass ("M ou Mme Benali Lina"); a maiden name passes; a parent of the same last name does not.
    """
    words = search_key(holder).split()
    firsts = search_key(first_names).split()
    last = any(_within(search_key(name).split(), words) for name in last_names if name)
    first = any(word in words for word in firsts) or any(len(word) == 1 and word == firsts[0][0] for word in words)
    return last and bool(firsts) and first


def _within(wanted: list[str], words: list[str]) -> bool:
    """Tell whether the words of a name are all there, or run together in one."""
    return bool(wanted) and (all(word in words for word in wanted) or "".join(wanted) in words)


def resembles_establishment(holder: str, names: Sequence[str]) -> bool:
    """Tell whether an account is likely an establishment's: one of its names, or half of the long words of one."""
    words = set(search_key(holder).split())
    for name in names:
        weighty = {word for word in search_key(name).split() if len(word) > 2}  # noqa: PLR2004 - "de", "la", "et"
        if weighty and 2 * len(weighty & words) >= len(weighty):
            return True
    return False


class Why(StrEnum):
    """Why a payout waits for a second person, or for time to pass."""

    AMOUNT = "amount"
    RECENT = "recent"
    SHARED = "shared"
    HOLDER = "holder"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of bank details when money is about to go there."""

    usable_from: datetime
    ever_frozen: bool
    shared: bool
    resembles: bool


def reasons_to_wait(amount_cents: int, account: Account, *, limit_cents: int, now: datetime) -> list[str]:
    """List why a payout may not leave by one person's word, in a fixed order; nothing: it is ready.

    ``limit_cents`` itself still passes. Details once blocked stay a reason after the block was lifted.
    """
    found = {
        Why.AMOUNT: amount_cents > limit_cents,
        Why.RECENT: now < account.usable_from,
        Why.SHARED: account.shared,
        Why.HOLDER: not account.resembles,
        Why.FROZEN: account.ever_frozen,
    }
    return [str(why) for why, holds in found.items() if holds]


def may_leave(reasons: Iterable[str], approved_for: Iterable[str] | None, *, frozen: bool) -> bool:
    """Tell whether a payout may be put in a run: nothing against it that a second person has not seen.

    ``approved_for`` are the reasons in force when a second person approved, ``None`` when nobody has. Blocked details
    get nothing, whoever approved.
    """
    return not frozen and set(reasons) <= set(approved_for or ())


def only_time_is_missing(reasons: Iterable[str]) -> bool:
    """Tell whether a payout waits for the cooling-off alone."""
    return set(reasons) == {Why.RECENT}


@dataclass(frozen=True, slots=True)
class News:
    """What is known of one line of a run, whatever the order in which it came."""

    accepted: bool = False
    settled: bool = False
    debited: bool = False
    failed: bool = False


def status_after(news: News) -> str:
    """Give the payout's status by what is known of its line: the same whatever came first.

    Money that came back outweighs everything: a bank accepts, settles, then returns.
    """
    if news.failed:
        return "returned"
    if news.settled or news.debited:
        return "paid"
    return "accepted" if news.accepted else "sent"


def step_to(status: str) -> str:
    """Name the step that leads a payout to what its line's news say."""
    return {"returned": "send_back", "paid": "pay", "accepted": "accept", "sent": "send"}[status]


ACCEPTED = frozenset({"ACCP", "ACSP", "ACTC", "ACWC", "ACWP", "ACFC"})
SETTLED = frozenset({"ACSC", "ACCC"})
REJECTED = frozenset({"RJCT", "CANC"})
"""What the statuses of a pain.002 mean; any other (``PDNG``, ``RCVD``, ``PART``) tells nothing yet."""


def meaning(status: str) -> str:
    """Give the meaning of a status of a pain.002: ``accepted``, ``settled``, ``rejected``, or nothing yet."""
    for name, codes in (("accepted", ACCEPTED), ("settled", SETTLED), ("rejected", REJECTED)):
        if status in codes:
            return name
    return ""


def execution_day(today: date) -> date:
    """Give the day asked of the bank: today, or Monday."""
    return today + timedelta(days=(7 - today.weekday()) if today.weekday() > 4 else 0)  # noqa: PLR2004 - Friday is 4


def line_mark(number: str, amount_cents: int, iban: str, name: str) -> bytes:
    """Write a line so that two readings of it can be compared, byte for byte."""
    return f"{number}\x1f{amount_cents}\x1f{iban}\x1f{name}\x1e".encode()


def message_id(content: bytes) -> str:
    """Give a file's MsgId by a digest of its lines: the same lines have the same, and the bank refuses a second."""
    return "MSV" + b32encode(hashlib.sha256(content).digest()[:20]).decode()


def run_digest(digests: Iterable[bytes]) -> bytes:
    """Give what is signed for a run: the digest of its files' digests, in their order."""
    whole = hashlib.sha256()
    for one in digests:
        whole.update(one)
    return whole.digest()


def read_cents(written: str) -> int:
    """Read an amount of a bank's file, ``105.5`` or ``105``, in cents. Raises ``ValueError`` on anything else."""
    found = _AMOUNT.fullmatch(written.strip())
    if found is None:
        raise ValueError(written)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def write_cents(cents: int) -> str:
    """Write an amount as a bank's file does: ``105.50``."""
    return f"{cents // 100}.{cents % 100:02d}"


def parts(count: int, most: int) -> list[tuple[int, int]]:
    """Part ``count`` lines in files of ``most`` at most: (first, past the last) of each."""
    return [(first, min(first + most, count)) for first in range(0, count, most)]
