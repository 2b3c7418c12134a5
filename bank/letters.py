"""What the bank writes on its letterhead: statements (camt.053), notices (camt.054), settlement files. Pure: no book.

Amounts are signed euro cents; money that comes to the account is positive.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape

_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
CREDIT, DEBIT, RETURN = ("PMNT", "RCDT", "ESCT"), ("PMNT", "ICDT", "ESCT"), ("PMNT", "ICDT", "RRTN")


@dataclass(frozen=True, slots=True)
class Deal:
    """One transaction inside an entry: its references, its text, why it came back if it did."""

    cents: int
    end_to_end: str = ""
    ref: str = ""
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One entry of an account. ``ref`` is the bank's own; ``batch`` the MsgId of the file that it carries out."""

    cents: int
    booked: date
    ref: str
    code: tuple[str, str, str] = CREDIT
    value: date | None = None
    deals: tuple[Deal, ...] = ()
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One transaction of a settlement: ``kind`` payment, refund or charge_back."""

    kind: str
    tx_id: str
    day: date
    cents: int
    fee: int = 0
    currency: str = "EUR"
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Remittance:
    """What a card platform pays out at once to one contract."""

    rail: str
    contract: str
    reference: str
    day: date
    credit_on: date
    parts: tuple[Part, ...] = field(default_factory=tuple)

    @property
    def gross(self) -> int:
        """Sum of its transactions."""
        return sum(part.cents for part in self.parts)

    @property
    def fees(self) -> int:
        """What it costs."""
        return sum(part.fee for part in self.parts)

    @property
    def net(self) -> int:
        """What is credited."""
        return self.gross - self.fees


def euros(cents: int) -> str:
    """Write an amount as ISO 20022 does: ``105.00``, never a sign."""
    whole, rest = divmod(abs(cents), 100)
    return f"{whole}.{rest:02d}"


def _way(cents: int) -> str:
    return "CRDT" if cents >= 0 else "DBIT"


def statement(
    *, iban: str, number: str, day: date, opening: int, bookings: Sequence[Booking], sequence: int = 1,
    version: str = "08",
) -> Iterator[bytes]:  # fmt: skip
    """Write a statement of a day, a piece at a time: a long one never stands in memory whole."""
    closing = opening + sum(one.cents for one in bookings)
    total = sum(abs(one.cents) for one in bookings)
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_SPACE}camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{escape(number)}</MsgId><CreDtTm>{day}T23:30:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>{escape(number)}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb><CreDtTm>{day}T23:30:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
        f"{_balance('OPBD', opening, day)}{_balance('CLBD', closing, day)}"
        f"<TxsSummry><TtlNtries><NbOfNtries>{len(bookings)}</NbOfNtries><Sum>{euros(total)}</Sum></TtlNtries></TxsSummry>\n"
    ).encode()
    yield from _entries(bookings, version)
    yield b"</Stmt></BkToCstmrStmt></Document>\n"


def notice(*, iban: str, number: str, day: date, bookings: Sequence[Booking], version: str = "08") -> Iterator[bytes]:
    """Write a notice: the same entries with their details, without balances."""
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_SPACE}camt.054.001.{version}">'
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{escape(number)}</MsgId><CreDtTm>{day}T23:30:00</CreDtTm></GrpHdr>\n"
        f"<Ntfctn><Id>{escape(number)}</Id><CreDtTm>{day}T23:30:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
    ).encode()
    yield from _entries(bookings, version)
    yield b"</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"


def _balance(code: str, cents: int, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{euros(cents)}</Amt>'
        f"<CdtDbtInd>{_way(cents)}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def _entries(bookings: Iterable[Booking], version: str) -> Iterator[bytes]:
    for one in bookings:
        status = "<Sts>BOOK</Sts>" if version == "02" else "<Sts><Cd>BOOK</Cd></Sts>"
        domain, family, sub = one.code
        batch = f"<Btch><MsgId>{escape(one.batch)}</MsgId></Btch>" if one.batch else ""
        deals = "".join(_deal(deal, version) for deal in one.deals)
        details = f"<NtryDtls>{batch}{deals}</NtryDtls>" if batch or deals else ""
        yield (
            f'<Ntry><Amt Ccy="EUR">{euros(one.cents)}</Amt><CdtDbtInd>{_way(one.cents)}</CdtDbtInd>{status}'
            f"<BookgDt><Dt>{one.booked}</Dt></BookgDt><ValDt><Dt>{one.value or one.booked}</Dt></ValDt>"
            f"<AcctSvcrRef>{escape(one.ref)}</AcctSvcrRef><BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd>"
            f"<SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry>\n"
        ).encode()


def _deal(deal: Deal, version: str) -> str:
    refs = f"<EndToEndId>{escape(deal.end_to_end or 'NOTPROVIDED')}</EndToEndId>"
    own = f"<AcctSvcrRef>{escape(deal.ref)}</AcctSvcrRef>" if deal.ref else ""
    amount = f'<Amt Ccy="EUR">{euros(deal.cents)}</Amt>'
    if version == "02":
        money = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
    else:
        money = f"{amount}<CdtDbtInd>{_way(deal.cents)}</CdtDbtInd>"
    text = f"<RmtInf><Ustrd>{escape(deal.text)}</Ustrd></RmtInf>" if deal.text else ""
    reason = f"<RtrInf><Rsn><Cd>{escape(deal.reason)}</Cd></Rsn></RtrInf>" if deal.reason else ""
    return f"<TxDtls><Refs>{own}{refs}</Refs>{money}{text}{reason}</TxDtls>"


def settlements(remittances: Sequence[Remittance]) -> bytes:
    """Write a settlement file, in the neutral form that the platform documents."""
    rows = ["messervices-settlement;1"]
    for one in remittances:
        rows.append(
            f"settlement;{one.rail};{one.contract};{one.reference};{one.day};{one.credit_on};EUR;{len(one.parts)};"
            f"{one.gross};{one.fees};{one.net}"
        )
        rows += [
            f"line;{place};{part.kind};{part.tx_id};{part.attempt};{part.day};{part.cents};{part.fee};{part.currency}"
            for place, part in enumerate(one.parts, 1)
        ]
    gross, fees = sum(one.gross for one in remittances), sum(one.fees for one in remittances)
    count = sum(len(one.parts) for one in remittances)
    rows.append(f"total;{len(remittances)};{count};{gross};{fees};{gross - fees}")
    return ("\n".join(rows) + "\n").encode()


LYRA_LABELS = (
    "ENTETE", "MERCHANT_COUNTRY", "MERCHANT_ID", "CONTRACT", "PAYMENT_DATE", "TRANSACTION_ID", "ORIGIN_AMOUNT",
    "CURRENCY_CODE", "CARD_TYPE", "ORDER_ID", "RETURN_CONTEXT", "CUSTOMER_ID", "OPERATION_TYPE", "OPERATION_NUMBER",
    "REMITTANCE_DATE", "REMITTANCE_TIME", "BRUT_AMOUNT", "MATCH_STATUS", "REMITTANCE_NB", "NET_AMOUNT",
    "COMMISSION_AMOUNT", "COMMISSION_CURRENCY",
)  # fmt: skip
"""Columns of Lyra's own bank reconciliation journal, version 1, as its documentation lists them."""


def lyra_journal(remittances: Sequence[Remittance]) -> bytes:
    """Write the same as Lyra's own journal does: it names attempts, not transactions."""
    rows = ["TITRE;Boutique;26/11/24_06:00:00;TABLE_V1", ";".join(LYRA_LABELS)]
    for one in remittances:
        for place, part in enumerate(one.parts, 1):
            code = "978" if part.currency == "EUR" else part.currency
            rows.append(
                f"MATCHING;FR;0;{one.contract};{part.day:%Y%m%d};{place:06d};{abs(part.cents)};{code};CB;"
                f"{part.attempt};;;{'DT' if part.cents > 0 else 'CT'};{place};{one.day:%Y%m%d};060000;"
                f"{abs(part.cents)};MATCH_OK;{one.reference};{abs(part.cents) - part.fee};{part.fee};978"
            )
    return ("\n".join([*rows, "FIN"]) + "\n").encode()
