"""Who does a thing: passed to every action, written in every deed."""

from dataclasses import dataclass

from messervices.kernel.scope import EVERY, NOBODY, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a machine that acts.

    ``kind`` is ``anonymous``, ``student``, ``agent``, ``establishment`` or ``system``; ``label`` is what a student
    reads of an agent (name and office); ``rights`` are ``room:thing:deed`` codes; ``national`` means every Crous.
    """

    kind: str
    user_id: int | None = None
    label: str = ""
    person_id: int | None = None
    crous_ids: tuple[int, ...] = ()
    rights: frozenset[str] = frozenset()
    national: bool = False

    def may(self, right: str) -> bool:
        """Tell whether the actor holds a right."""
        return right in self.rights

    @property
    def scope(self) -> Scope:
        """The rows this actor may see."""
        if self.kind == "agent":
            return Scope(f"agent:{self.user_id}", crous=EVERY if self.national else self.crous_ids)
        if self.person_id is not None:
            return Scope(f"person:{self.person_id}", person=self.person_id)
        return NOBODY

    @property
    def office_id(self) -> int | None:
        """The Crous an agent works for; ``None`` for the national desk and for everybody else."""
        return self.crous_ids[0] if self.kind == "agent" and self.crous_ids else None

    @classmethod
    def system(cls, label: str) -> "Actor":
        """A machine of ours: a job, a command, the reading of a bank's notice."""
        return cls(kind="system", label=label)

    @classmethod
    def anonymous(cls) -> "Actor":
        """Somebody who has not signed in."""
        return cls(kind="anonymous")
