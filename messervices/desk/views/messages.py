"""A mail that did not reach a student is sent again, from their file."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messervices.desk.states import Right
from messervices.desk.views.door import AgentRequest, for_agents, opening_of, person_or_404
from messervices.foundations.notifications import actions as notifications


@require_POST
@for_agents(Right.OPEN_FILE)
def again(request: AgentRequest, uuid: UUID, message_id: int) -> HttpResponse:
    """Send it again, if the file is open; the page of the file asks for a reason otherwise."""
    person = person_or_404(request, uuid)
    if opening_of(request, person) is not None:
        sent = notifications.resend_message(
            by=request.actor, person_id=person.pk, message_id=message_id, now=request.now
        )
        if sent:
            messages.success(request, _("L’e-mail part à nouveau."))
        else:
            messages.info(request, _("Cet e-mail n’est plus à renvoyer."))
    return redirect("desk:file_messages", uuid)
