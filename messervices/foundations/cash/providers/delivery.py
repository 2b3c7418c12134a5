"""The signature of a return file that is delivered over HTTP: who holds the secret sent these very bytes, just now."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

HEADER = "Eficash-Signature"
FRESH = timedelta(minutes=5)
"""A signature is believed this long before and after its own instant: an old delivery cannot be played again."""

_SHAPE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(raw: bytes, *, secret: str, at: datetime) -> str:
    """Give the value of the header: ``t=<seconds since 1970>,v1=<HMAC-SHA-256 of "t.bytes">``."""
    instant = str(int(at.timestamp()))
    return f"t={instant},v1={_mac(raw, secret, instant)}"


def is_signed(raw: bytes, header: str, *, secrets: tuple[str, ...], now: datetime) -> bool:
    """Tell whether the header signs these bytes with one of the secrets (the old one too, while it is changed)."""
    said = _SHAPE.fullmatch(header)
    if said is None:
        return False
    good = [hmac.compare_digest(_mac(raw, secret, said[1]), said[2]) for secret in secrets]
    at = datetime.fromtimestamp(int(said[1]), UTC)
    return any(good) and abs(now - at) <= FRESH


def _mac(raw: bytes, secret: str, instant: str) -> str:
    return hmac.new(secret.encode(), instant.encode() + b"." + raw, hashlib.sha256).hexdigest()
