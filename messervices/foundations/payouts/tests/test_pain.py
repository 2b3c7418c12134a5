"""The file: as others write it, as its schema wants it, as it is read back."""

import io
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sepaxml import SepaTransfer

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.providers import pain, registry, status
from messervices.foundations.payouts.providers.pain import Head, Transfer, WrongFile
from messervices.foundations.payouts.tests.factories import IBANS, NOW, pain_002

NS = f"{{{pain.NAMESPACE}}}"
DEBTOR = registry.Debtor(26, "Crous de Versailles", IBANS["fr"], "TRPUFRP1XXX", "")


def head_of(transfers: list[Transfer], **changes: Any) -> Head:
    given_ = {
        "message_id": "MSVTEST", "made_at": NOW, "day": date(2026, 8, 28), "debtor": DEBTOR, "count": len(transfers),
        "sum_cents": sum(one.amount_cents for one in transfers),
    }  # fmt: skip
    return Head(**given_ | changes)


def written(transfers: list[Transfer], **changes: Any) -> bytes:
    pieces: list[bytes] = []
    pain.write(pieces.append, head_of(transfers, **changes), transfers)
    return b"".join(pieces)


def some(count: int = 3) -> list[Transfer]:
    countries = list(IBANS.values())
    return [
        Transfer(
            f"P{i:09d}-1",
            100 + i,
            countries[i % len(countries)],
            "" if i % 2 else "COBADEFFXXX",
            f"Nom {i}",
            f"Remboursement {i}",
        )
        for i in range(count)
    ]


def test_what_is_written_is_read_back_to_the_cent_and_the_letter() -> None:
    transfers = some(25)
    found = pain.read_back(io.BytesIO(written(transfers)))
    assert (found.message_id, found.count, found.said_count) == ("MSVTEST", 25, 25)
    assert found.sum_cents == found.said_sum_cents == sum(one.amount_cents for one in transfers)
    assert found.debtor_iban == IBANS["fr"]


def test_the_same_transfers_give_the_same_bytes() -> None:
    assert written(some()) == written(some())


def test_another_hand_writes_the_same_transfers() -> None:
    """sepaxml, which shares nothing with our writer, writes the same elements for the same payments."""
    transfers = some(6)
    config = {
        "name": "Crous de Versailles",
        "IBAN": IBANS["fr"],
        "BIC": "TRPUFRP1XXX",
        "batch": True,
        "currency": "EUR",
    }
    theirs = SepaTransfer(config, schema="pain.001.001.09", clean=True)
    for one in transfers:
        payment = {
            "name": one.name, "IBAN": one.iban, "amount": one.amount_cents, "execution_date": date(2026, 8, 28),
            "description": one.remittance, "endtoend_id": one.number,
        }  # fmt: skip
        theirs.add_payment(payment | ({"BIC": one.bic} if one.bic else {}))
    ours, other = (etree.fromstring(raw) for raw in (written(transfers), theirs.export(validate=True)))

    def told(root: Any) -> list[tuple[Any, ...]]:
        def word(element: Any, path: str) -> str:
            return element.findtext("/".join(f"{NS}{part}" for part in path.split("/"))) or ""

        return [
            tuple(
                word(element, path)
                for path in (
                    "PmtId/EndToEndId", "Amt/InstdAmt", "CdtrAgt/FinInstnId/BICFI", "Cdtr/Nm", "CdtrAcct/Id/IBAN",
                    "RmtInf/Ustrd",
                )
            )
            for element in root.iter(f"{NS}CdtTrfTxInf")
        ]  # fmt: skip

    assert told(ours) == told(other)
    for path in ("NbOfTxs", "CtrlSum", "PmtMtd", "BtchBookg", "ChrgBr"):
        assert ours.findtext(f".//{NS}{path}") == other.findtext(f".//{NS}{path}"), path
    assert ours.findtext(f".//{NS}DbtrAcct/{NS}Id/{NS}IBAN") == other.findtext(f".//{NS}DbtrAcct/{NS}Id/{NS}IBAN")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<PmtMtd>TRF", b"<PmtMtd>XXX"), (b'<InstdAmt Ccy="EUR">1.00', b'<InstdAmt Ccy="EUR">1,00'),
        (b"<EndToEndId>P000000000-1", b"<EndToEndId>" + b"9" * 36), (b"<Nm>Nom 0</Nm>", b"<Name>Nom 0</Name>"),
        (b"</CstmrCdtTrfInitn>", b""), (b"<IBAN>DE", b"<IBAN>d3"), (b"<ChrgBr>SLEV", b"<ChrgBr>ZZZZ"),
    ],
)  # fmt: skip
def test_a_file_that_the_schema_refuses_is_no_file(old: bytes, new: bytes) -> None:
    raw = written(some(6))
    assert old in raw
    with pytest.raises(WrongFile):
        pain.read_back(io.BytesIO(raw.replace(old, new, 1)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**11), st.sampled_from(list(IBANS.values())), st.text(min_size=1, max_size=90),
            st.text(max_size=200),
        ),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_any_names_and_sums_make_a_file_that_its_schema_accepts(rows: list[tuple[int, str, str, str]]) -> None:
    transfers = [
        Transfer(f"N{rank}-1", cents, iban, "", rules.sepa_text(name, 70) or "X", rules.sepa_text(why, 140) or "X")
        for rank, (cents, iban, name, why) in enumerate(rows)
    ]
    found = pain.read_back(io.BytesIO(written(transfers)))
    assert (found.count, found.sum_cents) == (len(rows), sum(row[0] for row in rows))


def test_a_creditor_identifier_stands_in_the_file_when_the_crous_has_one() -> None:
    debtor = registry.Debtor(26, "Crous de Versailles", IBANS["fr"], "TRPUFRP1XXX", "FR12ZZZ123456")
    assert b"FR12ZZZ123456" in written(some(), debtor=debtor)
    pain.read_back(io.BytesIO(written(some(), debtor=debtor)))
    assert b"<Othr>" not in written(some())


def test_an_answer_is_read_whatever_its_version() -> None:
    for version in ("03", "10"):
        raw = pain_002("MSV1", code="AM04", lines={"A-1": ("ACSP", ""), "B-1": ("RJCT", "AC04")}, version=version)
        found = list(status.read(raw))
        assert found == [
            status.Group("MSV1", "PART", "AM04"), status.Said("A-1", "ACSP", ""), status.Said("B-1", "RJCT", "AC04"),
        ]  # fmt: skip


BOMB = b'<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"%PDF-1.7", b"<Document/>", b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'/>",
        pain_002("MSV1")[:-20], pain_002("MSV1").replace(b"<GrpSts>PART", b"<GrpSts>WHAT"),
        BOMB + pain_002("MSV1").partition(b"?>")[2], "été".encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_unreadable(raw: bytes) -> None:
    with pytest.raises(status.Unreadable):
        list(status.read(raw))


def test_no_transfer_declares_the_namespace_again() -> None:
    assert len(re.findall(rb"xmlns", written(some(10)))) == 1
