"""What must hold in the audit."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """The chain is whole from its first deed to its heads."""
    return [Invariant("audit chain whole", "select audit_breaks()")]
