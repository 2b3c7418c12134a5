"""The Lyra form V2: its signature, and what the bank refuses at the door."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

SHAPES = {
    "vads_action_mode": r"INTERACTIVE",
    "vads_amount": r"[1-9]\d{0,11}",
    "vads_ctx_mode": r"TEST|PRODUCTION",
    "vads_currency": r"978",
    "vads_page_action": r"PAYMENT",
    "vads_payment_config": r"SINGLE",
    "vads_site_id": r"\d{8}",
    "vads_trans_date": r"\d{14}",
    "vads_trans_id": r"[0-9A-Za-z]{6}",
    "vads_version": r"V2",
}
OPTIONAL = {
    "vads_order_id": r"[0-9A-Za-z_-]{1,32}",
    "vads_return_mode": r"NONE|GET|POST",
    "vads_redirect_success_timeout": r"\d{1,3}",
    "vads_redirect_error_timeout": r"\d{1,3}",
}
ADDRESSES = ("vads_url_return", "vads_url_success", "vads_url_refused", "vads_url_cancel", "vads_url_check")
LONGEST, LONGEST_ADDRESS = 255, 1024
STALE_SECONDS = 24 * 3600
"""How far the date of a form may be from the bank's clock."""


def sign(fields: Mapping[str, str], key: str) -> str:
    """Give the signature: values of the ``vads_*`` fields in the order of their names, then the key, joined by +."""
    values = [value for name, value in sorted(fields.items()) if name.startswith("vads_")]
    text = "+".join([*values, key])
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def is_signed(fields: Mapping[str, str], keys: Sequence[str]) -> bool:
    """Tell whether the ``signature`` field was made with one of the keys."""
    given = fields.get("signature", "").encode()
    return any(hmac.compare_digest(sign(fields, key).encode(), given) for key in keys)


def faults(fields: Mapping[str, str], *, site_id: str, mode: str, now: float) -> list[str]:
    """List the fields that the bank refuses, by name; empty when the form is good. ``now`` in seconds since 1970."""
    shapes = SHAPES | {name: shape for name, shape in OPTIONAL.items() if fields.get(name)}
    wrong = [name for name, shape in shapes.items() if not re.fullmatch(shape, fields.get(name, ""))]
    wrong += [name for name in ADDRESSES if fields.get(name) and not _is_address(fields[name])]
    wrong += [name for name, value in fields.items() if len(value) > _longest(name) and name not in wrong]
    if fields.get("vads_site_id") != site_id and "vads_site_id" not in wrong:
        wrong.append("vads_site_id")
    if fields.get("vads_ctx_mode") != mode and "vads_ctx_mode" not in wrong:
        wrong.append("vads_ctx_mode")
    if "vads_trans_date" not in wrong and not _is_fresh(fields["vads_trans_date"], now):
        wrong.append("vads_trans_date")
    return wrong


def _longest(name: str) -> int:
    return LONGEST_ADDRESS if name in ADDRESSES else LONGEST


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _is_fresh(date: str, now: float) -> bool:
    try:
        made = datetime.strptime(date, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(now - made) <= STALE_SECONDS
