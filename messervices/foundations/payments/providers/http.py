"""What comes from a bank over HTTP: the fields of a notice, and the answer to one call. Nothing is guessed."""

import base64
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qsl

from messervices.kernel.errors import ProviderUnavailable

TIMEOUT_SECONDS = 6
LONGEST_ANSWER = 256 * 1024

MOST_FIELDS = 200


def read_form(raw: bytes, name: re.Pattern[str]) -> dict[str, str] | None:
    """Read the fields of a form in UTF-8; ``None`` when two readers could understand it differently.

    That is: bytes that are no text, a field given twice, a field whose name does not match ``name`` in full.
    """
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    said = dict(pairs)
    return said if len(said) == len(pairs) and all(name.fullmatch(field) for field in said) else None


def ask_json(provider: str, url: str, wanted: dict[str, Any], credentials: str) -> tuple[bytes, dict[str, Any]]:
    """Post JSON with Basic credentials (``user:password``); give the raw answer and the object it holds.

    Any silence, error status or nonsense raises ``ProviderUnavailable``: the caller asks again, nothing is guessed.
    """
    basic = base64.b64encode(credentials.encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(wanted).encode(), headers)  # noqa: S310 - address from the settings
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
            raw = response.read(LONGEST_ANSWER)
        said = json.loads(raw)
    except urllib.error.HTTPError as error:
        error.close()
        raise ProviderUnavailable(provider, str(error.code)) from None
    except (OSError, ValueError) as error:
        raise ProviderUnavailable(provider, type(error).__name__) from error
    if not isinstance(said, dict):
        raise ProviderUnavailable(provider, "no object")
    return raw, said
