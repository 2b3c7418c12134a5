"""One call to a bank's web service: with a time-out, a size limit, and no outcome guessed."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any

from messervices.kernel.errors import ProviderUnavailable

TIMEOUT_SECONDS = 6
LONGEST_ANSWER = 256 * 1024


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
