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
    path("schools", views.schools, name="schools"),
    path("register", views.register, name="register"),
    path("register/sent", views.registered, name="registered"),
    path("register/<str:token>", views.nominee, name="nominee"),
    path("space/", views.space, name="space"),
    path("space/<str:uai>/", views.space_home, name="space_home"),
    path("space/<str:uai>/lists/", views.rolls, name="rolls"),
    path("space/<str:uai>/lists/<academic_year:year>/", views.rolls, name="rolls_of"),
    path("space/<str:uai>/lists/<int:pk>/", views.roll_file, name="roll_file"),
    path("space/<str:uai>/lists/<int:pk>/state", views.roll_state, name="roll_state"),
    path("space/<str:uai>/lists/<int:pk>/refused.csv", views.refused, name="refused"),
    path("space/<str:uai>/lists/<int:pk>/original.csv", views.original, name="original"),
    path("space/<str:uai>/lists/<int:pk>/<slug:step>", views.roll_step, name="roll_step"),
    path("space/<str:uai>/students/", views.students, name="students"),
    path("space/<str:uai>/students/<academic_year:year>/", views.students, name="students_of"),
    path("space/<str:uai>/students/<academic_year:year>.csv", views.students_file, name="students_file"),
    path("space/<str:uai>/shares/", views.shares, name="shares"),
    path("space/<str:uai>/shares/<int:pk>.pdf", views.share_letter, name="share_letter"),
    path("space/<str:uai>/daughters", views.daughters, name="daughters"),
    path("space/<str:uai>/keys", views.keys, name="keys"),
    path("space/<str:uai>/keys/<int:pk>/end", views.end_key, name="end_key"),
    path("<academic_year:year>/situation", views.situation, name="situation"),
    path("<academic_year:year>/city", views.city, name="city"),
    path("<academic_year:year>/summary", views.summary, name="summary"),
    path("<academic_year:year>/pay", views.pay, name="pay"),
    path("<academic_year:year>/cash", views.cash, name="cash"),
    path("<academic_year:year>/attestation", views.certificate, name="certificate"),
    path("<academic_year:year>/attestation/phone", views.on_phone, name="on_phone"),
    path("<academic_year:year>/refund", views.refund, name="refund"),
    path("<academic_year:year>/exemption", views.exemption, name="exemption"),
    path("<academic_year:year>/<slug:kind>/<slug:step>", views.request_step, name="request_step"),
    path("<academic_year:year>/receipt", views.receipt, name="receipt"),
]
