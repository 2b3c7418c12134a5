"""Bank statements and notices (ISO 20022 camt.053 and camt.054), read as a stream and held to their schema.

Nothing of a file stays in memory behind the reader: an entry, or one transaction of a gathered entry, is read and
dropped. What no bank sends (a DOCTYPE, another encoding than UTF-8) is refused before the parser sees it.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import IO, Any

from lxml import etree

from messervices.foundations.treasury.providers.lines import (
    DetailLine,
    EntryLine,
    Faulty,
    Piece,
    StatementEnd,
    StatementHead,
)
from messervices.foundations.treasury.states import Fault, FileKind

VERSIONS = {
    "camt.053.001.02": FileKind.STATEMENT,
    "camt.053.001.08": FileKind.STATEMENT,
    "camt.054.001.02": FileKind.NOTICE,
    "camt.054.001.08": FileKind.NOTICE,
}
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_SNIFF = re.compile(rb'xmlns(?::\w+)?\s*=\s*["\']urn:iso:std:iso:20022:tech:xsd:(camt\.05[34]\.001\.\d\d)["\']')
_DECLARED = re.compile(rb'<\?xml[^>]*\bencoding\s*=\s*["\']([\w.-]+)["\']')
_FORBIDDEN = re.compile(rb"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_HEAD = 4096
_OVERLAP = 16
_WORD = re.compile(r"[A-Z0-9][A-Z0-9./+_-]{5,34}")
_MOST_REFS, _LONGEST_TEXT = 12, 140
_NO_REF = {"NOTPROVIDED", "NONREF"}

_ENTRY = {
    "amount": "c:Amt", "currency": "c:Amt/@Ccy", "way": "c:CdtDbtInd", "status": "c:Sts", "booked": "c:BookgDt",
    "value": "c:ValDt", "bank_ref": "c:AcctSvcrRef", "domain": "c:BkTxCd/c:Domn/c:Cd",
    "family": "c:BkTxCd/c:Domn/c:Fmly/c:Cd", "sub_family": "c:BkTxCd/c:Domn/c:Fmly/c:SubFmlyCd",
    "own_code": "c:BkTxCd/c:Prtry/c:Cd", "entry_ref": "c:NtryRef", "batch": "c:NtryDtls/c:Btch/c:MsgId",
    "batch_info": "c:NtryDtls/c:Btch/c:PmtInfId", "more": "c:AddtlNtryInf",
}  # fmt: skip
_DETAIL = {
    "amount": "c:Amt", "gross": "c:AmtDtls/c:TxAmt/c:Amt", "way": "c:CdtDbtInd", "entry_way": "../../c:CdtDbtInd",
    "status": "../../c:Sts", "bank_ref": "c:Refs/c:AcctSvcrRef", "end_to_end": "c:Refs/c:EndToEndId",
    "instruction": "c:Refs/c:InstrId", "transaction": "c:Refs/c:TxId", "information": "c:Refs/c:PmtInfId",
    "message": "c:Refs/c:MsgId", "mandate": "c:Refs/c:MndtId", "clearing": "c:Refs/c:ClrSysRef",
    "creditor_ref": "c:RmtInf/c:Strd/c:CdtrRefInf/c:Ref", "text": "c:RmtInf/c:Ustrd[1]",
    "text_2": "c:RmtInf/c:Ustrd[2]", "reason": "c:RtrInf/c:Rsn", "returned": "name(c:RtrInf)",
}  # fmt: skip
"""What is read of an entry and of a transaction, each by one expression: twenty look-ups cost five times more."""
_REFS = (
    "end_to_end", "instruction", "transaction", "information", "message", "mandate", "clearing", "creditor_ref",
)  # fmt: skip
_BOOKED, _CREDIT, _EURO = "BOOK", "CRDT", "EUR"


def version_of(head: bytes) -> str:
    """Tell which of the four messages a file is from its first bytes; an empty text when it is none of them."""
    found = _SNIFF.search(head[:_HEAD])
    version = found[1].decode() if found else ""
    return version if version in VERSIONS else ""


@cache
def _fields(version: str, wanted: str) -> Callable[[Any], dict[str, str]]:
    """Make what reads the fields of ``_ENTRY`` or ``_DETAIL`` (``wanted``) of an element, as texts of one line."""
    paths = {"entry": _ENTRY, "detail": _DETAIL}[wanted]
    joined = ", '\n', ".join(f"normalize-space({path})" for path in paths.values())
    found = etree.XPath(f"concat({joined})", namespaces={"c": _NAMESPACE + version})

    def read_fields(element: Any) -> dict[str, str]:
        return dict(zip(paths, str(found(element)).split("\n"), strict=True))

    return read_fields


@cache
def _schema(version: str) -> etree.XMLSchema:
    raw = resources.files("messervices.foundations.treasury").joinpath("data", f"{version}.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(raw))


class _Careful:
    """A stream that refuses, as it is read, what is not UTF-8 and what declares anything beside elements."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.decoder, self.tail, self.begun = source, codecs.getincrementaldecoder("utf-8")(), b"", False
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        if not self.begun:
            self.begun = True
            declared = _DECLARED.match(data[:_HEAD].removeprefix(codecs.BOM_UTF8))
            if declared and declared[1].lower() not in {b"utf-8", b"utf8"}:
                raise Faulty(Fault.ENCODING, 1)
        if b"\0" in data:
            raise Faulty(Fault.ENCODING)
        try:
            self.decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            raise Faulty(Fault.ENCODING) from None
        if _FORBIDDEN.search(self.tail + data):
            raise Faulty(Fault.UNSAFE)
        self.tail = data[-_OVERLAP:]
        return data


def read(source: IO[bytes], version: str, *, check: bool = True) -> Iterator[Piece]:
    """Read a file, piece by piece. Raises ``Faulty`` at the first thing that is wrong.

    ``check=False`` leaves the schema out, for the second reading of a file that was held to it already.
    """
    namespace = f"{{{_NAMESPACE}{version}}}"
    tags = [f"{namespace}{name}" for name in ("Stmt", "Ntfctn", "Bal", "TxsSummry", "Ntry", "TxDtls")]
    stream = etree.iterparse(
        _Careful(source), events=("start", "end"), tag=tags, schema=_schema(version) if check else None,
        no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    reader = _Reader(namespace, version, with_balances=VERSIONS[version] == FileKind.STATEMENT)
    try:
        for event, element in stream:
            yield from reader.take(event, element)
    except etree.XMLSyntaxError as error:
        # The library's log keeps what earlier files were refused for: only the error's own code is of this file.
        of_schema = getattr(error, "code", 0) >= etree.ErrorTypes.SCHEMAP_PREFIX_UNDEFINED
        raise Faulty(Fault.SCHEMA if of_schema else Fault.NOT_XML, error.lineno or 0) from None


@dataclass
class _Reader:
    """Where the reading stands in a statement."""

    namespace: str
    version: str
    with_balances: bool
    head: StatementHead | None = None
    entries: int = 0
    booked: int = 0
    counted: int = 0
    credits_cents: int = 0
    debits_cents: int = 0
    details: int = 0
    details_cents: int = 0
    first: DetailLine | None = None
    announced: tuple[int | None, int | None] = (None, None)
    balances: dict[str, tuple[int, date]] = field(default_factory=dict)

    def take(self, event: str, element: Any) -> Iterator[Piece]:
        """Take one event of the parser."""
        name = element.tag.removeprefix(self.namespace)
        if event == "start":
            if name in {"Stmt", "Ntfctn"}:
                self._begin()
            elif name == "Ntry":
                if self.head is None:
                    self.head = self._read_head(element.getparent())
                    yield self.head
                self.entries += 1
                self.details, self.details_cents, self.first = 0, 0, None
            return
        if name == "Bal":
            self._read_balance(element)
        elif name == "TxsSummry":
            count = self._text(element, "TtlNtries/NbOfNtries")
            total = self._text(element, "TtlNtries/Sum")
            self.announced = (int(count) if count else None, _cents(total, element) if total else None)
        elif name == "TxDtls":
            yield from self._read_detail(element)
            _drop(element)
        elif name == "Ntry":
            yield from self._read_entry(element)
            _drop(element)
        elif name in {"Stmt", "Ntfctn"}:
            if self.head is None:
                self.head = self._read_head(element)
                yield self.head
            yield self._end(element)
            _drop(element)

    def _begin(self) -> None:
        self.head, self.announced, self.balances = None, (None, None), {}
        self.entries = self.booked = self.counted = self.credits_cents = self.debits_cents = 0

    def _text(self, element: Any, path: str) -> str:
        found = element.findtext("/".join(f"{self.namespace}{name}" for name in path.split("/")))
        return (found or "").strip()

    def _read_balance(self, element: Any) -> None:
        code = self._text(element, "Tp/CdOrPrtry/Cd")
        amount = element.find(f"{self.namespace}Amt")
        self._in_euros(amount, element)
        cents = _cents(amount.text, element) * self._sign(element)
        day = _day(self._text(element, "Dt/Dt") or self._text(element, "Dt/DtTm"), element)
        self.balances.setdefault(code, (cents, day))

    def _read_head(self, element: Any) -> StatementHead:
        account = element.find(f"{self.namespace}Acct")
        iban = self._text(account, "Id/IBAN")
        if self._text(account, "Ccy") not in {"", "EUR"}:
            raise Faulty(Fault.CURRENCY, account.sourceline or 0)
        number, sequence = self._text(element, "Id"), self._text(element, "ElctrncSeqNb")
        made_on = self._text(element, "CreDtTm")[:10] or self._text(element, "FrToDt/ToDtTm")[:10]
        if not self.with_balances:
            return StatementHead(number, iban, "EUR", _whole(sequence), _day(made_on, element))
        opening = self.balances.get("OPBD") or self.balances.get("PRCD")
        closing = self.balances.get("CLBD")
        if opening is None or closing is None:
            raise Faulty(Fault.BALANCES, element.sourceline or 0)
        return StatementHead(number, iban, "EUR", _whole(sequence), closing[1], opening[0], closing[0])

    def _read_detail(self, element: Any) -> Iterator[DetailLine]:
        """Read one transaction; the first one is kept back, for an entry of a single transaction is one thing."""
        said = _fields(self.version, "detail")(element)
        if said["status"] != _BOOKED:
            return
        self.details += 1
        amount, way = said["amount"] or said["gross"], said["way"] or said["entry_way"]
        cents = (_cents(amount, element) if amount else 0) * (1 if way == _CREDIT else -1)
        self.details_cents += cents
        text = " ".join(filter(None, (said["text"], said["text_2"])))
        named = [said[name] for name in _REFS]
        detail = DetailLine(
            self.booked + 1, self.details, cents, said["bank_ref"][:35], _few([*named, *_words(text)]),
            text[:_LONGEST_TEXT], (said["reason"] or (said["returned"] and "NARR"))[:35],
        )  # fmt: skip
        if self.first is None:
            self.first = detail
            return
        if self.details == 2:  # noqa: PLR2004 - the entry gathers several after all: its first is given too
            yield self.first
        yield detail

    def _read_entry(self, element: Any) -> Iterator[Piece]:
        """Read an entry; one that is not booked yet moves nothing, and will come again once it is."""
        said = _fields(self.version, "entry")(element)
        if said["currency"] != _EURO:
            raise Faulty(Fault.CURRENCY, element.sourceline or 0)
        cents = _cents(said["amount"], element) * (1 if said["way"] == _CREDIT else -1)
        self.counted += abs(cents)
        if said["status"] != _BOOKED:
            return
        if self.details > 1 and self.details_cents != cents:
            raise Faulty(Fault.TOTALS, element.sourceline or 0)
        self.booked += 1
        if cents >= 0:
            self.credits_cents += cents
        else:
            self.debits_cents -= cents
        booked_on = _day(said["booked"] or said["value"], element)
        only = self.first if self.details == 1 else None
        code = "/".join(filter(None, (said["domain"], said["family"], said["sub_family"]))) or said["own_code"]
        batch = [said["entry_ref"], said["batch"], said["batch_info"]]
        yield EntryLine(
            number=self.booked, amount_cents=cents, booked_on=booked_on,
            value_on=_day(said["value"], element) if said["value"] else booked_on,
            bank_ref=said["bank_ref"] or (only.bank_ref if only else ""),
            refs=_few([*(only.refs if only else ()), *batch, *_words(said["more"])]), code=code[:40],
            text=((only.text if only else "") or said["more"])[:_LONGEST_TEXT],
            return_reason=only.return_reason if only else "", details=self.details,
        )  # fmt: skip

    def _end(self, element: Any) -> StatementEnd:
        head, line = self.head, element.sourceline or 0
        count, total = self.announced
        if (count is not None and count != self.entries) or (total is not None and total != self.counted):
            raise Faulty(Fault.TOTALS, line)
        if head is None or not head.number:
            raise Faulty(Fault.SHAPE, line)
        if self.with_balances and head.opening_cents + self.credits_cents - self.debits_cents != head.closing_cents:
            raise Faulty(Fault.BALANCES, line)
        return StatementEnd(self.booked, self.credits_cents, self.debits_cents)

    def _sign(self, element: Any) -> int:
        return 1 if self._text(element, "CdtDbtInd") == _CREDIT else -1

    @staticmethod
    def _in_euros(amount: Any, element: Any) -> None:
        if amount is None or amount.get("Ccy") != _EURO:
            raise Faulty(Fault.CURRENCY, element.sourceline or 0)


def _drop(element: Any) -> None:
    """Forget an element, and its brothers that were read before it."""
    element.clear()
    before = element.getprevious()
    while before is not None and before.tag == element.tag:
        element.getparent().remove(before)
        before = element.getprevious()


def _cents(text: str | None, element: Any) -> int:
    """Read an amount of euros as cents. Raises ``Faulty`` on a part of a cent."""
    try:
        cents = Decimal((text or "").strip()).scaleb(2)
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        raise Faulty(Fault.SHAPE, element.sourceline or 0) from None
    if cents != whole:
        raise Faulty(Fault.SHAPE, element.sourceline or 0)
    return whole


def _day(text: str, element: Any) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Faulty(Fault.SHAPE, element.sourceline or 0) from None


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _words(text: str) -> list[str]:
    """The words of a free text that could be a reference: six signs or more, one of them a digit."""
    return [word for word in _WORD.findall(text.upper()) if any(sign.isdigit() for sign in word)]


def _few(refs: list[str]) -> tuple[str, ...]:
    """Each reference once, in capitals; never the word that says that there is none."""
    found = dict.fromkeys(ref.upper()[:35] for ref in refs if ref and ref.upper() not in _NO_REF)
    return tuple(found)[:_MOST_REFS]
