"""Addresses of files. The ``uuid`` opens nothing by itself: the reader's own rights do."""

from django.urls import path

from messervices.foundations.documents import views

app_name = "documents"
urlpatterns = [
    path("<uuid:uuid>.pdf", views.document, name="document"),
    path("papers/<uuid:uuid>", views.paper, name="paper"),
]
