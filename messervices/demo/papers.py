"""What a bank would have sent about the demonstration year: settlements, and one statement. Pure; cents are signed."""

from dataclasses import dataclass
from datetime import date

_SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True, slots=True)
class Taken:
    """A card payment: the rail's transaction, its day, what it cost."""

    tx_id: str
    day: date
    cents: int
    fee: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What was paid out of the payments of a day."""

    reference: str
    day: date
    taken: tuple[Taken, ...]

    @property
    def gross(self) -> int:
        """The sum of its payments."""
        return sum(one.cents for one in self.taken)

    @property
    def fees(self) -> int:
        """What they cost."""
        return sum(one.fee for one in self.taken)

    @property
    def net(self) -> int:
        """What is credited."""
        return self.gross - self.fees


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of the account."""

    reference: str
    day: date
    cents: int
    text: str


def iban(account: int) -> str:
    """Give an account number at the demonstration bank, with both its keys."""
    key = 97 - (89 * 19999 + 15 * 1 + 3 * account) % 97
    inside = f"1999900001{account:011d}{key:02d}"
    return f"FR{98 - int(f'{inside}152700') % 97:02d}{inside}"


def settlements(contract: str, settled: list[Settled]) -> bytes:
    """Write the settlement file, as ``treasury`` documents it."""
    rows = ["messervices-settlement;1"]
    for one in settled:
        head = f"settlement;lyra;{contract};{one.reference};{one.day};{one.day};EUR;{len(one.taken)}"
        rows.append(f"{head};{one.gross};{one.fees};{one.net}")
        rows += [
            f"line;{place};payment;{paid.tx_id};;{paid.day};{paid.cents};{paid.fee};EUR"
            for place, paid in enumerate(one.taken, 1)
        ]
    gross, fees = sum(one.gross for one in settled), sum(one.fees for one in settled)
    rows.append(f"total;{len(settled)};{sum(len(one.taken) for one in settled)};{gross};{fees};{gross - fees}")
    return ("\n".join(rows) + "\n").encode()


def statement(number: str, account: str, day: date, booked: list[Booked]) -> bytes:
    """Write a statement that begins at nothing."""
    at = f"<CreDtTm>{day}T23:30:00</CreDtTm>"
    total = sum(abs(one.cents) for one in booked)
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{_SPACE}"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>{number}</MsgId>{at}</GrpHdr><Stmt><Id>{number}</Id><ElctrncSeqNb>1</ElctrncSeqNb>{at}<Acct><Id><IBAN>{account}</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{_balance('OPBD', 0, day)}{_balance('CLBD', sum(one.cents for one in booked), day)}"
        f"<TxsSummry><TtlNtries><NbOfNtries>{len(booked)}</NbOfNtries><Sum>{_euros(total)}</Sum></TtlNtries></TxsSummry>"
    )
    return "\n".join([head, *(_entry(one) for one in booked), "</Stmt></BkToCstmrStmt></Document>\n"]).encode()


def _euros(cents: int) -> str:
    return f"{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _amount(cents: int) -> str:
    way = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{_euros(cents)}</Amt><CdtDbtInd>{way}</CdtDbtInd>'


def _balance(code: str, cents: int, day: date) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def _entry(one: Booked) -> str:
    return (
        f"<Ntry>{_amount(one.cents)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{one.day}</Dt></BookgDt>"
        f"<ValDt><Dt>{one.day}</Dt></ValDt><AcctSvcrRef>B{one.reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly>"
        f"<Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{one.reference}</EndToEndId></Refs>{_amount(one.cents)}<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>"
    )
