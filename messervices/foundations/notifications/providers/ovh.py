"""SMS by OVHcloud: ``POST /sms/{service}/jobs``, and the list of what was sent, by its tag.

https://eu.api.ovh.com/console/?section=/sms. Each call is signed: ``$1$`` and the SHA-1 of the secret, the consumer
key, the method, the address, the body and the time of OVHcloud's clock, joined by ``+``. ``noStopClause`` marks what is
no advertising: it leaves at once, at any hour. The tag is our reference: it tells whether a call that was cut came
through.
"""

import hashlib
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from django.conf import settings

from messervices.foundations.notifications.providers.answer import Answer, Said

TIMEOUT_SECONDS = 6
LONGEST_ANSWER = 64 * 1024
VALID_MINUTES = 24 * 60
"""How long the network may try a telephone that is switched off."""

_BAD_REQUEST = 400


class Ovh:
    """An account of SMS at OVHcloud, as the settings describe it."""

    def __init__(self) -> None:
        """Read the settings."""
        self.service = f"{settings.OVH_API_URL}/sms/{quote(settings.OVH_SMS_SERVICE, safe='')}"

    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Hand over one SMS. What OVHcloud answered with an error, it has not taken; a silence proves nothing."""
        wanted: dict[str, Any] = {
            "charset": "UTF-8", "class": "phoneDisplay", "coding": "7bit", "message": text, "noStopClause": True,
            "priority": "high", "receivers": [to], "tag": reference, "validityPeriod": VALID_MINUTES,
        }  # fmt: skip
        sender = settings.OVH_SMS_SENDER
        wanted |= {"sender": sender} if sender else {"senderForResponse": True}
        try:
            stamp = _time()
        except (OSError, ValueError):
            return Answer(Said.LATER)
        try:
            return _read(_call("POST", f"{self.service}/jobs", stamp, wanted))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == _BAD_REQUEST:
                return Answer(Said.NEVER, meaning="refused", code=str(error.code))
            return Answer(Said.LATER if error.code < 500 else Said.UNSURE)  # noqa: PLR2004 - of HTTP
        except (OSError, ValueError):
            return Answer(Said.UNSURE)

    def ask(self, reference: str) -> Answer:
        """Look for the tag among what was sent. While something waits in OVHcloud's own queue, it may be ours."""
        try:
            stamp = _time()
            sent = _call("GET", f"{self.service}/outgoing?tag={quote(reference, safe='')}", stamp)
            waiting = [] if sent else _call("GET", f"{self.service}/jobs", stamp)
        except urllib.error.HTTPError as error:
            error.close()
            return Answer(Said.UNSURE)
        except (OSError, ValueError):
            return Answer(Said.UNSURE)
        if sent:
            return Answer(Said.TAKEN, id=str(sent[0]))
        return Answer(Said.UNSURE if waiting else Said.LATER)


def _read(said: Any) -> Answer:
    """Read the answer of a sending: the number of the SMS, or the telephone that is none."""
    if isinstance(said, dict) and said.get("ids"):
        return Answer(Said.TAKEN, id=str(said["ids"][0]))
    if isinstance(said, dict) and said.get("invalidReceivers"):
        return Answer(Said.NEVER, meaning="hard", code="invalid")
    return Answer(Said.UNSURE)


def _time() -> str:
    """Ask OVHcloud's clock, which the signature is checked against."""
    return str(int(_open(urllib.request.Request(f"{settings.OVH_API_URL}/auth/time"))))  # noqa: S310 - address from the settings


def _call(method: str, url: str, stamp: str, wanted: dict[str, Any] | None = None) -> Any:
    """Make one signed call; raises ``OSError`` or ``ValueError`` for anything but a whole answer."""
    body = json.dumps(wanted) if wanted is not None else ""
    parts = (settings.OVH_SECRET, settings.OVH_CONSUMER_KEY, method, url, body, stamp)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Ovh-Application": settings.OVH_APPLICATION_KEY,
        "X-Ovh-Consumer": settings.OVH_CONSUMER_KEY,
        "X-Ovh-Timestamp": stamp,
        "X-Ovh-Signature": "$1$" + hashlib.sha1("+".join(parts).encode()).hexdigest(),  # noqa: S324 - the API signs so
    }
    return _open(urllib.request.Request(url, body.encode() or None, headers, method=method))  # noqa: S310 - as above


def _open(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
        return json.loads(response.read(LONGEST_ANSWER))
