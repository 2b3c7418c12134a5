"""Three banks in memory for the state machine: what they truly did is known; they can be silent, or lose an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from messervices.foundations.payments.providers.lyra import Lyra
from messervices.foundations.payments.providers.payfip import PayFip
from messervices.foundations.payments.providers.rail import Answer, BankForm, Facts, GivenBack, RefundRefusedByBank
from messervices.foundations.payments.providers.stripe import SESSION, Stripe
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import NOW, notice, webhook
from messervices.kernel.errors import ProviderUnavailable

RAILS = {"lyra": Lyra, "stripe": Stripe, "payfip": PayFip}
OPEN_FOR = {"lyra": timedelta(hours=24), "stripe": SESSION, "payfip": timedelta(minutes=25)}
"""How long somebody may pay on a page, from the beginning of the attempt."""


@dataclass
class Page:
    """A page of a bank: ``state`` open, paid, refused, abandoned or expired; money taken is never untaken."""

    rail: str
    ref: str
    number: str
    cents: int
    begun_at: datetime
    state: str = "open"
    given_back: int = 0

    @property
    def tx_id(self) -> str:
        """The bank's own number for the money."""
        return self.ref if self.rail == "payfip" else f"{'pi_' if self.rail == 'stripe' else ''}{self.ref}"

    def letter(self, now: datetime) -> tuple[bytes, str]:
        """Write what the bank would tell us of it: bytes, and the header that signs them."""
        if self.rail == "payfip":
            return f"idop={self.ref}".encode(), ""
        if self.rail == "stripe":
            kind = "checkout.session.completed" if self.state == "paid" else "checkout.session.expired"
            status = "paid" if self.state == "paid" else "unpaid"
            return webhook(self.number, kind, at=now, payment_status=status, payment_intent=self.tx_id)
        word = {"paid": "AUTHORISED", "refused": "REFUSED"}.get(self.state, "ABANDONED")
        return notice(self.number, word, trans_uuid=self.tx_id), ""


@dataclass
class Banks:
    """All three. ``down``: silent; ``loses``: the next answer is lost, though its question was done."""

    pages: list[Page] = field(default_factory=list)
    now: datetime = NOW
    down: set[str] = field(default_factory=set)
    loses: bool = False
    keys: dict[str, BankForm] = field(default_factory=dict)

    def arrive(self, form: BankForm) -> Page | None:
        """Somebody opens the bank's page; ``None`` when it is too late for it."""
        if form.fields:
            number, cents = form.fields["vads_order_id"], int(form.fields["vads_amount"])
            known = self.page(number=number)
            if known is None:
                begun = datetime.strptime(form.fields["vads_trans_date"] + "+0000", "%Y%m%d%H%M%S%z")
                known = Page("lyra", f"L{number}", number, cents, begun)
                if self.now - begun >= OPEN_FOR["lyra"]:
                    return None
                self.pages.append(known)
        else:
            known = self.page(ref=form.ref)
        assert known is not None
        self.close_old()
        return known if known.state == "open" else None

    def close_old(self) -> None:
        """Close what stood open too long."""
        for page in self.pages:
            if page.state == "open" and self.now - page.begun_at >= OPEN_FOR[page.rail]:
                page.state = "expired"

    def page(self, **where: str) -> Page | None:
        """Find a page by some of its words."""
        return next((page for page in self.pages if all(getattr(page, k) == v for k, v in where.items())), None)

    def answers(self, rail: str, answer: Any) -> Any:
        """Let an answer through, unless the bank is down, or the line loses it."""
        if self.loses:
            self.loses = False
            raise ProviderUnavailable(rail, "TimeoutError")
        return answer

    def insist_up(self, rail: str) -> None:
        """Raise when a bank is silent: then nothing is done there."""
        if rail in self.down:
            raise ProviderUnavailable(rail, "ConnectionRefusedError")
        self.close_old()

    def begin(self, rail: Any, attempt: Any) -> BankForm:
        """Stripe: one session a number. PayFiP: another operation each time."""
        self.insist_up(rail.name)
        form = self.keys.get(attempt.number) if rail.name == "stripe" else None
        if form is None:
            ref = f"{rail.name}-{len(self.pages)}-{attempt.number}"
            self.pages.append(Page(rail.name, ref, attempt.number, attempt.amount_cents, attempt.begun_at))
            form = self.keys[attempt.number] = BankForm(f"https://{rail.name}.example/{ref}", {}, ref)
        return self.answers(rail.name, form)  # type: ignore[no-any-return]  # what was given

    def ask(self, rail: Any, attempt: Any) -> Answer:
        """Say where a page stands."""
        self.insist_up(rail.name)
        page = self.page(number=attempt.number) if rail.name == "lyra" else self.page(ref=attempt.rail_ref)
        states = {
            "open": Outcome.NEVER_SEEN if rail.name == "payfip" else Outcome.UNFINISHED, "paid": Outcome.PAID,
            "refused": Outcome.REFUSED, "abandoned": Outcome.ABANDONED,
            "expired": Outcome.NEVER_SEEN if rail.name == "payfip" else Outcome.ABANDONED,
        }  # fmt: skip
        outcome = states[page.state] if page else Outcome.NEVER_SEEN
        facts = Facts(attempt.number, outcome)
        if page and outcome == Outcome.PAID:
            facts = Facts(attempt.number, outcome, page.cents, "EUR", page.tx_id, NOW.isoformat())
        return self.answers(rail.name, Answer(f"{self.now} {facts}".encode(), facts))  # type: ignore[no-any-return]  # what was given

    def close(self, rail: Any, attempt: Any) -> bool:
        """Stripe closes its page."""
        self.insist_up(rail.name)
        page = self.page(ref=attempt.rail_ref)
        done = page is not None and page.state == "open"
        if page is not None and done:
            page.state = "expired"
        return self.answers(rail.name, done)  # type: ignore[no-any-return]  # what was given

    def given_back(self, rail: Any, _attempt: Any, tx_id: str) -> GivenBack | None:
        """Say whether money went back."""
        self.insist_up(rail.name)
        page = self.page(tx_id=tx_id)
        done = GivenBack(f"back-{tx_id}", page.cents) if page and page.given_back else None
        return self.answers(rail.name, done)  # type: ignore[no-any-return]  # what was given

    def give_back(self, rail: Any, tx_id: str, amount_cents: int, _key: str) -> GivenBack:
        """Give money back; a second time is refused."""
        self.insist_up(rail.name)
        page = self.page(tx_id=tx_id)
        assert page is not None
        assert page.state == "paid"
        if page.given_back:
            raise RefundRefusedByBank("already")
        page.given_back += 1
        return self.answers(rail.name, GivenBack(f"back-{tx_id}", amount_cents))  # type: ignore[no-any-return]  # what was given

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put these banks behind the adapters: what is read stays real, what is asked is asked here."""
        patches = []
        for name, kind in RAILS.items():
            deeds = ["ask"]
            deeds += ["begin", "close"] if name == "stripe" else ["begin"] if name == "payfip" else []
            deeds += ["given_back", "give_back"] if name != "payfip" else []
            patches += [mock.patch.object(kind, deed, self._through(deed)) for deed in deeds]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()

    def _through(self, deed: str) -> Any:
        mine = getattr(self, deed)
        return lambda rail, *given: mine(rail, *given)  # noqa: PLW0108 - a function, so that the rail is given with it
