"""Honest files, and the pieces of those that are not. Made here, each time: none is stored."""

import io
import struct
import zipfile
import zlib
from functools import cache

import pikepdf
import pillow_heif
from pikepdf import Dictionary, Name, Stream
from PIL import Image

CLEANED = "cleaned"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""In two halves, so that no antivirus takes this file for the thing itself."""

HTML = b"<html><script>alert(1)</script></html>"
Case = tuple[bytes, set[str]]
"""A file, and what may come of it: the codes of a refusal, and ``CLEANED``."""

BOMB = {"too_heavy"}
PIXELS = {"too_many_pixels", "damaged", "too_heavy"}
BROKEN = {"damaged", "unknown_type"}
UNKNOWN = {"unknown_type"}
SIDE = 50_000


def saved(pdf: pikepdf.Pdf, **how: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, fix_metadata_version=False, deterministic_id="encryption" not in how, **how)
    return out.getvalue()


def drawn_on(pdf: pikepdf.Pdf, text: str = "Attestation", pages: int = 1) -> None:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    for _number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Contents = Stream(pdf, f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode())


def pdf(pages: int = 1, text: str = "Attestation") -> bytes:
    """An honest PDF."""
    made = pikepdf.new()
    drawn_on(made, text, pages)
    return saved(made)


def picture(kind: str, size: tuple[int, int] = (640, 480), **how: object) -> bytes:
    """An honest picture, left half red and right half blue."""
    drawn = Image.new("RGB", size, (200, 30, 30))
    drawn.paste((30, 30, 200), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(drawn).save(out, quality=60, **how)
    else:
        drawn.save(out, kind, **how)
    return out.getvalue()


def photo_of_a_phone() -> bytes:
    """A JPEG held sideways, with the place and the model of the phone."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0110] = "TelephoneQuiParle"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (48.0, 48.0, 17.0), "E", (2.0, 7.0, 50.0)
    return picture("JPEG", exif=exif.tobytes(), comment=b"un secret")


def scan(pages: int) -> bytes:
    """A TIFF of several pages, as an office machine writes them."""
    sheets = [Image.new("1", (1240, 1754), 1) for _ in range(pages)]
    out = io.BytesIO()
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:], compression="group4")
    return out.getvalue()


def archive(content: bytes = b"nothing", name: str = "a.txt") -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
    return out.getvalue()


@cache
def zeros(megabytes: int) -> bytes:
    """Give that many megabytes of zeros, packed: one packed megabyte, again and again, and the right sum at the end."""
    tool = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = tool.compress(bytes(1024 * 1024)) + tool.flush(zlib.Z_FULL_FLUSH)
    total = struct.pack(">HH", megabytes * 1024 * 1024 % 65_521, 1)
    return b"\x78\xda" + one * megabytes + tool.flush() + total
