"""pain.002: what a bank says became of a file and of its lines, read as a stream.

Version .03 is validated against its schema; of the later ones (.10 goes with our pain.001.001.09) the same names are
read, and what has another shape is refused.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree

_DATA = Path(__file__).resolve().parents[1] / "data"
_SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.(\d\d)")
_VALIDATED = "03"


class Unreadable(Exception):  # noqa: N818 - read as a fact
    """It is no pain.002 that can be believed: not XML, a document type, another message, the schema refuses it."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is said of a whole file: ``status`` may be empty, or ``PART`` when the lines differ."""

    message_id: str
    status: str
    code: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one line."""

    number: str
    status: str
    code: str


@functools.cache
def _schema() -> Any:
    return etree.XMLSchema(etree.parse(str(_DATA / f"pain.002.001.{_VALIDATED}.xsd")))


def _root_space(raw: bytes) -> str:
    """Give the namespace of the document. Raises ``Unreadable`` for what is no pain.002."""
    try:
        for _event, element in etree.iterparse(
            BytesIO(raw), events=("start",), resolve_entities=False, no_network=True, load_dtd=False
        ):
            if element.getroottree().docinfo.doctype:
                break
            name = etree.QName(element)
            if name.localname == "Document" and _SPACE.fullmatch(name.namespace or ""):
                return str(name.namespace)
            break
    except etree.XMLSyntaxError:
        pass
    raise Unreadable


def read(raw: bytes) -> Iterator[Group | Said]:
    """Yield the file's own status first, then each line's. Raises ``Unreadable``, at the latest at the end.

    A status of a payment (a group of lines) is that of its lines that have none of their own: ours has one a file.
    """
    space = _root_space(raw)
    tag = f"{{{space}}}"
    wanted = tuple(f"{tag}{name}" for name in ("OrgnlGrpInfAndSts", "PmtInfSts", "TxInfAndSts", "Document"))
    validated = _SPACE.fullmatch(space)
    schema = _schema() if validated and validated[1] == _VALIDATED else None
    is_whole = False  # a file cut short is told by its missing end, not by the parser
    try:
        for _event, element in etree.iterparse(
            BytesIO(raw), tag=wanted, schema=schema, huge_tree=True, resolve_entities=False, no_network=True,
            load_dtd=False,
        ):  # fmt: skip
            name = etree.QName(element).localname
            if name == "TxInfAndSts":
                yield Said(_word(element, tag, "OrgnlEndToEndId"), _word(element, tag, "TxSts"), _code(element, tag))
                element.clear()
            elif name == "Document":
                is_whole = True
            elif name == "PmtInfSts":
                above = element.getparent()
                yield Group("", (element.text or "").strip(), _code(above, tag))
            else:
                yield Group(_word(element, tag, "OrgnlMsgId"), _word(element, tag, "GrpSts"), _code(element, tag))
    except (etree.XMLSyntaxError, etree.DocumentInvalid) as wrong:
        raise Unreadable from wrong
    if not is_whole:
        raise Unreadable


def _word(element: Any, tag: str, name: str) -> str:
    return (element.findtext(f"{tag}{name}") or "").strip()


def _code(element: Any, tag: str) -> str:
    found = element.findtext(f"{tag}StsRsnInf/{tag}Rsn/{tag}Cd") or element.findtext(
        f"{tag}StsRsnInf/{tag}Rsn/{tag}Prtry"
    )
    return (found or "").strip()[:4]
