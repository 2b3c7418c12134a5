"""pain.001.001.09: written as a stream, read back by another hand, validated against the schema while it is read.

A hundred thousand transfers are forty megabytes: nothing here holds a whole document.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from lxml import etree

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.providers.registry import Debtor

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_DATA = Path(__file__).resolve().parents[1] / "data"
_TRANSFER = f"{{{NAMESPACE}}}CdtTrfTxInf"


class WrongFile(Exception):  # noqa: N818 - read as a fact: the file is wrong
    """A file is not what was meant: the schema refuses it, or its count, sum or lines are others."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line: to whom, how much, why. Names and reasons are written with the signs of SEPA."""

    number: str
    amount_cents: int
    iban: str
    bic: str
    name: str
    remittance: str


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the lines of a file."""

    message_id: str
    made_at: datetime
    day: date
    debtor: Debtor
    count: int
    sum_cents: int


class _Sink:
    """Where lxml writes: each piece goes to a function."""

    def __init__(self, take: Callable[[bytes], Any]) -> None:
        self._take = take

    def write(self, piece: bytes) -> int:
        self._take(piece)
        return len(piece)


def _made(text: str) -> Any:
    """Make an element that takes the document's own namespace, once written inside it."""
    return etree.fromstring(text)


class _Mould:
    """One transfer's elements, filled again for each: a thousand times cheaper than making them anew."""

    def __init__(self, *, with_bic: bool) -> None:
        agent = "<CdtrAgt><FinInstnId><BICFI/></FinInstnId></CdtrAgt>" if with_bic else ""
        self.root = _made(
            '<CdtTrfTxInf><PmtId><EndToEndId/></PmtId><Amt><InstdAmt Ccy="EUR"/></Amt>'
            f"{agent}<Cdtr><Nm/></Cdtr><CdtrAcct><Id><IBAN/></Id></CdtrAcct><RmtInf><Ustrd/></RmtInf></CdtTrfTxInf>"
        )
        self.holes = {hole.tag: hole for hole in self.root.iter() if len(hole) == 0}

    def fill(self, one: Transfer) -> Any:
        self.holes["EndToEndId"].text = one.number
        self.holes["InstdAmt"].text = rules.write_cents(one.amount_cents)
        self.holes["Nm"].text = one.name
        self.holes["IBAN"].text = one.iban
        self.holes["Ustrd"].text = one.remittance
        if "BICFI" in self.holes:
            self.holes["BICFI"].text = one.bic
        return self.root


def write(take: Callable[[bytes], Any], head: Head, transfers: Iterable[Transfer]) -> None:
    """Write a file, piece by piece, to ``take``. The same head and lines give the same bytes."""
    with_bic, without = _Mould(with_bic=True), _Mould(with_bic=False)
    with etree.xmlfile(_Sink(take), encoding="UTF-8", buffered=True) as file:
        file.write_declaration()
        with file.element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE}), file.element("CstmrCdtTrfInitn"):
            file.write(_group(head))
            with file.element("PmtInf"):
                for part in _payment(head):
                    file.write(part)
                for one in transfers:
                    file.write((with_bic if one.bic else without).fill(one))


def _group(head: Head) -> Any:
    group = _made(
        "<GrpHdr><MsgId/><CreDtTm/><NbOfTxs/><CtrlSum/><InitgPty><Nm/><Id><OrgId><Othr><Id/></Othr></OrgId></Id>"
        "</InitgPty></GrpHdr>"
    )
    words = (
        head.message_id, f"{head.made_at:%Y-%m-%dT%H:%M:%S}", str(head.count), rules.write_cents(head.sum_cents),
        rules.sepa_text(head.debtor.name, rules.LONGEST_NAME), head.debtor.ics,
    )  # fmt: skip
    holes = [hole for hole in group.iter() if len(hole) == 0]
    for hole, word in zip(holes, words, strict=True):
        hole.text = word
    if not head.debtor.ics:
        party = group.find("InitgPty")
        party.remove(party.find("Id"))
    return group


def _payment(head: Head) -> list[Any]:
    name = rules.sepa_text(head.debtor.name, rules.LONGEST_NAME)
    parts = [
        ("<PmtInfId/>", head.message_id),
        ("<PmtMtd/>", "TRF"),
        ("<BtchBookg/>", "true"),
        ("<NbOfTxs/>", str(head.count)),
        ("<CtrlSum/>", rules.write_cents(head.sum_cents)),
        ("<PmtTpInf><SvcLvl><Cd/></SvcLvl></PmtTpInf>", "SEPA"),
        ("<ReqdExctnDt><Dt/></ReqdExctnDt>", head.day.isoformat()),
        ("<Dbtr><Nm/></Dbtr>", name),
        ("<DbtrAcct><Id><IBAN/></Id></DbtrAcct>", head.debtor.iban),
        ("<DbtrAgt><FinInstnId><BICFI/></FinInstnId></DbtrAgt>", head.debtor.bic),
        ("<ChrgBr/>", "SLEV"),
    ]
    made = []
    for shape, word in parts:
        element = _made(shape)
        next(hole for hole in element.iter() if len(hole) == 0).text = word
        made.append(element)
    return made


@functools.cache
def _schema() -> Any:
    return etree.XMLSchema(etree.parse(str(_DATA / "pain.001.001.09.xsd")))


@dataclass(frozen=True, slots=True)
class Reread:
    """What a file says, by its second reader. ``said_…``: in its head; ``count`` and ``sum_cents``: of its lines.

    ``marks``: the digest of the lines as ``rules.line_mark`` writes them.
    """

    message_id: str
    said_count: int
    said_sum_cents: int
    count: int
    sum_cents: int
    debtor_iban: str
    marks: bytes


def read_back(file: IO[bytes]) -> Reread:
    """Read a file as a bank would, validating it against the schema on the way. Raises ``WrongFile``.

    It shares nothing with the writer: another parser, and the words of the file alone.
    """
    space = f"{{{NAMESPACE}}}"
    head: dict[str, str] = {}
    count = total = 0
    marks = hashlib.sha256()
    number, amount, name, account = leaves = tuple(
        f"{space}{leaf}" for leaf in ("EndToEndId", "InstdAmt", "Nm", "IBAN")
    )
    try:
        events = etree.iterparse(
            file, tag=(_TRANSFER, *(f"{space}{name}" for name in ("GrpHdr", "DbtrAcct", "Document"))),
            schema=_schema(), huge_tree=True, resolve_entities=False, no_network=True, load_dtd=False,
        )  # fmt: skip
        for _event, element in events:
            if element.tag == _TRANSFER:
                said = {leaf.tag: leaf.text for leaf in element.iter(*leaves)}
                cents = rules.read_cents(said[amount])
                count, total = count + 1, total + cents
                marks.update(rules.line_mark(said[number], cents, said[account], said[name]))
                above, before = element.getparent(), element.getprevious()
                if before is not None and before.tag == _TRANSFER:
                    above.remove(before)
            elif element.tag == f"{space}Document":
                head["whole"] = "yes"  # a file cut short is told by its missing end, not by the parser
            else:
                head |= {part.tag.removeprefix(space): part.text or "" for part in element.iter()}
    except (etree.XMLSyntaxError, etree.DocumentInvalid, ValueError, TypeError, KeyError) as wrong:
        raise WrongFile(type(wrong).__name__) from wrong
    if "whole" not in head:
        raise WrongFile("cut short")
    return Reread(
        head["MsgId"], int(head["NbOfTxs"]), rules.read_cents(head["CtrlSum"]), count, total, head["IBAN"],
        marks.digest(),
    )  # fmt: skip
