"""The demonstration's mailbox: each mail is a file, and a page shows it. Nothing leaves the machine."""

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as Parsed
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from messervices.kernel import clock

_NAME = re.compile(r"\d{20}-[0-9a-f]{12}")


class Backend(BaseEmailBackend):
    """Writes each mail as a file of ``DEMO_MAILBOX``, named by the platform's clock so that names sort by time."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write them; a mail appears whole or not at all."""
        folder = Path(settings.DEMO_MAILBOX)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stamp, content = clock.now().strftime("%Y%m%d%H%M%S%f"), message.message().as_bytes()
            name = f"{stamp}-{_digest(content)}"
            draft = folder / f"{name}.part"
            draft.write_bytes(content)
            draft.rename(folder / f"{name}.eml")
        return len(email_messages)


def _digest(content: bytes) -> str:
    """Twelve signs that keep two mails of one microsecond apart."""
    from hashlib import sha256  # noqa: PLC0415 - used here only

    return sha256(content).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the page shows it."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str
    files: tuple[str, ...]


def newest(limit: int = 100) -> list[Mail]:
    """The last mails, newest first."""
    folder = Path(settings.DEMO_MAILBOX)
    names = sorted((path.stem for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)), reverse=True)
    return [_read(folder / f"{name}.eml") for name in names[:limit]]


def mail(name: str) -> Mail | None:
    """One mail; ``None`` when there is none of that name."""
    path = Path(settings.DEMO_MAILBOX) / f"{name}.eml"
    return _read(path) if _NAME.fullmatch(name) and path.is_file() else None


def attachment(name: str, place: int) -> tuple[str, str, bytes] | None:
    """The file at a place of a mail: its name, its media type, its content."""
    path = Path(settings.DEMO_MAILBOX) / f"{name}.eml"
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    parts = list(_parse(path).iter_attachments())
    if not 0 <= place < len(parts):
        return None
    part = parts[place]
    return part.get_filename() or "fichier", part.get_content_type(), part.get_payload(decode=True) or b""


def _parse(path: Path) -> Parsed:
    return email.message_from_bytes(path.read_bytes(), _class=Parsed, policy=email.policy.default)


def _body(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _read(path: Path) -> Mail:
    parsed = _parse(path)
    return Mail(
        name=path.stem,
        at=datetime.strptime(f"{path.stem[:20]}+0000", "%Y%m%d%H%M%S%f%z"),
        to=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or ""),
        text=_body(parsed, "plain"),
        html=_body(parsed, "html"),
        files=tuple(part.get_filename() or "fichier" for part in parsed.iter_attachments()),
    )
