"""Reading what comes back: a delivery report (RFC 3464), a complaint (RFC 5965), a provider's signed notice.

Whatever is read here was written by a stranger. It is only looked up: the mail it speaks of must be one of ours, by a
name that cannot be guessed, and what is done concerns the address that we wrote to, never one that the report says.
"""

import email
import email.policy
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage, Message

from messervices.foundations.notifications import rules

_MESSAGE_ID = re.compile(r"^message-id:\s*(<[^<>\s]{3,150}>)", re.IGNORECASE | re.MULTILINE)
_SIGNED = re.compile(r"t=(\d{10}),v1=([0-9a-f]{64})")
_EVENT = re.compile(r"[\w.:@-]{1,100}")
_LONGEST_NAME = 160


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says: of which mail, what (a ``ReportKind``), which status; ``key`` is the event's own name."""

    kind: str
    mail_id: str = ""
    code: str = ""
    key: str | None = None


NONSENSE = Told(kind="nonsense")


# A provider's notice -------------------------------------------------------------------------------------------


def signed(raw: bytes, header: str, keys: Iterable[str], now: datetime) -> bool:
    """Whether one of our keys signed these bytes lately: ``t=<seconds>,v1=<HMAC-SHA256 of "t.body">``."""
    found = _SIGNED.fullmatch(header)
    if not found or not rules.still_signed(datetime.fromtimestamp(int(found[1]), UTC), now):
        return False
    text = found[1].encode() + b"." + raw
    right = [
        hmac.compare_digest(hmac.new(key.encode(), text, hashlib.sha256).hexdigest(), found[2]) for key in keys if key
    ]
    return any(right)


def read_notice(raw: bytes) -> Told:
    """Read a provider's notice: ``{"id", "type", "message_id", "permanent", "code"}``."""
    try:
        said = json.loads(raw)
    except ValueError:
        return NONSENSE
    if not isinstance(said, dict):
        return NONSENSE
    event, mail_id, kind = said.get("id"), said.get("message_id"), said.get("type")
    if not (isinstance(event, str) and _EVENT.fullmatch(event)):
        return NONSENSE
    if not (isinstance(mail_id, str) and 0 < len(mail_id) <= _LONGEST_NAME):
        return NONSENSE
    status = rules.status_in(str(said.get("code") or ""))
    if kind == "bounce":
        meaning = rules.meaning_of(status) if status else "hard"
        kind = meaning if said.get("permanent") is True else "soft"
    elif kind not in {"delivered", "complaint", "delayed"}:
        return NONSENSE
    return Told(kind=kind, mail_id=mail_id, code=status, key=f"webhook:{event}")


# A returned mail -----------------------------------------------------------------------------------------------


def read_mail(raw: bytes) -> Told:
    """Read a mail that came back to us. What is no report (an answer from a person, an absence) is nonsense."""
    try:
        parsed = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.compat32)
        if parsed.get_content_type() != "multipart/report":
            return NONSENSE
        told = _read_report(parsed)
    except (
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ):  # a mail may be broken in any way: then it says nothing
        return NONSENSE
    return told


def _read_report(parsed: Message) -> Told:
    mail_id = _original(parsed)
    own = " ".join(str(parsed.get("Message-ID") or "").split())[:_LONGEST_NAME]
    key = f"returned:{own}" if own else None
    for part in parsed.walk():
        if part.get_content_type() == "message/feedback-report":
            return Told(kind="complaint", mail_id=mail_id, key=key)
        if part.get_content_type() == "message/delivery-status":
            fields = [block for block in _fields_of(part) if "action" in block]
            if fields:
                return _read_delivery(fields[0], mail_id, key)
    return NONSENSE


def _read_delivery(said: dict[str, str], mail_id: str, key: str | None) -> Told:
    """Read the fields of one recipient: each of our mails has one."""
    action = said["action"].lower()
    status = rules.status_in(said.get("status", "")) or rules.status_in(said.get("diagnostic-code", ""))
    if action == "failed":
        return Told(kind=rules.meaning_of(status or "5.0.0"), mail_id=mail_id, code=status, key=key)
    if action == "delivered":
        return Told(kind="delivered", mail_id=mail_id, code=status, key=key)
    return Told(
        kind="delayed" if action in {"delayed", "relayed", "expanded"} else "nonsense", mail_id=mail_id, key=key
    )


def _fields_of(part: Message) -> list[dict[str, str]]:
    """Give the groups of fields of a delivery-status part: first the mail's, then one for each recipient."""
    inner = part.get_payload()
    found = inner if isinstance(inner, list) else []
    groups = [one for one in found if isinstance(one, Message)]
    return [{name.lower(): str(value).strip() for name, value in one.items()} for one in groups]


def _original(parsed: Message) -> str:
    """Find the Message-ID of the mail that was sent, in what the report quotes of it."""
    for part in parsed.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            quoted = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(quoted, Message) and quoted.get("Message-ID"):
                return str(quoted["Message-ID"]).strip()[:_LONGEST_NAME]
        if kind == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            text = content.decode(errors="replace") if isinstance(content, bytes) else ""
            if found := _MESSAGE_ID.search(text):
                return found[1][:_LONGEST_NAME]
    return ""
