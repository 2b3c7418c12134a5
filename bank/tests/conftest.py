"""A bank on a free port, and a shop that keeps the notices it gets."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from bank.form import sign
from bank.settings import Settings
from bank.web import Bank

KEY = "1122334455667788"


@dataclass
class Shop:
    """What the shop's server received; ``status`` is what it answers."""

    url: str = ""
    letters: list[bytes] = field(default_factory=list)
    status: int = 200

    @property
    def notices(self) -> list[dict[str, str]]:
        """The letters as fields."""
        return [dict(parse_qsl(letter.decode(), keep_blank_values=True)) for letter in self.letters]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop's server."""
    kept = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.letters.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(kept.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/notice"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path, shop: Shop) -> Settings:
    """Settings on a free port."""
    return Settings(
        folder=tmp_path,
        port=0,
        site_id="12345678",
        keys=(KEY,),
        mode="TEST",
        password="secret",
        notice_url=shop.url,
        return_url=shop.url,
    )


@pytest.fixture
def bank(settings: Settings) -> Iterator[Bank]:
    """A running bank."""
    running = Bank(settings)
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    running.postman.start()
    yield running
    running.stop()


@pytest.fixture
def form() -> Callable[..., dict[str, str]]:
    """Make a signed form; keywords replace or add fields (without the ``vads_`` prefix)."""

    def make(*, key: str = KEY, **changes: str) -> dict[str, str]:
        fields = {
            "vads_action_mode": "INTERACTIVE",
            "vads_amount": "10500",
            "vads_ctx_mode": "TEST",
            "vads_currency": "978",
            "vads_page_action": "PAYMENT",
            "vads_payment_config": "SINGLE",
            "vads_site_id": "12345678",
            "vads_trans_date": f"{datetime.now(UTC):%Y%m%d%H%M%S}",
            "vads_trans_id": "abc123",
            "vads_version": "V2",
            "vads_order_id": "ORDER-1",
            "vads_url_return": "http://shop.example/back",
            "vads_redirect_success_timeout": "0",
            "vads_redirect_error_timeout": "0",
        } | {f"vads_{name}": value for name, value in changes.items()}
        return fields | {"signature": sign(fields, key)}

    return make


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


@dataclass
class Browser:
    """Posts and reads without following redirections: (status, body, location)."""

    base: str

    def open(self, path: str, data: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Ask a page, or post a form."""
        body = None if data is None else urlencode(data).encode()
        request = urllib.request.Request(self.base + path, data=body, headers=headers)  # noqa: S310 - our own bank
        try:
            with urllib.request.build_opener(_Still).open(request, timeout=10) as response:
                return response.status, response.read().decode(), ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers.get("Location", "")

    def tell(self, path: str, said: dict[str, Any], **headers: str) -> tuple[int, Any]:
        """Post JSON."""
        body = json.dumps(said).encode()
        request = urllib.request.Request(self.base + path, data=body, headers=headers)  # noqa: S310 - our own bank
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@pytest.fixture
def browser(bank: Bank) -> Browser:
    """A browser at the bank."""
    return Browser(bank.url)
