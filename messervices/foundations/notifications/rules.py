"""When a mail is tried again, how its words are parted, what fits in an SMS, what a returned mail means. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_ATTEMPTS = 16
"""Tries of one mail: about half a day of a mail server that does not answer."""

MAX_BOUNCES = 4
"""Times that a full or unreachable mailbox is tried again, over about three days, before we give up."""

MAX_QUESTIONS = 12
"""Times that a provider is asked what became of an SMS whose sending was cut: about a day."""

LEASE = timedelta(minutes=5)
"""How long one who sends may take; after that it was killed, and the mail is taken from it."""

LATE = timedelta(minutes=2)
"""How long a mail's job may be awaited before another one is given to it."""

APART = timedelta(minutes=1)
"""How long after a mail the same person gets the next one; what comes meanwhile goes together in that one."""

MOST_TOGETHER = 10
"""Messages that one mail carries at most."""

KEPT = timedelta(days=30)
"""How long we can say that a mail to an address left; its words are gone from the moment it left."""

REPORTS_KEPT = timedelta(days=90)
"""How long the reports of mail servers are kept: they hold addresses."""

SIGNATURE_HOLDS = timedelta(minutes=5)
"""How old a signed report may be: older, it is somebody's copy."""

_KIND = re.compile(r"[a-z_]+\.[a-z_]+")
_LONGEST_SUBJECT = 120


def wait_after(attempts: int) -> timedelta:
    """Give how long to wait after the ``attempts``-th try: one minute, two, four … an hour at most."""
    return timedelta(minutes=min(60, 2 ** (attempts - 1)))


def wait_after_question(questions: int) -> timedelta:
    """Give how long to wait before asking again about an SMS: five minutes, ten, twenty … four hours at most."""
    return timedelta(minutes=min(240, 5 * 2 ** (questions - 1)))


def wait_after_bounce(bounces: int) -> timedelta:
    """Give how long to leave a full or unreachable mailbox alone: one hour, six, a day and a half at most."""
    return timedelta(hours=min(36, 6 ** (bounces - 1)))


def template_of(kind: str, use: str) -> str:
    """Give the template of a kind: ``template_of("cvec.certificate", "mail")`` → ``cvec/mail/certificate``.

    Raises ``ValueError`` for a kind that is not ``room.name``.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is not the kind of a message")
    room, _, name = kind.partition(".")
    return f"{room}/{use}/{name}"


def one_line(subject: str) -> str:
    """Give a subject as one line of at most 120 characters: a line break in it could forge a header."""
    line = " ".join(subject.split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1].rstrip() + "…"


def greeted(first_names: str) -> str:
    """Give the first of somebody's first names, to greet them by; see ``greeting``."""
    return greeting((first_names.split() or [""])[0].strip(","))


def greeting(name: str) -> str:
    """Give a name to greet somebody by, "" when it could be read as an address: mail programs make links of those."""
    line = " ".join(name.split())
    return "" if re.search(r"[:/@<>\\]|www\.|\.\w{2,}", line, re.IGNORECASE) else line


def message_id(table: str, key: int, seconds: int, token: str, host: str) -> str:
    """Give a mail's Message-ID: made once for a mail, so that the mail and what is told of it are known by it.

    ``seconds`` since 1970, at which it is made: a row of another database has another one. ``token`` cannot be
    guessed: who names it has had the mail in hand, so a returned mail that names it is not forged by a stranger.
    """
    return f"<{table}.{key}.{seconds}.{token}@{host}>"


# The parts of a text -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a letter: a paragraph, a list (``items``), or a button (a link when wordless) that leads to ``url``."""

    text: str = ""
    items: tuple[str, ...] = ()
    url: str = ""


def blocks(text: str, urls: frozenset[str] = frozenset()) -> list[Block]:
    """Part a text at its blank lines; within a paragraph, the lines of the template become one.

    A part whose lines all begin with ``- `` is a list. A part ``words >> url`` is a button, and a part that is an
    address alone a link, if it is one of ``urls``: what somebody typed makes neither, whatever they typed.
    """
    return [_block(part, urls) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _block(part: str, urls: frozenset[str]) -> Block:
    lines = [line.strip() for line in part.strip().splitlines()]
    if all(line.startswith("- ") for line in lines):
        return Block(items=tuple(" ".join(line[2:].split()) for line in lines))
    text = " ".join(part.split())
    words, _mark, url = text.rpartition(" >> ")
    return Block(text=words, url=url) if url in urls else Block(text=text)


def without_gaps(text: str) -> str:
    """Give a text whose paragraphs are one blank line apart, whatever a template's tags left between them."""
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", text).strip() + "\n"


def tame(value: object) -> object:
    """Give what a template is told without line breaks in its texts: what somebody typed makes no part of a letter.

    Nor does it make a list: the dash that would begin one becomes another sign.
    """
    if isinstance(value, str):
        line = " ".join(value.split())
        return f"– {line[2:]}" if line.startswith("- ") else line
    if isinstance(value, list):
        return [tame(one) for one in value]
    return {key: tame(one) for key, one in value.items()} if isinstance(value, dict) else value


# SMS -----------------------------------------------------------------------------------------------------------

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
"""GSM 03.38: the basic table, and the signs that take two places of it."""

_TYPED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "–": "-", "—": "-", "œ": "oe", "Œ": "OE"})
_ONE_SMS, _PART_OF_SMS = 160, 153
SMS_PARTS = 2
"""Parts that an SMS may take: each is paid for, and a longer text is read by nobody."""


def gsm(text: str) -> str:
    """Write a text with the 7-bit alphabet of telephones: one odd sign would halve what an SMS holds.

    Typographic signs become plain ones; a letter that the alphabet lacks loses its accent, or becomes ``?``.
    """
    plain = " ".join(text.translate(_TYPED).replace("« ", '"').replace(" »", '"').split())
    return "".join(sign if sign in _GSM or sign in _GSM_TWICE else _bare(sign) for sign in plain)


def _bare(sign: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one))
    return bare if bare and all(one in _GSM for one in bare) else "?"


def parts_of_sms(text: str) -> int:
    """Count the SMS that a text of ``gsm`` takes: one up to 160 places, then one for each 153."""
    places = sum(2 if sign in _GSM_TWICE else 1 for sign in text)
    return 1 if places <= _ONE_SMS else -(-places // _PART_OF_SMS)


def phone_number(typed: str, country_prefix: str = "") -> str:
    """Read a telephone number of any country as E.164 (``+33612345678``); "" when it is none.

    A number without its country gets ``country_prefix`` (``33``), and loses the 0 that it begins with at home.
    """
    digits = re.sub(r"[\s.\-/()\u00a0\u202f]", "", typed)
    digits = re.sub(r"^00", "+", digits)
    if not digits.startswith("+"):
        digits = f"+{country_prefix}{digits.removeprefix('0')}" if country_prefix else digits
    digits = re.sub(r"^\+330", "+33", digits)
    return digits if re.fullmatch(r"\+[1-9]\d{6,14}", digits) else ""


# What a returned mail means ------------------------------------------------------------------------------------

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b(?!\.?\d)")
_NO_SUCH_ADDRESS = {550, 551, 553}


def status_in(text: str) -> str:
    """Find the enhanced status (RFC 3463) in what a mail server said: ``5.1.1``; "" when there is none."""
    found = _STATUS.search(text)
    return found[0] if found else ""


def meaning_of(status: str, code: int = 0) -> str:
    """Say what a failure means: ``hard`` (the address is dead), ``soft`` (later, perhaps), ``refused`` (this mail).

    ``status`` is enhanced (RFC 3463), ``code`` the plain one of SMTP, which decides when there is no other. A full
    mailbox (x.2.2) is no dead one, whatever figure it begins with; a filter or a broken server (5.3 to 5.7) says
    nothing of the address; 5.1.7 and 5.1.8 speak of ours.
    """
    found = _STATUS.fullmatch(status)
    if not found:
        return "hard" if code in _NO_SUCH_ADDRESS else "refused" if code >= 500 else "soft"  # noqa: PLR2004 - of SMTP
    family, subject, detail = (int(part) for part in found.groups())
    if family != 5 or (subject, detail) == (2, 2):  # noqa: PLR2004 - figures of RFC 3463
        return "soft"
    dead = subject == 0 or (subject == 1 and detail not in {7, 8}) or (subject == 2 and detail < 2)  # noqa: PLR2004 - the same
    return "hard" if dead else "refused"


def still_signed(sent_at: datetime, now: datetime) -> bool:
    """Whether a report signed at that instant may still be believed; a clock may be a little fast."""
    return abs(now - sent_at) <= SIGNATURE_HOLDS
