"""Pictures that a stranger may hand in to do harm."""

import struct
import zlib
from collections.abc import Iterator

from PIL import PngImagePlugin

from messervices.foundations.documents.tests.honest import (
    BROKEN,
    CLEANED,
    PIXELS,
    SIDE,
    UNKNOWN,
    Case,
    picture,
    scan,
    zeros,
)  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes, depth: int = 8, colours: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _jpeg_of(width: int, height: int) -> bytes:
    made = bytearray(picture("JPEG"))
    place = made.index(b"\xff\xc0")
    made[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(made)


def _tiff_of(width: int, height: int) -> bytes:
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
               (278, 4, height), (279, 4, 100)]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + bytes(104)


def _heic_of(width: int, height: int) -> bytes:
    made = picture("HEIF")
    place = made.index(b"ispe")
    return made[: place + 8] + struct.pack(">II", width, height) + made[place + 16 :]


def _webp_of(width: int, height: int) -> bytes:
    made = picture("WEBP", (64, 64))
    body = made[12:]
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas + body
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _comments_bomb() -> bytes:
    text = PngImagePlugin.PngInfo()
    for number in range(20):
        text.add_text(f"k{number}", "a" * 1024 * 1024, zip=True)
    return picture("PNG", pnginfo=text)


def huge_pictures() -> Iterator[tuple[str, Case]]:
    """What says that it is 50,000 points wide, and what really unpacks to gigabytes."""
    for name, made in (
        ("png", _png(SIDE, SIDE, zlib.compress(b""))), ("jpeg", _jpeg_of(SIDE, SIDE)), ("tiff", _tiff_of(SIDE, SIDE)),
        ("heic", _heic_of(SIDE, SIDE)), ("webp", _webp_of(SIDE, SIDE)),
    ):  # fmt: skip
        yield f"{name}-says-50000x50000", (made, PIXELS)
    yield "png-grey-50000x50000-with-its-zeros", (_png(SIDE, SIDE, zeros(1200), 8, 0), PIXELS)
    yield "png-bits-50000x50000", (_png(SIDE, SIDE, zeros(300), 1, 0), PIXELS)
    yield "png-just-below-the-limit", (_png(7000, 7000, zeros(375), 16, 6), PIXELS | {CLEANED})
    yield "jpeg-65500-wide-and-flat", (_jpeg_of(65_500, 65_500), PIXELS)
    yield "jpeg-without-height", (_jpeg_of(640, 0), PIXELS)
    yield "tiff-of-nothing", (_tiff_of(0, 0), PIXELS | BROKEN)
    yield "tiff-whose-strip-is-elsewhere", (_tiff_of(6000, 6000), PIXELS)
    yield "webp-16383x16383", (_webp_of(16_383, 16_383), PIXELS)
    yield "png-comments-of-20-megabytes", (_comments_bomb(), {CLEANED, *PIXELS})
    yield "tiff-70-pages", (scan(70), {"too_many_pages"})
    yield "tiff-that-turns-in-a-circle", (_tiff_in_a_circle(), {"too_many_pages", CLEANED, "damaged"})
    yield "heic-that-is-a-film", (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(400), UNKNOWN)


def _tiff_in_a_circle() -> bytes:
    made = bytearray(_tiff_of(10, 10))
    made[8 + 2 + 9 * 12 : 8 + 2 + 9 * 12 + 4] = struct.pack("<I", 8)
    return bytes(made)


def broken_pictures() -> Iterator[tuple[str, Case]]:
    """Half files, and files whose middle is noise."""
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF"):
        made = picture(kind, (1200, 900))
        yield f"{kind.lower()}-cut-in-half", (made[: len(made) // 2], BROKEN)
    noise = bytes((7 * number * number + 13) % 256 for number in range(4000))
    made = picture("HEIF", (1200, 900))
    yield "heic-of-noise", (made[:300] + noise, BROKEN)
    yield "jpeg-of-noise", (b"\xff\xd8\xff\xe0" + noise + b"\xff\xd9", BROKEN)
    yield "png-of-noise", (_png(100, 100, noise), BROKEN)
    yield "png-that-lacks-its-colours", (_png(8, 8, zlib.compress(bytes(72)), 8, 3), BROKEN | {CLEANED})
    yield "webp-of-noise", (b"RIFF" + struct.pack("<I", len(noise) + 4) + b"WEBP" + noise, BROKEN)
