"""Tags of the agents' pages: how a person is named in a file, and the panels of the services."""

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from messervices.foundations.students.models import Person
from messervices.kernel import manifest
from messervices.look.words import day

register = template.Library()


@register.filter
def named(person: Person) -> str:
    """A person as files and lists name them: name in use, then first names."""
    return f"{person.usual_name or person.birth_name} {person.first_names}"


@register.filter
def born(person: Person) -> str:
    """When and where a person was born: with the name, what tells namesakes apart."""
    return ", ".join(part for part in (str(day(person.birth_on)), person.birth_place) if part)


@register.filter
def birth_name(person: Person) -> str:
    """The birth name, when another one is in use; an empty text otherwise."""
    return _("nom de naissance : %(name)s") % {"name": person.birth_name} if person.usual_name else ""


@register.simple_tag(takes_context=True)
def panel(context: Context, shown: manifest.Panel) -> SafeString:
    """Draw the panel of a service with its own context, and the request."""
    return get_template(shown.template).render({"panel": shown, **shown.context}, context.get("request"))
