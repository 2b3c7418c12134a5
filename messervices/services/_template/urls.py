"""Addresses under ``/template/``, the slug of the manifest."""

from django.urls import path

from messervices.services._template import views

app_name = "_template"
urlpatterns = [path("", views.home, name="home")]
