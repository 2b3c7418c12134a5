"""Addresses of files. A ``uuid`` or a grant opens nothing by itself: the rights of who comes with it do."""

from django.urls import path

from messervices.foundations.documents import views

app_name = "documents"
urlpatterns = [
    path("<uuid:uuid>.pdf", views.document, name="document"),
    path("papers/<uuid:uuid>", views.paper, name="paper"),
    path("papers/<uuid:uuid>/preview", views.preview, name="preview"),
    path("files/<str:token>", views.file, name="file"),
    path("hand-in/<str:token>", views.uploads, name="uploads"),
    path("hand-in/<str:token>/<uuid:uuid>/replace", views.replace, name="replace"),
    path("hand-in/<str:token>/<uuid:uuid>/withdraw", views.withdraw, name="withdraw"),
]
