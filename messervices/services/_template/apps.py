"""Names the app."""

from messervices.kernel import manifest


class TemplateConfig(manifest.ServiceConfig):
    """The room ``_template``. The module is imported, not the class: Django takes the one configuration in sight."""

    name = "messervices.services._template"
    label = "_template"
    default = True
