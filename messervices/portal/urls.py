"""Addresses of the portal."""

from django.urls import path

from messervices.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("services", views.services, name="services"),
    path("search", views.search, name="search"),
    path("preferences", views.preferences, name="preferences"),
    path("me/", views.me, name="me"),
    path("me/identity", views.identity, name="identity"),
    path("me/identity/ine", views.disputed_ine, name="disputed_ine"),
    path("me/communes", views.communes, name="communes"),
    path("me/history", views.history, name="history"),
    path("me/reads", views.reads, name="reads"),
    path("me/messages", views.messages, name="messages"),
    path("me/messages/<int:message_id>", views.message, name="message"),
    path("me/contact", views.contact, name="contact"),
    path("me/contact/address", views.trust_address, name="trust_address"),
    path("help", views.page, {"name": "help"}, name="help"),
    path("help/fraud", views.page, {"name": "fraud"}, name="fraud"),
    path("accessibility", views.page, {"name": "accessibility"}, name="accessibility"),
    path("your-data", views.page, {"name": "data"}, name="data"),
    path("legal", views.page, {"name": "legal"}, name="legal"),
    path("status", views.status, name="status"),
]
