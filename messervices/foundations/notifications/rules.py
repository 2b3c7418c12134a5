"""When a mail is tried again, and what a subject may be. Pure."""

import re
from datetime import timedelta

MAX_ATTEMPTS = 16
"""Tries of one mail: about half a day of a mail server that does not answer."""

LEASE = timedelta(minutes=5)
"""How long one who sends may take; after that it was killed, and the mail is taken from it."""

LATE = timedelta(minutes=2)
"""How long a mail's job may be awaited before another one is given to it."""

KEPT = timedelta(days=30)
"""How long we can say that a mail to an address left; its words are gone from the moment it left."""

_KIND = re.compile(r"[a-z_]+\.[a-z_]+")
_LONGEST_SUBJECT = 120


def wait_after(attempts: int) -> timedelta:
    """Give how long to wait after the ``attempts``-th try: one minute, two, four … an hour at most."""
    return timedelta(minutes=min(60, 2 ** (attempts - 1)))


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


def paragraphs(text: str) -> list[str]:
    """Part a text at its blank lines; within a paragraph, the lines of the template become one."""
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", text) if block.strip()]


def without_gaps(text: str) -> str:
    """Give a text whose paragraphs are one blank line apart, whatever a template's tags left between them."""
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", text).strip() + "\n"


def message_id(table: str, key: int, created: int, host: str) -> str:
    """Give a mail's Message-ID: the same for the same row, so that a mail sent twice after a crash is known as one.

    ``created`` is in seconds since 1970: a row of another database has another one.
    """
    return f"<{table}.{key}.{created}@{host}>"
