"""What must hold of persons and numbers."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """A person shows the number they hold, holds one, and their account points back."""
    return [
        Invariant(
            "every person shows the number they hold",
            "select count(*) from students_person p left join students_identifier i on i.person_id = p.id "
            "and i.status in ('declared', 'to_verify', 'verified') where i.id is null or i.value <> p.ine",
        ),
        Invariant(
            "every disputed number has its case",
            "select count(*) from students_identifier i left join students_identifiercase c on c.identifier_id = i.id "
            "where i.status = 'disputed' and c.id is null",
        ),
        Invariant(
            "every account points to a person",
            "select count(*) from accounts_user u left join students_person p on p.id = u.person_id "
            "where u.person_id is not null and p.id is null",
        ),
    ]
