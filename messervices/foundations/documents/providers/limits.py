"""What the limited child process and those who ask it have in common. Knows nothing else."""

from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - read as a fact: the file is refused
    """The file is not for us. ``code`` is one of ``states.Reason``."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask for. Bytes, seconds of processor, points of a picture, pages, points of the longer side."""

    memory: int
    seconds: int
    result: int
    unpacked: int
    pixels: int
    pages: int
    side: int


@dataclass(frozen=True, slots=True)
class Made:
    """What was written anew: its media type, its bytes and its pages."""

    media: str
    content: bytes
    pages: int = 1
