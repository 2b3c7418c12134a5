"""The bank's address: a file goes out under its MsgId, answers come in. HTTP, with Basic credentials.

A bank that is reached otherwise (EBICS, a portal) is served by hand: the file is downloaded at the desk, and the
bank's answers are handed in there.
"""

import base64
import hashlib
import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from django.conf import settings

from messervices.kernel.errors import ProviderUnavailable

TIMEOUT_SECONDS = 30
LONGEST_ANSWER = 64 * 1024 * 1024


class RefusedByBank(Exception):  # noqa: N818 - read as a fact
    """The bank took the file and said no, for good: nothing of it will be paid."""


def is_given() -> bool:
    """Whether files go out by themselves here."""
    return bool(settings.PAYOUT_BANK_URL)


def _ask(path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    credentials = base64.b64encode(settings.PAYOUT_BANK_CREDENTIALS.encode()).decode()
    given = {"Authorization": f"Basic {credentials}"} | (headers or {})
    request = urllib.request.Request(f"{settings.PAYOUT_BANK_URL}{path}", body, given)  # noqa: S310 - address from the settings
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
            return response.status, response.read(LONGEST_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(LONGEST_ANSWER)
    except OSError as error:
        raise ProviderUnavailable("bank", type(error).__name__) from error


def send(message_id: str, content: bytes) -> str:
    """Send a file under its MsgId; give the bank's receipt. The same file twice gives the same receipt.

    Raises ``RefusedByBank`` when the bank says no, ``ProviderUnavailable`` when nobody knows.
    """
    headers = {
        "Content-Type": "application/xml", "Idempotency-Key": message_id,
        "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:",
    }  # fmt: skip
    status, said = _ask("transfers", content, headers)
    if status in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
        return str(_read(said).get("receipt", ""))[:64]
    if status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
        raise RefusedByBank(str(_read(said).get("code", status))[:40])
    raise ProviderUnavailable("bank", str(status))


def answers_after(last: int) -> list[tuple[int, bytes]]:
    """Give the answers that the bank has ready after number ``last``, oldest first. Raises ``ProviderUnavailable``."""
    status, said = _ask(f"answers?after={last}")
    if status != HTTPStatus.OK:
        raise ProviderUnavailable("bank", str(status))
    found = _read(said).get("answers", [])
    try:
        return [(int(one["number"]), base64.b64decode(one["content"])) for one in found]
    except (KeyError, TypeError, ValueError) as wrong:
        raise ProviderUnavailable("bank", "nonsense") from wrong


def _read(said: bytes) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
