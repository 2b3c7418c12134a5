"""Model fields of the house."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

from messervices.kernel.academic_year import AcademicYear


class AcademicYearField(models.SmallIntegerField):  # type: ignore[type-arg]  # not generic when the code runs
    """An ``AcademicYear`` in Python, the year it begins (``year_start`` smallint) in the database."""

    description = "Academic year"

    # What the type checker's plugin reads: what may be assigned, what an instance gives, what a filter takes.
    _pyi_private_set_type: AcademicYear | int | str | Combinable  # type: ignore[assignment]  # read by the stubs only
    _pyi_private_get_type: AcademicYear  # type: ignore[assignment]  # read by the stubs only
    _pyi_lookup_exact_type: AcademicYear | int | str  # type: ignore[assignment]  # read by the stubs only

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the column for what it holds, whatever the attribute is called."""
        kwargs.setdefault("db_column", "year_start")
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: int | None, _expression: Any, _connection: Any) -> AcademicYear | None:
        """Give back the year as a value of its own."""
        return None if value is None else AcademicYear(value)

    def to_python(self, value: Any) -> AcademicYear | None:
        """Read what a form or a fixture gives: a year, ``2026`` or ``2026-2027``."""
        if value is None or isinstance(value, AcademicYear):
            return value
        try:
            return AcademicYear.of_label(value) if isinstance(value, str) and "-" in value else AcademicYear(int(value))
        except (TypeError, ValueError) as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> int | None:
        """Store the year it begins."""
        year = self.to_python(value)
        return None if year is None else year.start

    def value_to_string(self, obj: models.Model) -> str:
        """Write the label, which ``to_python`` reads back."""
        return str(self.value_from_object(obj))
