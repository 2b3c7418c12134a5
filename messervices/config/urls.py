"""Every address of the platform. Services are found through their manifests."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import import_string
from ninja import NinjaAPI

from messervices.kernel import manifest

api = NinjaAPI(title="MesServices", version="1.0", docs_url=None, openapi_url="/openapi.json", urls_namespace="api")
for service in manifest.services():
    if service.api:
        api.add_router("", import_string(service.api))


def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked of it."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", include("messervices.portal.urls")),
    path("design/", include("messervices.look.urls")),
    path("account/", include("messervices.foundations.accounts.urls")),
    path("pay/", include("messervices.foundations.payments.urls")),
    path("cash/", include("messervices.foundations.cash.urls")),
    path("messages/", include("messervices.foundations.notifications.urls")),
    path("documents/", include("messervices.foundations.documents.urls")),
    path("payouts/", include("messervices.foundations.payouts.urls")),
    path("api/payments/", include("messervices.foundations.payments.api")),
    path("api/cash/", include("messervices.foundations.cash.api")),
    path("api/messages/", include("messervices.foundations.notifications.api")),
    path("api/", api.urls),
    path("desk/", include("messervices.desk.urls")),
    *(path(f"desk/{m.slug}/", include(m.desk_urls)) for m in manifest.services() if m.desk_urls),
    *(path(f"{m.slug}/", include(m.urls)) for m in manifest.services()),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("messervices.demo.urls")))

handler404 = "messervices.look.views.not_found"
handler403 = "messervices.look.views.forbidden"
handler500 = "messervices.look.views.broken"
