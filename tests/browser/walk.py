"""What a student does in the browser, step by step; the same with script and without."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from messervices.demo.mailbox import Mail, newest
from messervices.kernel import clock
from tests.house import ROOT
from tests.live import Site, aside
from tests.world import work_off

CARDS = {
    "accepted": "4970100000000014",
    "refused": "4970100000000030",
    "challenge_refused": "4970100000000055",
    "notice_after": "4970100000000063",
    "notice_twenty": "4970100000000071",
    "notice_late": "4970100000000089",
    "notice_never": "4970100000000097",
    "other_amount": "4970100000000113",
    "outage": "4970100000000139",
}
SUMMARY = "/cvec/2026-2027/summary"
CERTIFICATE = "/cvec/2026-2027/attestation"


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def bank_running(folder: Path, port: int, site: str = "") -> Iterator[str]:
    """Run the demonstration's bank as the program that it is, for a ``site``; its clock is the platform's."""
    address = f"http://127.0.0.1:{port}"
    own = {"BANK_PORT": str(port), "MESSERVICES_VAR": str(folder), "BANK_HOUR_SECONDS": "1"}
    own |= (
        {
            "BANK_RETURN_URL": f"{site}/api/cash/return-file",
            "BANK_STRIPE_NOTICE_URL": f"{site}/api/payments/stripe/notification",
        }
        if site
        else {}
    )
    own |= {"MESSERVICES_NOW": clock.now().isoformat(), "MESSERVICES_STARTED": str(time.time())}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MESSERVICES_", "LYRA_", "BANK_"))
    }
    with subprocess.Popen([sys.executable, "-m", "bank"], cwd=ROOT, env=kept | own, stdout=subprocess.DEVNULL) as bank:
        try:
            wait_for(lambda: _answers(address), "the bank")
            yield address
        finally:
            bank.terminate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=1):  # noqa: S310 - our own bank
            return True
    except OSError:
        return False


def wait_for(question: Any, what: str, seconds: float = 15) -> Any:
    """Ask until the answer is true."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, f"waited for {what}"
        time.sleep(0.05)
    return answer


class Worker:
    """Does what is queued, in a thread of its own, until it is stopped; what went wrong is told at the end."""

    def __init__(self) -> None:
        """Nothing is done before ``start``."""
        self.stopping, self.problems = threading.Event(), []
        self.thread = threading.Thread(target=self._rounds, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """End; raise what went wrong."""
        self.stopping.set()
        self.thread.join()
        if self.problems:
            raise self.problems[0]

    def _rounds(self) -> None:
        while not self.stopping.wait(0.05):
            try:
                aside(work_off)
            except Exception as error:  # noqa: BLE001 - told by ``stop``
                self.problems.append(error)
                return


class Student:
    """Somebody before a page. ``says`` gives the words of a button in their language."""

    def __init__(self, page: Page, site: Site, language: str, *, has_script: bool) -> None:
        """Keep the page."""
        self.page, self.site, self.language, self.has_script = page, site, language, has_script

    def open(self, path: str) -> None:
        """Go to an address of the site."""
        self.page.goto(self.site.url + path)

    def press(self, french: str, english: str) -> None:
        """Press the button, or follow the link, that says this."""
        self.button(french, english).click()

    def button(self, french: str, english: str) -> Locator:
        """Find the button, or link, that says this."""
        words = re.compile(re.escape(french if self.language == "fr" else english))
        main = self.page.locator("main")
        return main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first

    def heading(self, french: str, english: str) -> None:
        """Expect the page's first heading to say this."""
        words = french if self.language == "fr" else english
        expect(self.page.locator("h1")).to_contain_text(words, timeout=15_000)

    def mail_to(self, address: str, what: str) -> Mail:
        """Wait for a mail whose text or subject holds ``what``."""

        def found() -> Mail | None:
            mails = (mail for mail in newest(20) if mail.to == address)
            return next((mail for mail in mails if what in mail.text + mail.subject), None)

        return wait_for(found, f"a mail to {address}")  # type: ignore[no-any-return]

    def sign_up(self, address: str, password: str) -> None:
        """Make an account and follow the link of the mail."""
        self.open("/account/signup/")
        self.page.fill("[name=email]", address)
        self.page.fill("[name=password1]", password)
        self.press("Créer mon compte", "Create my account")
        self.heading("Regardez vos e-mails", "Look into your e-mail")
        mail = self.mail_to(address, "/account/confirm/")
        link = re.search(r"https?://\S+/account/confirm/\S+", mail.text)
        assert link, mail.text
        self.page.goto(link[0])
        self.press("Confirmer mon adresse", "Confirm my address")

    def tell_identity(self, name: str) -> None:
        """Say who one is; born in Lyon, without an INE."""
        self.open("/me/identity")
        self.page.fill("[name=birth_name]", name)
        self.page.fill("[name=first_names]", "Lina Sarah")
        for part, value in (("day", "14"), ("month", "3"), ("year", "2008")):
            self.page.fill(f"[name=birth_on_{part}]", value)
        self.page.select_option("[name=birth_country]", "FR")
        self.commune("birth_commune", "Saint-Germain-en-L", "Saint-Germain-en-Laye")
        self.page.select_option("[name=nationality]", "FR")
        self.page.check("[name=no_ine]")
        self.press("Enregistrer et continuer", "Save and continue")

    def commune(self, field: str, typed: str, wanted: str) -> None:
        """Choose a commune in the list that opens; without script it is typed as a whole."""
        self.page.fill(f"[name={field}]", typed)
        option = self.page.get_by_role("option", name=re.compile(wanted))
        if self.has_script:
            option.first.click()
        else:
            self.page.fill(f"[name={field}]", wanted)

    def choose_city(self, typed: str, wanted: str) -> None:
        """Say where one studies."""
        self.open("/cvec/2026-2027/city")
        self.commune("city", typed, wanted)
        self.press("Continuer", "Continue")

    def leave_for_the_bank(self) -> None:
        """From the summary to the bank's page."""
        self.press("Aller à la page de la banque", "Go to the bank")
        if not self.has_script:
            self.press("Aller à la page de la banque", "Go to the bank")
        self.page.wait_for_url(f"{self.site.bank}/**")

    def pay(self, card: str) -> None:
        """Type the card, and the code that is asked."""
        self.page.fill("[name=number]", CARDS[card])
        self.page.locator("main form button.main").first.click()
        if card != "outage":
            self.page.fill("[name=code]", "1234")
            self.page.locator("main form button.main").first.click()


def control(bank: str, deed: str, **asked: Any) -> Any:
    """Speak to the bank's control side."""
    body = json.dumps(asked).encode()
    request = urllib.request.Request(f"{bank}/control/{deed}", body, method="POST")  # noqa: S310 - our own bank
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())
