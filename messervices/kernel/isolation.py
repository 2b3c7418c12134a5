"""Row-level security as an entry of ``Meta.constraints``: the second fence around students' data.

The policy filters; it is never the access path. Hence ``case when`` instead of ``or`` (50 times faster on a list of
a small Crous) and ``(select …)`` around the settings (read once a statement): docs/decisions/0002.
"""

from typing import Any, cast

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, Field, Model

_PERSON = "(select nullif(current_setting('app.person', true), '')::bigint)"
_CROUS = "(select nullif(current_setting('app.crous', true), '')::int[])"
_ESTABLISHMENT = "(select substring(current_setting('app.actor', true) from '^establishment:(.+)$'))"
"""An establishment is nobody's Crous and no person: its scope is its name (``scope.of_establishment``)."""


class _Policy(BaseConstraint):
    """What the shapes of policy share: enable, force and create; nothing to validate in Python."""

    insert_freely = False

    def using(self, model: type[Model]) -> str:
        """Give the condition that a visible row meets."""
        raise NotImplementedError

    def constraint_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]  # narrower than the stubs: never absent
        """Add the policy after the table exists: it is not part of CREATE TABLE."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def create_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]  # narrower than the stubs
        """Enable and force row security, then create the policy."""
        table = schema_editor.quote_name(model._meta.db_table)  # noqa: SLF001 - the documented door to a model's table
        check = "true" if self.insert_freely else self.using(model)
        return (
            f"alter table {table} enable row level security; alter table {table} force row level security; "
            f"create policy {schema_editor.quote_name(self.name)} on {table} "
            f"using ({self.using(model)}) with check ({check})"
        )

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]  # narrower than the stubs
        """Drop the policy. Row security stays enabled: a table without policy shows nothing."""
        table = schema_editor.quote_name(model._meta.db_table)  # noqa: SLF001 - as above
        return f"drop policy {schema_editor.quote_name(self.name)} on {table}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database refuses."""

    def __eq__(self, other: object) -> bool:
        """Two policies are the same when they would be written the same."""
        return isinstance(other, _Policy) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        """Hash by name, which is unique in a database."""
        return hash(self.name)

    def _column(self, model: type[Model], field: str) -> str:
        found = model._meta.get_field(field)  # noqa: SLF001 - as above
        return str(cast("Field[object, object]", found).column)


class Isolated(_Policy):
    """For files that carry their own Crous and person: the Crous's agents see them, and the person.

    ``insert_freely`` lets any scope add rows (deeds, messages written for somebody else), never see them.
    """

    def __init__(self, *, name: str, crous: str = "crous", person: str = "person", insert_freely: bool = False) -> None:
        """Name the two fields."""
        super().__init__(name=name)
        self.crous, self.person, self.insert_freely = crous, person, insert_freely

    def using(self, model: type[Model]) -> str:
        """Whose row: the Crous for agents, the person for a student."""
        crous, person = self._column(model, self.crous), self._column(model, self.person)
        return f"case when {_PERSON} is null then {crous} = any ({_CROUS}::int[]) else {person} = {_PERSON} end"

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        kwargs = {"name": self.name, "crous": self.crous, "person": self.person, "insert_freely": self.insert_freely}
        return "messervices.kernel.isolation.Isolated", (), kwargs


class IsolatedPerson(_Policy):
    """For the person's own table: ``crous_ids`` lists every Crous that follows the person, 0 for none yet."""

    def __init__(self, *, name: str, crous_ids: str = "crous_ids") -> None:
        """Name the array."""
        super().__init__(name=name)
        self.crous_ids = crous_ids

    def using(self, model: type[Model]) -> str:
        """The Crous that follow the person, or the person."""
        column = self._column(model, self.crous_ids)
        return f"case when {_PERSON} is null then {column} && {_CROUS}::int[] else id = {_PERSON} end"

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        return "messervices.kernel.isolation.IsolatedPerson", (), {"name": self.name, "crous_ids": self.crous_ids}


class IsolatedByPerson(_Policy):
    """For what hangs on a person and follows them from Crous to Crous (facts, identifiers, messages).

    Always read by person, so the look-up through the person's own policy is one index probe.
    """

    def __init__(self, *, name: str, person: str = "person", insert_freely: bool = False) -> None:
        """Name the field."""
        super().__init__(name=name)
        self.person, self.insert_freely = person, insert_freely

    def using(self, model: type[Model]) -> str:
        """Whoever may see the person may see this."""
        column = self._column(model, self.person)
        table = model._meta.db_table  # noqa: SLF001 - as above
        return (
            f"case when {_PERSON} is null then exists (select from students_person p where p.id = {table}.{column}) "
            f"else {column} = {_PERSON} end"
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        kwargs = {"name": self.name, "person": self.person, "insert_freely": self.insert_freely}
        return "messervices.kernel.isolation.IsolatedByPerson", (), kwargs


class IsolatedByEstablishment(_Policy):
    """For what an establishment hands in: itself and, of agents, those of its Crous; the student in it when there is.

    ``establishments`` names the fields whose establishment may see the row, ``person`` the field of the student.
    """

    def __init__(
        self, *, name: str, establishments: tuple[str, ...], crous: str = "crous_id", person: str = ""
    ) -> None:
        """Name the fields."""
        super().__init__(name=name)
        self.establishments, self.crous, self.person = tuple(establishments), crous, person

    def using(self, model: type[Model]) -> str:
        """The person's own row; else the establishment's; else the Crous's."""
        crous = self._column(model, self.crous)
        theirs = " or ".join(f"{self._column(model, field)} = {_ESTABLISHMENT}" for field in self.establishments)
        own = f"{self._column(model, self.person)} = {_PERSON}" if self.person else "false"
        return (
            f"case when {_PERSON} is not null then {own} when {_ESTABLISHMENT} is not null then ({theirs}) "
            f"else {crous} = any ({_CROUS}::int[]) end"
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        kwargs = {"name": self.name, "establishments": self.establishments, "crous": self.crous, "person": self.person}
        return "messervices.kernel.isolation.IsolatedByEstablishment", (), kwargs


class IsolatedByOwner(_Policy):
    """For what belongs to a person, or else to an establishment that a Crous looks after (``person`` is empty then).

    The person's follows them from Crous to Crous; the establishment's is seen by itself and by the agents of ``crous``.
    """

    def __init__(
        self, *, name: str, crous: str = "crous_id", person: str = "person", establishment: str = "establishment"
    ) -> None:
        """Name the three fields."""
        super().__init__(name=name)
        self.crous, self.person, self.establishment = crous, person, establishment

    def using(self, model: type[Model]) -> str:
        """Whoever may see the person; without a person, the establishment or its Crous."""
        crous, person = self._column(model, self.crous), self._column(model, self.person)
        table = model._meta.db_table  # noqa: SLF001 - as above
        return (
            f"case when {_PERSON} is not null then {person} = {_PERSON} "
            f"when {_ESTABLISHMENT} is not null then {self._column(model, self.establishment)} = {_ESTABLISHMENT} "
            f"when {person} is null then {crous} = any ({_CROUS}::int[]) "
            f"else exists (select from students_person p where p.id = {table}.{person}) end"
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        kwargs = {
            "name": self.name, "crous": self.crous, "person": self.person, "establishment": self.establishment,
        }  # fmt: skip
        return "messervices.kernel.isolation.IsolatedByOwner", (), kwargs


class IsolatedByCrous(_Policy):
    """For a Crous's own affairs, which may speak of many persons: its agents see them, a student never does."""

    def __init__(self, *, name: str, crous: str = "crous") -> None:
        """Name the field."""
        super().__init__(name=name)
        self.crous = crous

    def using(self, model: type[Model]) -> str:
        """The agents of that Crous."""
        crous = self._column(model, self.crous)
        return f"case when {_PERSON} is null then {crous} = any ({_CROUS}::int[]) else false end"

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Give what a migration writes."""
        return "messervices.kernel.isolation.IsolatedByCrous", (), {"name": self.name, "crous": self.crous}
