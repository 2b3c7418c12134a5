"""What mail servers and carriers write, as they write it."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

from django.test import Client

from messervices.foundations.notifications import actions
from messervices.foundations.notifications.models import Message, Report
from messervices.foundations.notifications.tests.factories import take_jobs, tell
from messervices.foundations.students.tests.factories import NOW
from messervices.kernel import clock

SOON = NOW + timedelta(seconds=2)
KEY = "demonstration"
URL = "/api/messages/reports"


def sent(**changes: Any) -> Message:
    """A message whose mail has left."""
    message = tell(**changes)
    assert actions.send_message(message_id=message.pk, now=SOON)
    message.refresh_from_db()
    take_jobs()
    return message


def dsn(
    mail_id: str, *, action: str = "failed", code: str = "5.1.1", own: str = "<dsn1@mx>", quoted: str = "rfc822"
) -> bytes:
    """A delivery report as Postfix writes it."""
    headers = (
        f"From: x@messervices.example\r\nTo: lina@etudiant.example\r\nMessage-ID: {mail_id}\r\nSubject: Votre document"
    )
    original = {
        "rfc822": f"Content-Type: message/rfc822\r\n\r\n{headers}\r\n\r\nBonjour\r\n",
        "headers": f"Content-Type: text/rfc822-headers\r\n\r\n{headers}\r\n",
        "none": "Content-Type: text/plain\r\n\r\nnothing quoted\r\n",
    }[quoted]
    return (
        f"From: MAILER-DAEMON@mx\r\nTo: retours@messervices.example\r\nMessage-ID: {own}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; lina@etudiant.example\r\nAction: {action}\r\nStatus: {code}\r\n"
        f"Diagnostic-Code: smtp; 550 {code} no\r\n\r\n--b\r\n{original}\r\n--b--\r\n"
    ).encode()


def complaint(mail_id: str) -> bytes:
    """A complaint as RFC 5965 writes it."""
    return (
        "From: fbl@mx\r\nMessage-ID: <arf1@mx>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {mail_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


def read(raw: bytes, now: Any = SOON) -> Report:
    """A mail comes back, and is read."""
    assert actions.receive_returned(raw=raw, now=now)
    report = Report.objects.order_by("-pk")[0]
    actions.read_report(report_id=report.pk, now=now)
    report.refresh_from_db()
    return report


def signature(raw: bytes, *, at: int | None = None, key: str = KEY) -> str:
    """The header that a carrier signs with."""
    stamp = at if at is not None else int(clock.now().timestamp())
    return f"t={stamp},v1={hmac.new(key.encode(), f'{stamp}.'.encode() + raw, hashlib.sha256).hexdigest()}"


def notice(mail_id: str, kind: str = "bounce", **said: Any) -> bytes:
    """A carrier's notice."""
    return json.dumps({"id": "evt-1", "type": kind, "message_id": mail_id, "permanent": True} | said).encode()


def post(raw: bytes, header: str | None = None) -> int:
    """Send it to our door; give the status."""
    headers = {"X-Report-Signature": signature(raw) if header is None else header}
    return Client().post(URL, raw, content_type="application/json", headers=headers).status_code
