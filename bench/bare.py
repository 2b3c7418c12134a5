"""The smallest Django there is: one view, no middleware, no database. What the portal is compared with."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(SECRET_KEY="bare", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[])  # noqa: S106 - signs nothing


def hello(_request: HttpRequest) -> HttpResponse:
    """Answer a few bytes."""
    return HttpResponse("ok")


urlpatterns = [path("", hello)]
application = get_wsgi_application()
