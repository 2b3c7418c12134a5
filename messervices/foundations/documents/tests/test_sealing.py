import io
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from messervices.foundations.documents.providers import sealing
from messervices.foundations.documents.tests.test_drawing import drawn

AT = datetime(2026, 8, 28, 12, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def sealer() -> sealing.FileSealer:
    return sealing.FileSealer(sealing._self_signed(), "")


def checked(pdf: bytes, sealer: sealing.FileSealer):
    """Read the one seal of a PDF, trusting this seal's own certificate."""
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[sealer.certificate], moment=AT)
    return validate_pdf_signature(signature, signer_validation_context=context)


def test_a_sealed_paper_is_whole_and_trusted(sealer: sealing.FileSealer) -> None:
    status = checked(sealer.seal(drawn(), at=AT), sealer)
    assert status.bottom_line
    assert status.intact
    assert status.coverage.name == "ENTIRE_FILE"


def test_the_seal_says_when_by_the_clock_of_the_platform(sealer: sealing.FileSealer) -> None:
    assert checked(sealer.seal(drawn(), at=AT), sealer).signer_reported_dt == AT


def test_the_seal_lies_behind_the_drawn_paper_and_leaves_it_as_it_was(sealer: sealing.FileSealer) -> None:
    pdf = drawn()
    sealed = sealer.seal(pdf, at=AT)
    assert sealed.startswith(pdf)
    assert sealed.count(b"<?xpacket begin") == 1
    assert b"/Version" not in sealed[len(pdf) :]
    assert b"/DigestMethod" not in sealed[len(pdf) :]
    assert b"/TU (" in sealed[len(pdf) :]


def test_a_seal_reads_its_key_once(sealer: sealing.FileSealer, monkeypatch) -> None:
    """Reading it checks its primes, which takes ten times longer than all the rest."""

    def read(*_args, **_kwargs) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("pyhanko.sign.signers.pdf_cms.serialization.load_der_private_key", read)
    assert sealer.seal(drawn(), at=AT)


def test_one_changed_byte_breaks_the_seal(sealer: sealing.FileSealer) -> None:
    sealed = bytearray(sealer.seal(drawn(), at=AT))
    place = sealed.index(b"stream") + 100
    sealed[place] ^= 1
    assert not checked(bytes(sealed), sealer).intact


def test_anything_added_behind_the_seal_shows(sealer: sealing.FileSealer) -> None:
    file = io.BytesIO(sealer.seal(drawn(), at=AT))
    writer = IncrementalPdfFileWriter(file)
    writer.root["/Lang"] = pdf_string("en-GB")
    writer.update_root()
    writer.write_in_place()
    assert not checked(file.getvalue(), sealer).bottom_line


def test_the_demonstration_says_in_its_name_that_it_is_worth_nothing(sealer: sealing.FileSealer) -> None:
    assert "DÉMONSTRATION" in sealer.certificate.subject.native["common_name"]


def test_of_eight_makers_of_the_demonstration_key_the_first_is_believed_by_all(tmp_path: Path, monkeypatch) -> None:
    count = iter(range(8))
    monkeypatch.setattr(sealing, "_self_signed", lambda: b"key %d" % next(count))
    made: list[bytes] = []
    gate = threading.Barrier(8)

    def make() -> None:
        gate.wait()
        made.append(sealing.demo_key(tmp_path / "seal" / "demo.p12"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "seal").iterdir()] == ["demo.p12"]
    assert (tmp_path / "seal" / "demo.p12").stat().st_mode & 0o077 == 0


def test_a_wrong_password_is_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured, match="SEAL_PASSWORD"):
        sealing.FileSealer(sealing._self_signed(), "wrong")


def test_a_real_installation_without_a_seal_does_not_pretend(settings) -> None:
    settings.DEMO, settings.SEAL_PKCS12 = False, ""
    sealing.sealer.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="SEAL_PKCS12"):
        sealing.sealer()


def test_the_seal_of_an_installation_is_read_from_its_file(settings, tmp_path: Path) -> None:
    path = tmp_path / "seal.p12"
    path.write_bytes(sealing._self_signed())
    settings.SEAL_PKCS12, settings.SEAL_PASSWORD = str(path), ""
    sealing.sealer.cache_clear()
    try:
        assert sealing.sealer() is sealing.sealer()
    finally:
        sealing.sealer.cache_clear()
