"""Pictures: decoded, turned upright, brought to a size that can be read, and encoded anew without anything beside.

Runs in the limited child process only.
"""

import io
import math

import pillow_heif
from PIL import Image, ImageDraw, ImageFont

from messervices.foundations.documents.providers import pdfs
from messervices.foundations.documents.providers.limits import Limits, Made, Refused

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF")
_QUALITY = 85
_WIDE = ("I;16", "I;16B", "I;16L", "I", "F")
_SPILL = 0.35
"""How strongly a mark covers what lies under it."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""How to undo each way of holding a camera (tag 274 of EXIF)."""

pillow_heif.options.DECODE_THREADS = 1
pillow_heif.register_heif_opener(thumbnails=False)
Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is decoded


def anew(content: bytes, limits: Limits) -> Made:
    """Give the picture written anew: PNG stays PNG, several pages of TIFF become a PDF, all else becomes JPEG.

    Raises ``Refused`` or whatever Pillow raises for bytes that are no picture.
    """
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        _weigh(picture, limits)
        if picture.format == "TIFF" and getattr(picture, "n_frames", 1) > 1:
            return _pages(picture, limits)
        kind = "PNG" if picture.format == "PNG" else "JPEG"
        return Made(f"image/{kind.lower()}", _encoded(_upright(picture, limits), kind))


def _weigh(picture: Image.Image, limits: Limits) -> None:
    width, height = picture.size
    if width < 1 or height < 1:
        raise Refused("damaged")
    if width * height > limits.pixels:
        raise Refused("too_many_pixels")


def _upright(picture: Image.Image, limits: Limits) -> Image.Image:
    """Decode, make smaller first (the rest then costs little), turn as the camera was held, put on white paper."""
    if picture.format in {"JPEG", "MPO"}:
        picture.draft(None, (limits.side, limits.side))
    picture.load()
    turn = _TURNS.get(picture.getexif().get(0x0112, 1))
    if picture.mode in _WIDE:
        picture = _eight_bits(picture)
    elif picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    elif picture.mode == "1":
        picture = picture.convert("L")
    picture.thumbnail((limits.side, limits.side), Image.Resampling.LANCZOS)
    picture = _on_paper(picture)
    return picture if turn is None else picture.transpose(turn)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Bring sixteen bits and more to eight, the darkest to black and the lightest to white."""
    low, high = picture.getextrema()
    scale = 255 / (high - low) if high > low else 1  # type: ignore[operator]  # one band: two numbers
    return picture.convert("F").point(lambda value: value * scale - low * scale).convert("L")  # type: ignore[operator]  # the same


def _on_paper(picture: Image.Image) -> Image.Image:
    """Give grey or colours on white: what shone through would be black in a JPEG."""
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")


def _encoded(picture: Image.Image, kind: str) -> bytes:
    """Encode the points alone: no date, no place, no profile, no comment."""
    picture.info.clear()
    out = io.BytesIO()
    if kind == "PNG":
        picture.save(out, "PNG", compress_level=6)
    else:
        picture.save(out, "JPEG", quality=_QUALITY, comment=b"")
    return out.getvalue()


def _pages(picture: Image.Image, limits: Limits) -> Made:
    """Make a PDF of the pages of a TIFF, as scanners write them."""
    pages = []
    for number in range(limits.pages + 1):
        try:
            picture.seek(number)
        except EOFError:
            break
        if number == limits.pages:
            raise Refused("too_many_pages")
        _weigh(picture, limits)
        page = _upright(picture.copy(), limits)
        pages.append((_encoded(page, "JPEG"), *page.size, page.mode == "L"))
    return Made("application/pdf", pdfs.of_pictures(pages), len(pages))


def marked(content: bytes, mark: str, font: str) -> Made:
    """Write a mark across the picture, again and again, in a way that cannot be cut off."""
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
        kind = picture.format or "JPEG"
        paper = picture.convert("RGB")
    veil = _veil(paper.size, mark, font)
    paper.paste((90, 0, 60), mask=veil)
    return Made(f"image/{kind.lower()}", _encoded(paper, kind))


def _veil(size: tuple[int, int], mark: str, font: str) -> Image.Image:
    """Write the mark in slanted rows over a picture of that size: how much of the mark's colour each point takes."""
    height = max(12, max(size) // 45)
    letters = ImageFont.truetype(font, height)
    side = int(math.hypot(*size)) + height
    cloth = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(cloth)
    step = letters.getlength(mark + "    ")
    row = (mark + "    ") * (int(side / step) + 2)
    for number, y in enumerate(range(0, side, height * 5)):
        pen.text((-(number % 3) * step / 3, y), row, fill=int(255 * _SPILL), font=letters)
    slanted = cloth.rotate(30, Image.Resampling.BILINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return slanted.crop((left, top, left + size[0], top + size[1]))
