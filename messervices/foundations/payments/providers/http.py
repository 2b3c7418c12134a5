"""What comes from a bank over HTTP: the fields of a notice, and the answer to one call. Nothing is guessed."""

import base64
import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from functools import cache
from typing import Any, Self
from urllib.parse import parse_qsl

from django.conf import settings

from messervices.kernel.errors import ProviderUnavailable

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


class _Line:
    """The line of one call: cut when its time is over, however slowly the other side speaks.

    The time-out of a socket begins anew with each byte; a bank that drips would hold a thread for ever.
    """

    def __init__(self, seconds: float) -> None:
        """Nothing is dialled yet."""
        self.over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start the clock."""
        self._timer.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """Stop it."""
        self._timer.cancel()

    def took(self, line: socket.socket) -> None:
        """Remember the socket to cut. Raises ``TimeoutError`` when the time is over already."""
        self._socket = line
        if self.over:
            raise TimeoutError

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # The plain socket's own way, past TLS: the thread that reads finds the line ended.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Stay(urllib.request.HTTPRedirectHandler):
    """A bank's API does not send us elsewhere: credentials go to the address of the settings alone."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _opener(line: _Line) -> urllib.request.OpenerDirector:
    """Make an opener (with the proxy of the environment, if any) whose socket the line knows."""

    def known(kind: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
        class Known(kind):  # type: ignore[misc, valid-type]  # one of the two kinds below
            def connect(self) -> None:
                super().connect()
                line.took(self.sock)

        return Known

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(known(http.client.HTTPConnection), request)

    class Safe(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(known(http.client.HTTPSConnection), request, context=_trust())

    return urllib.request.build_opener(_Stay, Plain, Safe)


def call(provider: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """Ask a bank, by POST when there is a body; give the status and the bytes of its answer, whatever they say.

    Raises ``ProviderUnavailable`` when there is no whole answer within ``BANK_TIMEOUT_SECONDS``.
    """
    seconds = float(settings.BANK_TIMEOUT_SECONDS)
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - address from the settings
    line = _Line(seconds)
    try:
        with line:
            answer: Any
            try:
                answer = _opener(line).open(request, timeout=seconds)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                raw = answer.read(LONGEST_ANSWER)
                if answer.length:
                    raise ProviderUnavailable(provider, "cut")
                return int(answer.status), raw
    except (OSError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError) else error
        raise ProviderUnavailable(provider, "TimeoutError" if line.over else type(why).__name__) from error


def read_object(provider: str, raw: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises ``ProviderUnavailable`` when there is none: it is no answer."""
    try:
        said = json.loads(raw)
    except ValueError as error:
        raise ProviderUnavailable(provider, type(error).__name__) from error
    if not isinstance(said, dict):
        raise ProviderUnavailable(provider, "no object")
    return said


def ask_json(provider: str, url: str, wanted: dict[str, Any], credentials: str) -> tuple[bytes, dict[str, Any]]:
    """Post JSON with Basic credentials (``user:password``); give the raw answer and the object it holds.

    Any silence, error status or nonsense raises ``ProviderUnavailable``: the caller asks again, nothing is guessed.
    """
    basic = base64.b64encode(credentials.encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    status, raw = call(provider, url, json.dumps(wanted).encode(), headers)
    if status != http.client.OK:
        raise ProviderUnavailable(provider, str(status))
    return raw, read_object(provider, raw)
