"""The adapter of ClamAV against a small server of ours that speaks its protocol, well and badly."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from messervices.foundations.documents.providers import scanner
from messervices.foundations.documents.tests.honest import EICAR
from messervices.kernel.errors import ProviderUnavailable

Answer = Callable[[bytes], bytes | None]


def clean_or_found(content: bytes) -> bytes:
    """As the real one answers."""
    return b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"


class FakeClamd:
    """``PING`` and ``INSTREAM``; ``answer`` gives the last word, or ``None`` to say nothing at all."""

    def __init__(self, line: socket.socket, answer: Answer, most: int = 25 * 1024 * 1024) -> None:
        """Listen already."""
        self.line, self.answer, self.most = line, answer, most
        self.lines: list[socket.socket] = []
        self.received: list[bytes] = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Serve one after the other until closed."""
        with contextlib.suppress(OSError):
            while True:
                talk, _who = self.line.accept()
                self.lines.append(talk)
                with contextlib.suppress(OSError):
                    self.serve(talk)

    def serve(self, talk: socket.socket) -> None:
        """One exchange."""
        word = b""
        while not word.endswith(b"\0"):
            word += talk.recv(1)
        if word == b"zPING\0":
            said = self.answer(b"PING")
            self.say(talk, b"PONG\0" if said == b"stream: OK\0" else said)
            return
        content = b""
        while size := struct.unpack(">I", self.read(talk, 4))[0]:
            content += self.read(talk, size)
            if len(content) > self.most:
                self.say(talk, b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.received.append(content)
        self.say(talk, self.answer(content))

    @staticmethod
    def read(talk: socket.socket, size: int) -> bytes:
        """Read that many bytes."""
        said = b""
        while len(said) < size:
            said += talk.recv(size - len(said))
        return said

    @staticmethod
    def say(talk: socket.socket, said: bytes | None) -> None:
        """Say and hang up, or keep silent."""
        if said is not None:
            talk.sendall(said)
            talk.close()

    def close(self) -> None:
        """Hang up everywhere."""
        for one in (self.line, *self.lines):
            one.close()


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Callable[..., scanner.Clamd]]:
    """Start a server that answers so; by a path, or by a port of this machine."""
    running: list[FakeClamd] = []

    def start(answer: Answer, *, by_port: bool = False, **how: int) -> scanner.Clamd:
        line = socket.socket(socket.AF_INET if by_port else socket.AF_UNIX, socket.SOCK_STREAM)
        line.bind(("127.0.0.1", 0) if by_port else str(tmp_path / f"clamd{len(running)}.ctl"))
        line.listen()
        address = f"127.0.0.1:{line.getsockname()[1]}" if by_port else line.getsockname()
        running.append(FakeClamd(line, answer, **how))
        return scanner.Clamd(address, timeout=0.5)

    yield start
    for one in running:
        one.close()


@pytest.mark.parametrize("by_port", [False, True])
def test_what_is_clean_is_clean_and_what_is_found_has_its_name(clamd, by_port: bool) -> None:
    found = clamd(clean_or_found, by_port=by_port)
    found.ready()
    assert found.scan(b"a paper") == ""
    assert found.scan(bytes(300_000) + EICAR) == "Win.Test.EICAR_HDB-1"
    assert found.scan(b"") == ""


def test_every_byte_is_sent_in_its_order(clamd, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    seen: list[bytes] = []
    clamd(lambda said: seen.append(said) or b"stream: OK\0").scan(content)  # type: ignore[func-returns-value]  # appends, then answers
    assert seen == [content]


@pytest.mark.parametrize(
    "answer",
    [
        b"stream: OK", b"stream: ", b"", b"INSTREAM size limit exceeded. ERROR\0", b"UNKNOWN COMMAND\0", b"\0",
        b"stream: Can't allocate memory ERROR\0", b"OK\0", b"stream: OK FOUND OK\0",
    ],
)  # fmt: skip
def test_half_an_answer_an_error_or_nonsense_is_no_verdict(clamd, answer: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        clamd(lambda _said: answer).scan(EICAR)


def test_silence_is_no_verdict_and_does_not_last(clamd) -> None:
    silent = clamd(lambda _said: None)
    for ask in (silent.ready, lambda: silent.scan(b"a paper")):
        with pytest.raises(ProviderUnavailable):
            ask()


def test_one_that_hangs_up_in_the_middle_is_read_to_its_word(clamd) -> None:
    with pytest.raises(ProviderUnavailable, match="could not say"):
        clamd(clean_or_found, most=100_000).scan(bytes(5_000_000))


@pytest.mark.parametrize("address", ["/nowhere/clamd.ctl", "127.0.0.1:9"])
def test_nobody_there_is_an_outage(address: str) -> None:
    with pytest.raises(ProviderUnavailable):
        scanner.Clamd(address, timeout=0.5).ready()


def test_the_settings_name_the_scanner_and_the_demonstrations_own_is_for_the_demonstration(settings) -> None:
    assert isinstance(scanner.scanner(), scanner.DemoScanner)
    assert scanner.scanner().scan(EICAR)
    settings.DEMO = False
    assert isinstance(scanner.scanner(), scanner.NoScanner)
    settings.CLAMAV = ""
    for ask in (scanner.scanner().ready, lambda: scanner.scanner().scan(b"")):
        with pytest.raises(ProviderUnavailable, match="not set"):
            ask()
    settings.CLAMAV = "/run/clamav/clamd.ctl"
    assert isinstance(scanner.scanner(), scanner.Clamd)
