"""A student who pays over plain HTTP, and who does what people do when a page does not come: press again."""

import html
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any, Protocol

CARD, CODE = "4970100000000014", "1234"
AT = "/cvec/2026-2027"
PATIENCE = 45.0
_INPUT = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
_FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Shows a redirection instead of following it."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class Lost(Exception):  # noqa: N818 - the connection was lost, or the page said that something broke
    """No answer, or none that helps: try again."""


class Door(Protocol):
    """Where the platform and the bank answer, and how to start again what has died."""

    @property
    def url(self) -> str: ...

    @property
    def bank(self) -> str: ...

    def revive(self) -> None: ...


class Payer:
    """One student with a session, who pays by a card until the certificate is there."""

    card = CARD

    def __init__(self, platform: Door, person_id: int, session: str) -> None:
        """Come in."""
        self.platform, self.person_id = platform, person_id
        self.opener = urllib.request.build_opener(_Stay(), urllib.request.HTTPCookieProcessor(CookieJar()))
        self.session, self.csrf, self.lost = session, "", 0
        self.state = ""

    def ask(self, url: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Ask for a page; give status, address of a redirection, text. Raises ``Lost``."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(url, data)  # noqa: S310 - our own platform
        if url.startswith(self.platform.url):
            request.add_header("Cookie", f"sessionid={self.session}; csrftoken={self.csrf}; language=fr")
            request.add_header("Referer", url)
        try:
            with self.opener.open(request, timeout=10) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            if error.code >= 500:
                self.lost += 1
                raise Lost(f"{url} {error.code}") from None
            return error.code, urllib.parse.urljoin(url, error.headers.get("Location", "")), text
        except OSError as error:
            self.lost += 1
            raise Lost(f"{url} {type(error).__name__}") from None

    def insist(self, url: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Ask again until an answer comes; what has died meanwhile is started again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(url, fields)
            except Lost:
                if time.monotonic() > until:
                    raise
                self.platform.revive()
                time.sleep(0.1)

    def go(self) -> str:
        """From the summary to the bank's card page; give its address."""
        here = f"{self.platform.url}{AT}/summary"
        _status, _to, page = self.insist(here)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        self.csrf = token[1]
        fields = {"csrfmiddlewaretoken": self.csrf}
        status, to, _page = self.insist(f"{self.platform.url}{AT}/pay", fields)
        assert status == 307, (status, to)
        self.state = to.replace("/go", "/state")
        self.back = to.replace("/go", "/back")
        _status, address, page = self.insist(to, fields)
        if address.startswith(self.platform.bank):  # a bank that is told beforehand has a page of its own
            return address
        form = next((found for found in _FORM.findall(page) if found[0].startswith(self.platform.bank)), None)
        assert form, page[:500]
        sent = {html.unescape(name): html.unescape(value) for name, value in _INPUT.findall(form[1])}
        _status, card_page, _page = self.insist(form[0], sent)
        return card_page

    def pay(self) -> None:
        """Type card and code; come back. A page of the bank that does not come is asked for again."""
        card_page = self.go().partition("?")[0]
        self.insist(f"{card_page}/card", {"number": self.card})
        _status, to, _page = self.insist(f"{card_page}/code", {"code": CODE})
        assert to.startswith(self.platform.url), to
        self.insist(to)

    def is_done(self) -> bool:
        """Look at the waiting page once, as its script does; tell whether it leads to the certificate."""
        try:
            _status, _to, text = self.ask(f"{self.state}?shown=unconfirmed")
        except Lost:
            return False
        return f"{AT}/attestation" in text

    def certificate(self) -> str:
        """Open the certificate and its PDF; give the number."""
        _status, _to, page = self.insist(f"{self.platform.url}{AT}/attestation")
        found = re.search(r'href="(/documents/[^"]+\.pdf)"', page)
        assert found, page[:500]
        request = urllib.request.Request(self.platform.url + found[1])  # noqa: S310 - our own platform
        request.add_header("Cookie", f"sessionid={self.session}")
        with self.opener.open(request, timeout=20) as answer:
            assert answer.read(5) == b"%PDF-"
            return re.findall(r'filename="([^"]+)\.pdf"', answer.headers["Content-Disposition"])[0]
