"""Sealing a paper: a PAdES signature of the platform (not of a person), after which nothing may change unseen.

The seal is a second part added behind the drawn PDF, whose own bytes stay untouched: its PDF/A and PDF/UA marks too.
"""

import contextlib
import io
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

DEMO_NAME = "MesServices, sceau de DÉMONSTRATION sans valeur"
_RESERVED = 6144
"""Room for the signature beside the certificates, in bytes: a 3072-bit key takes about 1,500, written twice as long."""


class Sealer(Protocol):
    """What the room asks of a seal, whoever holds the key: a file, a card, a trust service."""

    def seal(self, pdf: bytes, *, at: datetime) -> bytes:
        """Give the PDF sealed at an instant. Raises ``ProviderUnavailable`` when the holder of the key is away."""
        ...


class _Untouched(IncrementalPdfFileWriter):
    """Adds a part behind a PDF and leaves its metadata alone.

    pyHanko would rewrite them with prefixes of its own choice, which PDF/A refuses, and with the machine's clock.
    """

    def _update_meta(self) -> None:
        pass


class _Key(signers.SimpleSigner):
    """A key read once: reading it anew for each signature would check its primes each time (0.1 s)."""

    private_key: rsa.RSAPrivateKey

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """Sign by RSA and SHA-256."""
        if digest_algorithm != "sha256":
            raise ValueError(f"{digest_algorithm} is not what this seal signs with")
        return self.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class _Signer(signers.PdfSigner):
    """Signs at an instant that it is given, by the platform's clock."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        """Begin, at our instant."""
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


class FileSealer:
    """A seal whose key and certificates stand in a PKCS#12 file. Several threads may use one."""

    def __init__(self, content: bytes, password: str) -> None:
        """Read the file. Raises ``ImproperlyConfigured`` when the password is wrong or the key is not RSA."""
        try:
            key, _certificate, _chain = pkcs12.load_key_and_certificates(content, password.encode() or None)
        except ValueError as error:
            raise ImproperlyConfigured("SEAL_PKCS12 cannot be read with SEAL_PASSWORD") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ImproperlyConfigured("SEAL_PKCS12 must hold an RSA key: PDF readers all know it")
        read = signers.SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=password.encode() or None)
        self._key = _Key(read.signing_cert, read.signing_key, read.cert_registry)
        self._key.private_key = key
        self.certificate = self._key.signing_cert
        self._reserved = _RESERVED + 2 * sum(len(c.dump()) for c in self._key.cert_registry)

    def seal(self, pdf: bytes, *, at: datetime) -> bytes:
        """Seal as PAdES B-B, and say that no change at all is allowed after (DocMDP 1)."""
        meta = signers.PdfSignatureMetadata(
            field_name="Sceau",
            subfilter=fields.SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            name=settings.SITE_NAME,
            reason="Document délivré par le réseau des Crous",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )
        field = fields.SigFieldSpec("Sceau", readable_field_name="Sceau électronique de MesServices")
        signer = _Signer(meta, self._key, new_field_spec=field)
        signer.at = at
        sealed = signer.sign_pdf(_Untouched(io.BytesIO(pdf)), in_place=True, bytes_reserved=self._reserved)
        return bytes(sealed.getbuffer())


@cache
def sealer() -> Sealer:
    """Give the seal of this installation, read once a process."""
    if settings.SEAL_PKCS12:
        return FileSealer(Path(settings.SEAL_PKCS12).read_bytes(), settings.SEAL_PASSWORD)
    if not settings.DEMO:
        raise ImproperlyConfigured("SEAL_PKCS12 is not set: papers cannot be sealed")
    return FileSealer(demo_key(Path(settings.VAR) / "seal" / "demo.p12"), "")


def demo_key(path: Path) -> bytes:
    """Give the demonstration's own key, made the first time; of several makers at once, the first one's is kept."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    made.touch(mode=0o600)
    made.write_bytes(_self_signed())
    with contextlib.suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
    return path.read_bytes()


def _self_signed() -> bytes:
    """Make a key and a certificate that says in its name that it is worth nothing; valid whatever the demo's clock."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, DEMO_NAME), x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2018, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 12, 31, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"demo", key, certificate, None, serialization.NoEncryption())
