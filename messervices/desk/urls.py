"""Addresses of the desk. A person is named by a random number, a case or an event by its own: never by name or INE."""

from django.urls import path

from messervices.desk.views import agents, bank, cases, cash, facts, files, home, messages, network, payouts, search

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("me", home.me, name="me"),
    path("search", search.search, name="search"),
    path("students/<uuid:uuid>/", files.file, name="file"),
    path("students/<uuid:uuid>/open", files.open_file, name="open"),
    *(
        path(f"students/<uuid:uuid>/{part}", files.file, {"part": part}, name=f"file_{part}")
        for part, _label in files.TABS
        if part
    ),
    path("students/<uuid:uuid>/correct/<slug:kind>/", facts.correct, name="correct"),
    path("students/<uuid:uuid>/messages/<int:message_id>/again", messages.again, name="message_again"),
    path("communes", facts.communes, name="communes"),
    path("bank/", bank.bank, name="bank"),
    path("bank/<int:pk>/", bank.event, name="event"),
    path("bank/refunds/<int:pk>/", bank.refund, name="refund"),
    path("bank/refunds/<int:pk>/transfer", payouts.refund_transfer, name="refund_transfer"),
    path("cash/", cash.cash, name="cash"),
    path("cash/lines/<int:pk>/", cash.line, name="cash_line"),
    path("cash/files/", cash.files, name="cash_files"),
    path("cash/files/<int:pk>/", cash.file, name="cash_file"),
    path("cash/files/<int:pk>/move", cash.move, name="cash_move"),
    path("cash/files/<int:pk>/state", cash.state, name="cash_state"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("payouts/prepare", payouts.run_prepare, name="payout_prepare"),
    path("payouts/answers/new", payouts.answer_hand_in, name="payout_hand_in"),
    path("payouts/answers/<uuid:pk>/", payouts.answer, name="payout_answer"),
    path("payouts/runs/<int:pk>/", payouts.run, name="payout_run"),
    path("payouts/runs/<int:pk>/<slug:deed>", payouts.run_do, name="payout_run_do"),
    path("payouts/<uuid:uuid>/", payouts.payout, name="payout"),
    path("payouts/<uuid:uuid>/<slug:deed>", payouts.payout_do, name="payout_do"),
    path("network/", network.network, name="network"),
    path("network/announcements/", network.shelf, {"slug": "announcements"}, name="announcements"),
    path("network/agents/", agents.agents, name="agents"),
    path("network/agents/<int:user_id>/", agents.agent, name="agent"),
    path("network/agents/<int:user_id>/end/<int:held_id>", agents.end_role, name="role_end"),
    path("network/roles/new", agents.role, name="role_new"),
    path("network/roles/<slug:code>/", agents.role, name="role"),
    path("network/<slug:slug>/", network.shelf, name="shelf"),
    path("network/<slug:slug>/new", network.row, name="shelf_new"),
    path("network/<slug:slug>/<int:pk>/", network.row, name="shelf_row"),
    path("network/<slug:slug>/<int:pk>/withdraw", network.withdraw, name="shelf_withdraw"),
    path("ine/<int:number>/", cases.case, name="case"),
]
