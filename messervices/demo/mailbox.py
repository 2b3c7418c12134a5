"""The demonstration's mailbox: each mail and each SMS is a file, and a page shows it. Nothing leaves the machine."""

import email
import email.policy
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as Parsed
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.kernel import clock

_NAME = re.compile(r"\d{20}-[0-9a-f]{12}")
_SHOWN_HEADERS = (
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "List-Unsubscribe",
    "List-Unsubscribe-Post",
)  # fmt: skip


def _keep(key: str, ending: str, content: bytes) -> str:
    """Write one file, named by the platform's clock so that names sort by time, and by its key; give the key's digest.

    What is there under its key already is not written again. A file appears whole or not at all.
    """
    folder = Path(settings.DEMO_MAILBOX)
    folder.mkdir(parents=True, exist_ok=True)
    digest = sha256(key.encode()).hexdigest()[:12]
    if next(folder.glob(f"*-{digest}.{ending}"), None) is None:
        name = f"{clock.now():%Y%m%d%H%M%S%f}-{digest}"
        draft = folder / f"{name}.part"
        draft.write_bytes(content)
        draft.rename(folder / f"{name}.{ending}")
    return digest


class Backend(BaseEmailBackend):
    """Writes each mail as a file of ``DEMO_MAILBOX``. It knows a mail again by its Message-ID."""

    idempotent = True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write them."""
        for message in email_messages:
            made = message.message()
            _keep(str(made["Message-ID"]), "eml", made.as_bytes())
        return len(email_messages)


class Sms:
    """Carries SMS to the same folder. It knows an SMS again by its reference."""

    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Write it."""
        said = json.dumps({"to": to, "text": text, "reference": reference}).encode()
        return Answer(Said.TAKEN, id=_keep(reference, "sms", said))

    def ask(self, reference: str) -> Answer:
        """Look for it."""
        digest = sha256(reference.encode()).hexdigest()[:12]
        there = next(Path(settings.DEMO_MAILBOX).glob(f"*-{digest}.sms"), None)
        return Answer(Said.TAKEN, id=digest) if there else Answer(Said.LATER)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, or an SMS (``reference`` is not empty), as the page shows it."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str = ""
    files: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    reference: str = ""


def newest(limit: int = 100) -> list[Mail]:
    """The last mails and SMS, newest first."""
    return [_read(path) for path in _paths()[:limit]]


def mail(name: str) -> Mail | None:
    """One mail or SMS; ``None`` when there is none of that name."""
    path = _path(name, "eml") or _path(name, "sms")
    return _read(path) if path else None


def attachment(name: str, place: int) -> tuple[str, str, bytes] | None:
    """The file at a place of a mail: its name, its media type, its content."""
    path = _path(name, "eml")
    parts = list(_parse(path).iter_attachments()) if path else []
    if not 0 <= place < len(parts):
        return None
    part = parts[place]
    return part.get_filename() or "fichier", part.get_content_type(), part.get_payload(decode=True) or b""


def _paths() -> list[Path]:
    there = Path(settings.DEMO_MAILBOX).glob("*.*")
    named = (path for path in there if path.suffix in {".eml", ".sms"} and _NAME.fullmatch(path.stem))
    return sorted(named, key=lambda path: path.stem, reverse=True)


def _path(name: str, ending: str) -> Path | None:
    path = Path(settings.DEMO_MAILBOX) / f"{name}.{ending}"
    return path if _NAME.fullmatch(name) and path.is_file() else None


def _parse(path: Path) -> Parsed:
    return email.message_from_bytes(path.read_bytes(), _class=Parsed, policy=email.policy.default)


def _body(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _headers(parsed: Parsed) -> Iterator[tuple[str, str]]:
    for name in _SHOWN_HEADERS:
        if parsed[name] is not None:
            yield name, str(parsed[name])


def _read(path: Path) -> Mail:
    at = datetime.strptime(f"{path.stem[:20]}+0000", "%Y%m%d%H%M%S%f%z")
    if path.suffix == ".sms":
        said = json.loads(path.read_bytes())
        return Mail(path.stem, at, said["to"], said["text"], said["text"], reference=said["reference"])
    parsed = _parse(path)
    return Mail(
        name=path.stem,
        at=at,
        to=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or ""),
        text=_body(parsed, "plain"),
        html=_body(parsed, "html"),
        files=tuple(part.get_filename() or "fichier" for part in parsed.iter_attachments()),
        headers=tuple(_headers(parsed)),
    )
