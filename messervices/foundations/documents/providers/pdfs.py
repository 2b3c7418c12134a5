"""PDF: only what is drawn on its pages goes into a new file. What runs, joins, asks or leads elsewhere stays behind.

Not a list of what is dangerous, which is never complete, but of what is kept: a page's size, resources and drawing.
Runs in the limited child process only.
"""

import contextlib
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from messervices.foundations.documents.providers.limits import Limits, Made, Refused

_OF_A_PAGE = {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group"}
_OF_A_FILE_OUTSIDE = ("/F", "/FFilter", "/FDecodeParms")
_BESIDE_A_DRAWING = (
    "/Ref", "/OPI", "/PS", "/AF", "/Metadata", "/PieceInfo", "/Alternates", "/StructParent", "/StructParents",
)  # fmt: skip
_NEVER = {
    "/Type": {"/Action", "/Annot", "/EmbeddedFile", "/Filespec", "/F", "/Catalog"},
    "/S": {"/JavaScript", "/Launch", "/URI", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/Rendition", "/Movie"},
}
"""What no kept object may be: found nevertheless, it is emptied."""

_PICTURES = {"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"}
_FLATE = {"/FlateDecode", "/Fl"}
_FILTERS = 4
_MOST_BETWEEN = 32 * 1024 * 1024
_CHUNK = 1024 * 1024


def anew(content: bytes, limits: Limits) -> Made:
    """Give a new file with the pages of this one. Raises ``Refused``, or whatever pikepdf raises for what is no PDF."""
    try:
        source = pikepdf.open(io.BytesIO(content))
    except pikepdf.PasswordError:
        raise Refused("locked") from None
    count = len(source.pages)
    if not count:
        raise Refused("damaged")
    if count > limits.pages:
        raise Refused("too_many_pages")
    _draw_what_was_filled_in(source)
    for page in source.pages:
        for key in set(page.obj.keys()) - _OF_A_PAGE:
            del page.obj[key]
    made = pikepdf.new()
    made.pages.extend(source.pages)
    _Look(limits).at(page.obj for page in made.pages)
    return Made("application/pdf", _saved(made), count)


def _draw_what_was_filled_in(source: pikepdf.Pdf) -> None:
    """Turn the answers of a form and the notes of a reader into drawing, as far as they have one; XFA has none."""
    with contextlib.suppress(pikepdf.PdfError, ValueError, TypeError, RuntimeError, KeyError):
        if form := source.Root.get("/AcroForm"):
            if "/XFA" in form:
                del form["/XFA"]
            source.generate_appearance_streams()
        source.flatten_annotations("screen")


def _saved(made: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    made.save(
        out,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        deterministic_id=True,
        force_version="1.7",
    )
    return out.getvalue()


class _Look:
    """One look at every object that the pages lead to: weighed once, stripped of what leads outside."""

    def __init__(self, limits: Limits) -> None:
        """Nothing is weighed yet."""
        self.limits, self.left = limits, limits.unpacked
        self.seen: set[tuple[int, int]] = set()

    def at(self, roots: Iterable[Any]) -> None:
        """Walk without recursion: a stranger chooses how deep it goes."""
        ahead = list(roots)
        while ahead:
            one = ahead.pop()
            if one.is_indirect:
                if one.objgen in self.seen:
                    continue
                self.seen.add(one.objgen)
            if isinstance(one, Stream):
                self._stream(one)
            if isinstance(one, Dictionary | Stream):
                self._empty(one)
            ahead += self._inside(one)

    def _inside(self, one: Any) -> Iterator[Any]:
        """Give the lists, dictionaries and streams within."""
        if isinstance(one, Array):
            parts: Iterable[Any] = list(one)
        elif isinstance(one, Dictionary | Stream):
            parts = [value for key, value in one.items() if key != "/Parent"]
        else:
            parts = ()
        return (part for part in parts if isinstance(part, Array | Dictionary | Stream))

    def _empty(self, one: Any) -> None:
        for key, words in _NEVER.items():
            found = one.get(key)
            if isinstance(found, Name) and str(found) in words:
                for name in list(one.keys()):
                    if name != "/Length":
                        del one[name]
                if isinstance(one, Stream):
                    one.write(b"")
                return

    def _stream(self, stream: Any) -> None:
        for key in _OF_A_FILE_OUTSIDE:
            if key in stream:
                del stream[key]
        subtype = str(stream.get("/Subtype", ""))
        if subtype == "/PS" or str(stream.get("/Subtype2", "")) == "/PS":
            for name in set(stream.keys()) - {"/Length"}:
                del stream[name]
            stream.write(b"")
            return
        if subtype in {"/Image", "/Form"}:
            for key in _BESIDE_A_DRAWING:
                if key in stream:
                    del stream[key]
        if subtype == "/Image" and _number(stream, "/Width") * _number(stream, "/Height") > self.limits.pixels:
            raise Refused("too_many_pixels")
        self.left -= _unpacked(stream, self.left)
        if self.left < 0:
            raise Refused("too_heavy")


def _number(stream: Any, key: str) -> int:
    found = stream.get(key, 0)
    return int(found) if isinstance(found, int) else 0


def _filters(stream: Any) -> list[str]:
    found = stream.get("/Filter")
    if found is None:
        return []
    return [str(one) for one in found] if isinstance(found, Array) else [str(found)]


def _unpacked(stream: Any, most: int) -> int:
    """Count the bytes a stream becomes, one more than ``most`` at the most; a picture's points are counted apart."""
    names = _filters(stream)
    if len(names) > _FILTERS:
        raise Refused("too_heavy")
    data = stream.read_raw_bytes()
    for place, name in enumerate(names):
        if name in _PICTURES:
            return len(data)
        if name not in _FLATE:
            return len(stream.read_bytes())  # rare and slow kinds: the process's own memory is the bound
        if place == len(names) - 1:
            return sum(map(len, _inflated(data, most)))
        data = b"".join(_inflated(data, _MOST_BETWEEN))
        if len(data) > _MOST_BETWEEN:
            raise Refused("too_heavy")
    return len(data)


def _inflated(data: bytes, most: int) -> Iterator[bytes]:
    """Unpack a piece at a time, until the end, a fault, or more than ``most`` bytes."""
    tool, total = zlib.decompressobj(), 0
    while data and total <= most:
        try:
            piece = tool.decompress(data, _CHUNK)
        except zlib.error:
            return
        if not piece and not tool.unconsumed_tail:
            return
        total += len(piece)
        data = tool.unconsumed_tail
        yield piece


def of_pictures(pages: list[tuple[bytes, int, int, bool]]) -> bytes:
    """Make a PDF of JPEG pictures (bytes, width, height, grey): each fills a page as wide as a sheet of A4."""
    made = pikepdf.new()
    for jpeg, width, height, grey in pages:
        high = round(595 * height / width)
        picture = Stream(
            made, jpeg, Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=8,
            ColorSpace=Name.DeviceGray if grey else Name.DeviceRGB, Filter=Name.DCTDecode,
        )  # fmt: skip
        page = made.add_blank_page(page_size=(595, min(max(high, 3), 14_400)))
        page.obj.Resources = Dictionary(XObject=Dictionary(Picture=picture))
        page.obj.Contents = Stream(made, f"q 595 0 0 {high} 0 0 cm /Picture Do Q".encode())
    return _saved(made)


def marked(content: bytes, mark: str, _font: str) -> Made:
    """Write a mark across every page, again and again. The letters are those every reader of PDF has."""
    written = mark.encode("cp1252", "replace").hex()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        font = pdf.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
        )
        veil = pdf.make_indirect(Dictionary(Type=Name.ExtGState, ca=0.35, CA=0.35))
        for page in pdf.pages:
            x, y, right, top = (float(edge) for edge in page.mediabox)
            size = max(8.0, max(right - x, top - y) / 45)
            name, state = page.add_resource(font, Name.Font), page.add_resource(veil, Name.ExtGState)
            step = max(size * 7, (top - y) / 12)
            lines = [
                f"0.866 0.5 -0.5 0.866 {x + (row % 2) * size * 4:.1f} {y + row * step:.1f} Tm <{written}> Tj"
                for row in range(-4, min(60, int((top - y) / step) + 1))
            ]
            drawing = f"Q q {state} gs 0.35 0 0.24 rg BT {name} {size:.1f} Tf {' '.join(lines)} ET Q"
            page.contents_add(Stream(pdf, b"q"), prepend=True)
            page.contents_add(Stream(pdf, drawing.encode()))
        return Made("application/pdf", _saved(pdf), len(pdf.pages))
