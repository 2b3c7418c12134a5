"""Drawing a paper: typst, as PDF/A-2a and PDF/UA-1 at once, from contents alone.

The same contents, instant and recipe give the same bytes. Measured at about 180 certificates a second a core, which
asks for three things: one compiler kept a thread (it remembers what it has laid out), contents handed over as a file
(handed over as ``sys.inputs`` they would make it forget), and templates that keep what varies out of ``set`` rules.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import re
import threading
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
import typst
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.utils import get_app_template_dirs

STANDARDS = ["a-2a", "ua-1"]
SHARED = "documents/paper.typ"
_FONTS = Path(__file__).parents[1] / "data" / "fonts"
_OTHER_SCRIPTS = ("manimgx_fonts", "manimgx_fonts_cjk")
"""Packages whose faces draw what Inter has no letters for; the second (Chinese, Japanese, Korean) may be added."""
_UNDRAWABLE = re.compile(r'(?:the text|contains the codepoint) `"(.*?)"`')
_BOX = "\u25a1"
_threads = threading.local()


def draw(*, template: str, contents: dict[str, Any], issued_at: datetime, specimen: bool) -> bytes:
    """Draw contents by a template (``cvec/attestation.typ``) as they were at ``issued_at``; give the PDF.

    ``contents["verify_url"]``, when there is one, becomes the QR code. Letters that no face at hand has are looked for
    among the machine's own faces, then replaced by a box, which the paper says: a rare letter in a name must not leave
    somebody without a certificate. Raises ``typst.TypstError`` when the template itself is wrong.
    """
    handed = {
        "contents": contents,
        "issued": issued_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date().isoformat(),
        "qr": qr_svg(contents["verify_url"]) if "verify_url" in contents else "",
        "specimen": specimen,
        "replaced": False,
    }
    missing: set[str] = set()
    for system_fonts in (False, True, True, True):
        try:
            return _compile(template, _boxed(handed, missing), issued_at, system_fonts=system_fonts)
        except typst.TypstError as error:
            found = _missing_letters(error.diagnostic)
            if not found:
                raise
            missing |= found if system_fonts else set()
    raise ValueError(f"{len(missing)} letters could be neither drawn nor replaced")


def _compile(template: str, handed: dict[str, Any], issued_at: datetime, *, system_fonts: bool) -> bytes:
    files = sources(template) | {"paper.json": json.dumps(handed, ensure_ascii=False).encode()}
    compilers = _threads.__dict__.setdefault("compilers", {})
    compiler = compilers.get((template, system_fonts))
    if compiler is None:
        compiler = typst.Compiler(files, font_paths=_fonts(system_fonts))  # type: ignore[type-var]  # takes several
        compilers[template, system_fonts] = compiler
    pdf: bytes = compiler.compile(
        input=files, format="pdf", pdf_standards=STANDARDS, timestamp=int(issued_at.timestamp())
    )
    return pdf


@cache
def _fonts(system: bool) -> typst.Fonts:  # noqa: FBT001 - the key of a cache
    """Find the faces once a process: Inter, then those of other scripts that are installed."""
    folders = [str(_FONTS)]
    for package in _OTHER_SCRIPTS:
        found = importlib.util.find_spec(package)
        if found and found.submodule_search_locations:
            folders += found.submodule_search_locations
    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=system, font_paths=folders)


@cache
def sources(template: str) -> dict[str, bytes]:
    """Give the files that draw by this template: itself, what it shares with all papers, what lies beside it."""
    main = _find(template)
    beside = {f"{template.rpartition('/')[0]}/{path.name}": path for path in main.parent.glob("*.typ") if path != main}
    files = {"main.typ": main, SHARED: _find(SHARED)} | beside
    return {name: path.read_bytes() for name, path in files.items()}


def _find(name: str) -> Path:
    for folder in get_app_template_dirs("templates"):
        if (path := Path(folder) / name).is_file():
            return path
    raise TemplateDoesNotExist(name)


@cache
def recipe(template: str) -> str:
    """Name the means of drawing: typst's version and a mark of the template's files. Kept with every PDF."""
    mark = hashlib.sha256()
    for name, source in sorted(sources(template).items()):
        mark.update(name.encode() + b"\0" + source + b"\0")
    return f"typst {importlib.metadata.version('typst')} {mark.hexdigest()[:12]}"


def qr_svg(address: str) -> str:
    """Draw an address as a QR code (error correction M) in one path, rows overlapping by a hair to hide the seams."""
    rows = segno.make(address, error="m", boost_error=False, micro=False, mask=2).matrix
    size = len(rows)
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < size:
            if not row[x]:
                x += 1
                continue
            begin = x
            while x < size and row[x]:
                x += 1
            path.append(f"M{begin} {y}h{x - begin}v1.02h{begin - x}z")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {size} {size}'>"
        f"<path fill='#1d2422' d='{''.join(path)}'/></svg>"
    )


def _missing_letters(diagnostic: str) -> set[str]:
    """Read from typst's complaint the letters that no face has."""
    letters: set[str] = set()
    for text in _UNDRAWABLE.findall(diagnostic):
        letters.update(re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text))
    return letters


def _boxed(handed: dict[str, Any], missing: set[str]) -> dict[str, Any]:
    """Replace letters by a box wherever they stand in the contents, and have the paper say so."""

    def without(value: Any) -> Any:
        if isinstance(value, str):
            return "".join(_BOX if letter in missing else letter for letter in value)
        if isinstance(value, dict):
            return {name: without(inner) for name, inner in value.items()}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    return handed | {"contents": without(handed["contents"]), "replaced": True} if missing else handed
