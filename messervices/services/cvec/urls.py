"""Addresses under ``/cvec/``."""

from typing import Any

from django.urls import path, register_converter

from messervices.kernel.academic_year import AcademicYear
from messervices.services.cvec import views


class YearConverter:
    """``2026-2027`` in an address. Two halves that do not follow each other are no year: 404."""

    regex = r"\d{4}-\d{4}"

    def to_python(self, value: str) -> AcademicYear:
        """Read the label; ``ValueError`` means that the address does not match."""
        return AcademicYear.of_label(value)

    def to_url(self, value: Any) -> str:
        """Write the label."""
        return str(value)


register_converter(YearConverter, "academic_year")

app_name = "cvec"
urlpatterns = [
    path("", views.home, name="home"),
    path("communes", views.communes, name="communes"),
    path("verify", views.verify, name="verify"),
    path("verify/<str:number>", views.scan, name="scan"),
    path("<academic_year:year>/situation", views.situation, name="situation"),
    path("<academic_year:year>/city", views.city, name="city"),
    path("<academic_year:year>/summary", views.summary, name="summary"),
    path("<academic_year:year>/pay", views.pay, name="pay"),
    path("<academic_year:year>/attestation", views.certificate, name="certificate"),
    path("<academic_year:year>/attestation/phone", views.on_phone, name="on_phone"),
    path("<academic_year:year>/receipt", views.receipt, name="receipt"),
]
