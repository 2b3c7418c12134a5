"""Names the app."""

from messervices.kernel import manifest


class CvecConfig(manifest.ServiceConfig):
    """The room ``cvec``."""

    name = "messervices.services.cvec"
    label = "cvec"
    default = True
