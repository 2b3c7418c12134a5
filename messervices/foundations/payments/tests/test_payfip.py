"""PayFiP: what its contract wants in each field, what its words mean, and when silence is an end."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from bank.web import Bank
from messervices.foundations.payments.providers import payfip, rail_named
from messervices.foundations.payments.providers.payfip import NS, TERMS, PayFip, plain, refdet
from messervices.foundations.payments.providers.rail import BeginRefusedByBank, Handover
from messervices.foundations.payments.rules import Move, Outcome, move_after
from messervices.foundations.payments.states import Verdict
from messervices.foundations.payments.tests.banks import arrive, playing
from messervices.foundations.payments.tests.factories import NOW
from messervices.kernel.errors import ProviderUnavailable

ATTEMPT = Handover(
    "K7Q2M4X9TB-1", "abc123", 105_00, datetime(2026, 12, 31, 23, 30, tzinfo=UTC), label="CVEC – 2026-2027 été",
    back_url="https://messervices.example/pay/back", notice_url="https://messervices.example/api/payfip",
    mail="lina@etudiant.example",
)  # fmt: skip


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """The bank that speaks PayFiP's WSDL."""
    with playing(tmp_path) as running:
        yield running


SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def answered(monkeypatch: pytest.MonkeyPatch, body: str, status: int = 200) -> PayFip:
    """An adapter to which the service says this."""
    envelope = f'<S:Envelope xmlns:S="{SOAP}" xmlns:n="{NS}"><S:Body>{body}</S:Body></S:Envelope>'
    monkeypatch.setattr(payfip, "call", lambda *_given: (status, envelope.encode()))
    return rail_named("payfip")  # type: ignore[return-value]  # it is PayFiP's


def detail(**changes: str) -> str:
    said = {
        "dattrans": "28082026", "exer": "2026", "heurtrans": "1405", "idOp": "op-1", "mel": "lina@etudiant.example",
        "montant": "10500", "numauto": "112233", "numcli": "006382", "objet": "CVEC", "refdet": "K7Q2M4X9TB1",
        "resultrans": "P", "saisie": "T",
    } | changes  # fmt: skip
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    name = "n:recupererDetailPaiementSecuriseResponse"
    return f"<{name}><return>{inside}</return></{name}>"


def fault(code: str, kind: str = "FonctionnelleErreur") -> str:
    return (
        f"<S:Fault><faultcode>S:Server</faultcode><faultstring>x</faultstring><detail><n:{kind}><code>{code}</code>"
        f"<descriptif>d</descriptif></n:{kind}></detail></S:Fault>"
    )


ASKED = replace(ATTEMPT, rail_ref="op-1")


# What is sent


def test_every_field_is_what_the_contract_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    def keep(_name: str, _url: str, body: bytes, _headers: dict[str, str]) -> tuple[int, bytes]:
        sent.append(body)
        raise ProviderUnavailable("payfip")

    monkeypatch.setattr(payfip, "call", keep)
    with pytest.raises(ProviderUnavailable):
        rail_named("payfip").begin(ATTEMPT)
    asked = etree.fromstring(sent[0]).find(f".//{{{NS}}}creerPaiementSecurise/arg0")
    fields = {one.tag: one.text for one in asked}
    assert list(fields) == sorted(fields), "the order of the contract's sequence"
    assert fields["exer"] == "2027", "in Paris the year has turned"
    assert (fields["montant"], fields["numcli"], fields["saisie"]) == ("10500", "006382", "T")
    assert re.fullmatch(r"[A-Za-z0-9 ]{1,100}", fields["objet"])
    assert re.fullmatch(r"[A-Za-z0-9]{1,30}", fields["refdet"])
    assert (fields["urlnotif"], fields["urlredirect"]) == (ATTEMPT.notice_url, ATTEMPT.back_url)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CVEC – 2026-2027 été", "CVEC 2026 2027 ete"), ("", ""), ("« Œuvre » & <x>", "uvre x"), ("a" * 150, "a" * 100),
        ("學生", ""),
    ],
)  # fmt: skip
def test_a_label_is_written_in_the_letters_that_payfip_takes(text: str, said: str) -> None:
    assert plain(text) == said


def test_two_attempts_of_an_order_have_two_references() -> None:
    assert [refdet("K7Q2M4X9TB-1"), refdet("K7Q2M4X9TB-12")] == ["K7Q2M4X9TB1", "K7Q2M4X9TB12"]


@pytest.mark.parametrize("mail", ["", "a@b", "a" * 80 + "@x.fr", "two words@x.fr", "été@x.fr", "a@b@c.fr", "a@x.fr\n"])
def test_an_address_that_payfip_would_refuse_is_replaced_by_ours(bank: Bank, mail: str) -> None:
    rail_named("payfip").begin(replace(ATTEMPT, mail=mail))
    assert bank.book.payments()[0].sent["mel"] == "regie@messervices.example"


def test_the_payers_address_gets_the_receipt(bank: Bank) -> None:
    form = rail_named("payfip").begin(ATTEMPT)
    assert bank.book.payments()[0].sent["mel"] == "lina@etudiant.example"
    assert form.action_url.endswith(f"?idop={form.ref}")
    assert form.fields == {}


def test_another_number_of_client_is_refused_by_name(bank: Bank) -> None:
    with pytest.raises(BeginRefusedByBank, match="T1"):
        replace(rail_named("payfip"), numcli="999999").begin(ATTEMPT)  # type: ignore[type-var]  # a dataclass


# What is answered


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("P", Outcome.PAID), ("V", Outcome.PAID), ("R", Outcome.REFUSED), ("Z", Outcome.REFUSED),
        ("A", Outcome.ABANDONED), ("Q", Outcome.UNCLEAR), ("", Outcome.UNCLEAR),
    ],
)  # fmt: skip
def test_every_result_has_one_meaning(monkeypatch: pytest.MonkeyPatch, word: str, outcome: Outcome) -> None:
    facts = answered(monkeypatch, detail(resultrans=word)).ask(ASKED).facts
    assert (facts.outcome, facts.amount_cents, facts.currency, facts.tx_id) == (outcome, 105_00, "EUR", "op-1")
    assert facts.at == "2026-08-28T14:05:00+02:00", "hours of Paris"


@pytest.mark.parametrize(
    "changes",
    [{"refdet": "OTHER1"}, {"numcli": "999999"}, {"idOp": "op-2"}, {"montant": ""}, {"montant": "1e4"}],
)
def test_an_answer_about_something_else_is_unclear(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]) -> None:
    assert answered(monkeypatch, detail(**changes)).ask(ASKED).facts.outcome == Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("day", "hour", "at"),
    [
        ("25102026", "0230", "2026-10-25T02:30:00+02:00"),  # the hour that autumn repeats: the first of both
        ("28032027", "0230", "2027-03-28T02:30:00+01:00"),  # the hour that spring has not
        ("31022026", "1200", ""), ("", "", ""), ("28082026", "", ""),
    ],
)  # fmt: skip
def test_hours_are_those_of_paris_whatever_the_season(
    monkeypatch: pytest.MonkeyPatch, day: str, hour: str, at: str
) -> None:
    assert answered(monkeypatch, detail(dattrans=day, heurtrans=hour)).ask(ASKED).facts.at == at


@pytest.mark.parametrize("code", ["P1", "P5"])
def test_nothing_ended_is_no_payment_yet(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    assert answered(monkeypatch, fault(code), 500).ask(ASKED).facts.outcome == Outcome.NEVER_SEEN


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (fault("P9"), 500), (fault("A1", "TechIndisponibiliteErreur"), 500), ("<S:Fault/>", 500), ("", 200),
        (detail(), 503), ("<n:other/>", 200),
    ],
)  # fmt: skip
def test_any_other_fault_is_a_silence(monkeypatch: pytest.MonkeyPatch, body: str, status: int) -> None:
    with pytest.raises(ProviderUnavailable):
        answered(monkeypatch, body, status).ask(ASKED)


def test_an_answer_that_is_no_xml_or_holds_an_entity_is_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in (b"", b"<a", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'):
        monkeypatch.setattr(payfip, "call", lambda *_given, raw=raw: (200, raw))
        with pytest.raises(ProviderUnavailable):
            rail_named("payfip").ask(ASKED)


@pytest.mark.parametrize("raw", [b"idop=op-1", b"idop=op-1&other=x"])
def test_a_notice_names_an_operation_and_proves_nothing(raw: bytes) -> None:
    read = rail_named("payfip").read(raw, "", NOW)
    assert (read.verdict, read.ref, read.facts) == (Verdict.HINT, "op-1", None)


@pytest.mark.parametrize("raw", [b"idop=", b"idop=a&idop=b", b"idop=%3Cx%3E", b"idop=" + b"a" * 81, b"other=a"])
def test_a_notice_that_names_nothing_is_unreadable(raw: bytes) -> None:
    assert rail_named("payfip").read(raw, "", NOW).verdict == Verdict.UNREADABLE


# Time


@pytest.mark.parametrize(
    ("minutes", "move"), [(14, Move.RESUME), (15, Move.WAIT), (19, Move.WAIT), (20, Move.BEGIN), (120, Move.BEGIN)]
)
def test_an_operation_opens_for_a_quarter_of_an_hour_and_is_waited_for_a_little_longer(
    minutes: int, move: Move
) -> None:
    begun_at = ATTEMPT.begun_at
    assert move_after(Outcome.NEVER_SEEN, begun_at, begun_at + minutes * TERMS.door / 15, TERMS) == move


def test_the_bank_closes_an_operation_after_a_quarter_of_an_hour(bank: Bank) -> None:
    rail = rail_named("payfip")
    attempt = replace(ATTEMPT, begun_at=datetime.now(UTC))
    form = rail.begin(attempt)
    token = arrive(bank, form)
    bank.control.handle("clock", {"seconds": TERMS.door.total_seconds() + 1})
    asked = replace(attempt, rail_ref=form.ref)
    assert bank.teller.try_card(token, "4970100000000022").state == "expired"
    assert rail.ask(asked).facts.outcome == Outcome.NEVER_SEEN
    bank.control.handle("clock", {"seconds": 24 * 3600})
    assert rail.ask(asked).facts.outcome == Outcome.NEVER_SEEN, "forgotten by the night"


def test_a_direct_debit_is_money_too(bank: Bank) -> None:
    form = rail_named("payfip").begin(ATTEMPT)
    bank.teller.take_from_account(arrive(bank, form))
    facts = rail_named("payfip").ask(replace(ATTEMPT, rail_ref=form.ref)).facts
    assert (facts.outcome, facts.detail) == (Outcome.PAID, "V")
