"""A bad line between us and a bank: a small TCP proxy that delays, cuts, swallows or drips what passes through it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FAULTS = ("late", "reset", "hole", "lost", "half", "drip")
"""Answers too late; cuts at once; takes the question and says nothing; has it answered and loses the answer, or half of
it; sends the answer a byte at a time."""


class Line:
    """``fault`` may be changed at any time: it is that of the connections that come afterwards; "" is a good line."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port."""
        self.fault, self.far = "", (host, port)
        self.door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Let go of everybody."""
        self.over.set()
        self.door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self.door.accept()
                threading.Thread(target=self._carry, args=(near, self.fault), daemon=True).start()

    def _carry(self, near: socket.socket, fault: str) -> None:
        with near, contextlib.suppress(OSError):
            if fault == "reset":
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            question = _message(near)
            if fault == "hole":
                self.over.wait()
                return
            with socket.create_connection(self.far, timeout=10) as far:
                far.sendall(question)
                answer = _message(far)
            self._give(near, answer, fault)

    def _give(self, near: socket.socket, answer: bytes, fault: str) -> None:
        if fault == "lost":
            return
        if fault == "late":
            self.over.wait(3)
        if fault == "half":
            near.sendall(answer[: len(answer) // 2])
            return
        if fault == "drip":
            for byte in answer:
                near.sendall(bytes([byte]))
                if self.over.wait(0.02):
                    return
            return
        near.sendall(answer)


def _message(end: socket.socket) -> bytes:
    """Read one message of HTTP: its head, and as much as it says."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := end.recv(65536)):
            return got
        got += more
    head, _gap, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length and (more := end.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Draw a line to a port of this machine."""
    line = Line("127.0.0.1", port)
    try:
        yield line
    finally:
        line.close()
