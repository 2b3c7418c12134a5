"""A process as a table: which step is open from which status, and where it leads."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from messervices.kernel.errors import Refusal


class Workflow:
    """``Workflow({"pay": ({"awaiting"}, "paid")})``: step → (statuses from which, status to which)."""

    def __init__(self, steps: Mapping[str, tuple[Iterable[str], str]]) -> None:
        """Keep the table; an unknown step is a bug and raises ``KeyError``."""
        self.steps = {step: (frozenset(sources), target) for step, (sources, target) in steps.items()}

    def target(self, step: str, status: str) -> str:
        """Give the status that the step leads to. Raises ``Refusal("step_closed")`` when it is not open from here."""
        sources, target = self.steps[step]
        if status not in sources:
            raise Refusal("step_closed", _("Cette étape n’est plus ouverte : votre dossier a avancé entre-temps."))
        return target

    def open_steps(self, status: str) -> tuple[str, ...]:
        """List the steps open from a status: the buttons that a page may offer."""
        return tuple(step for step, (sources, _target) in self.steps.items() if status in sources)
