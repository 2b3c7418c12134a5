"""Asking an antivirus about bytes: ClamAV by its socket, or the demonstration's own, which knows one name."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Protocol

from django.conf import settings

from messervices.kernel.errors import ProviderUnavailable

NAME = "documents.scanner"
DEMO = "demo"
_CHUNK = 64 * 1024
_ANSWER = 4096
_TEST_FILE = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"


class Scanner(Protocol):
    """What the room asks of an antivirus."""

    def ready(self) -> None:
        """Return when it listens. Raises ``ProviderUnavailable`` when it does not."""
        ...

    def scan(self, content: bytes) -> str:
        """Give the name of what was found, an empty text when nothing was. Raises ``ProviderUnavailable``."""
        ...


class Clamd:
    """ClamAV's daemon (``clamd``), by ``INSTREAM``: nothing of the file touches the daemon's disk by our doing."""

    def __init__(self, address: str, timeout: float) -> None:
        """``address`` is a path, or ``host:port``; ``timeout`` seconds are waited for each word."""
        self.address, self.timeout = address, timeout

    def ready(self) -> None:
        """Ask ``PING``, be told ``PONG``."""
        with self._line() as line:
            line.sendall(b"zPING\0")
            if self._word(line) != b"PONG":
                raise ProviderUnavailable(NAME, "it answers something else than PONG")

    def scan(self, content: bytes) -> str:
        """Send the bytes in pieces, each behind its length, and read the verdict, whole or not at all."""
        with self._line() as line:
            line.sendall(b"zINSTREAM\0")
            try:
                for place in range(0, len(content), _CHUNK):
                    piece = content[place : place + _CHUNK]
                    line.sendall(struct.pack(">I", len(piece)) + piece)
                line.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it said why before it hung up: read that
            said = self._word(line).decode(errors="replace")
        if said == "stream: OK":
            return ""
        if said.startswith("stream: ") and said.endswith(" FOUND"):
            return said.removeprefix("stream: ").removesuffix(" FOUND") or "unnamed"
        raise ProviderUnavailable(NAME, "it could not say")

    @contextlib.contextmanager
    def _line(self) -> Iterator[socket.socket]:
        try:
            with self._connected() as line:
                yield line
        except OSError as silence:
            raise ProviderUnavailable(NAME, type(silence).__name__) from silence

    def _connected(self) -> socket.socket:
        if self.address.startswith("/"):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(self.timeout)
            try:
                line.connect(self.address)
            except OSError:
                line.close()
                raise
            return line
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), self.timeout)

    def _word(self, line: socket.socket) -> bytes:
        """Read up to the zero that ends an answer: half an answer is none."""
        said = b""
        while not said.endswith(b"\0"):
            piece = line.recv(_ANSWER)
            if not piece or len(said) > _ANSWER:
                raise ProviderUnavailable(NAME, "half an answer")
            said += piece
        return said.rstrip(b"\0").strip()


class DemoScanner:
    """The demonstration's: finds the test file that every antivirus knows, and nothing else."""

    def ready(self) -> None:
        """Say nothing: it is always there."""

    def scan(self, content: bytes) -> str:
        """Look for the one name."""
        return "Eicar-Test-Signature" if _TEST_FILE in content else ""


class NoScanner:
    """None is set: every file waits, unreadable."""

    def ready(self) -> None:
        """Raise ``ProviderUnavailable``."""
        raise ProviderUnavailable(NAME, "CLAMAV is not set")

    def scan(self, content: bytes) -> str:
        """Raise ``ProviderUnavailable``."""
        raise ProviderUnavailable(NAME, "CLAMAV is not set")


def scanner() -> Scanner:
    """Give the antivirus that the settings name; the demonstration's own only in the demonstration."""
    if settings.CLAMAV == DEMO:
        return DemoScanner() if settings.DEMO else NoScanner()
    return Clamd(settings.CLAMAV, settings.CLAMAV_TIMEOUT) if settings.CLAMAV else NoScanner()
