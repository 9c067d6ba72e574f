from django.urls import path, re_path

from .api import files, hugging_face
from .views import (
    acts,
    agenda,
    calendars,
    club,
    comments,
    editing,
    health,
    imports,
    insights,
    listings,
    mail,
    papers,
    reading_list,
    review,
    search,
    series,
    sessions,
    settings,
    sources,
    submissions,
    web_app,
)

app_name = "papers"

urlpatterns = [
    path("", listings.home, name="home"),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # Listings of the catalogue
    path("papers/", listings.newest, name="newest"),
    path("papers/date/<str:day>", listings.day, name="day"),
    path("papers/week/<str:week>", listings.week, name="week"),
    path("papers/month/<str:month>", listings.month, name="month"),
    path("papers/trending", listings.trending, name="trending"),
    # Papers
    path("papers/<int:pk>", papers.paper_detail, name="paper_detail"),
    path("papers/<int:pk>/edit", editing.edit_paper, name="edit_paper"),
    path("papers/edits/<int:pk>/undo", editing.undo_edit, name="undo_edit"),
    re_path(r"^papers/(?P<name>[^?]+)\.md$", hugging_face.paper_markdown, name="paper_markdown"),
    re_path(r"^papers/(?P<name>[\w.:-]+(?:/\w+)?)$", papers.paper_by_identifier, name="paper_by_identifier"),
    path("search", search.search_papers, name="search"),
    # Papers that may be one
    path("review/", review.pair_list, name="pair_list"),
    path("review/<int:pk>", review.pair_detail, name="pair_detail"),
    path("review/<int:pk>/decide", review.decide_pair, name="decide_pair"),
    path("review/decisions", review.decision_list, name="decision_list"),
    path("review/merged/<int:pk>/take-back", review.take_back, name="take_back"),
    path("review/propose/<int:pk>", review.propose_pair, name="propose_pair"),
    # Papers by their identifiers
    path("submit", submissions.submit, name="submit"),
    path("submit/<int:pk>", submissions.submission_detail, name="submission_detail"),
    # Imports
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new", imports.import_new, name="import_new"),
    path("imports/new/columns", imports.import_columns, name="import_columns"),
    path("imports/<int:pk>", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/cancel", imports.import_cancel, name="import_cancel"),
    # Sources
    path("sources/", sources.source_list, name="source_list"),
    path("sources/new", sources.source_new, name="source_new"),
    path("sources/<int:pk>", sources.source_detail, name="source_detail"),
    path("sources/<int:pk>/edit", sources.source_edit, name="source_edit"),
    path("sources/<int:pk>/run", sources.source_run, name="source_run"),
    path("sources/<int:pk>/pause", sources.source_pause, name="source_pause"),
    path("sources/<int:pk>/remove", sources.source_remove, name="source_remove"),
    path("sources/<int:pk>/dry-run", sources.source_dry_run, name="source_dry_run"),
    path(
        "sources/<int:pk>/rejections/<int:rejection>/again", sources.rejection_replay, name="rejection_replay"
    ),
    path(
        "sources/<int:pk>/rejections/<int:rejection>/dismiss",
        sources.rejection_dismiss,
        name="rejection_dismiss",
    ),
    path("clubs/<slug:slug>/sources/", sources.club_sources, name="club_sources"),
    # Calendars
    path("calendar.ics", files.CalendarFile.as_view(), name="my_calendar"),
    path("clubs/<slug:slug>/calendar.ics", files.CalendarFile.as_view(), name="calendar"),
    path("clubs/<slug:slug>/calendar/", calendars.subscribe, name="subscribe"),
    # A club: its page, its list, the same listings with its votes
    path("clubs/<slug:slug>/", club.club_home, name="club_home"),
    path("clubs/<slug:slug>/insights/", insights.insights, name="insights"),
    path("clubs/<slug:slug>/list/", reading_list.entry_list, name="entry_list"),
    path("clubs/<slug:slug>/papers/", listings.newest, name="club_newest"),
    path("clubs/<slug:slug>/papers/date/<str:day>", listings.day, name="club_day"),
    path("clubs/<slug:slug>/papers/date/<str:day>/stopped", listings.stopped, name="stopped"),
    path("clubs/<slug:slug>/papers/week/<str:week>", listings.week, name="club_week"),
    path("clubs/<slug:slug>/papers/month/<str:month>", listings.month, name="club_month"),
    path("clubs/<slug:slug>/papers/trending", listings.trending, name="club_trending"),
    path("clubs/<slug:slug>/papers/<int:pk>", papers.paper_detail, name="entry_detail"),
    # Agendas
    path("clubs/<slug:slug>/sessions/<int:pk>/agenda", agenda.agenda_detail, name="agenda"),
    path("clubs/<slug:slug>/sessions/<int:pk>/agenda/change", agenda.change_agenda, name="change_agenda"),
    path(
        "clubs/<slug:slug>/sessions/<int:pk>/agenda/<int:item>",
        agenda.change_agenda_item,
        name="change_agenda_item",
    ),
    # Sessions
    path("clubs/<slug:slug>/sessions/", sessions.session_list, name="session_list"),
    path("clubs/<slug:slug>/sessions/new", sessions.session_new, name="session_new"),
    path("clubs/<slug:slug>/sessions/<int:pk>/", sessions.session_detail, name="session_detail"),
    path("clubs/<slug:slug>/sessions/<int:pk>/edit", sessions.session_edit, name="session_edit"),
    path("clubs/<slug:slug>/sessions/<int:pk>/state", sessions.session_state, name="session_state"),
    path("clubs/<slug:slug>/sessions/<int:pk>/answer", sessions.session_answer, name="session_answer"),
    # Series and pauses
    path("clubs/<slug:slug>/series/new", series.series_new, name="series_new"),
    path("clubs/<slug:slug>/series/<int:pk>/", series.series_detail, name="series_detail"),
    path("clubs/<slug:slug>/series/<int:pk>/edit", series.series_edit, name="series_edit"),
    path("clubs/<slug:slug>/series/<int:pk>/end", series.series_end, name="series_end"),
    path("clubs/<slug:slug>/pauses/", series.pause_list, name="pause_list"),
    path("clubs/<slug:slug>/pauses/<int:pk>/remove", series.pause_remove, name="pause_remove"),
    path("clubs/<slug:slug>/pauses/holidays", series.holiday_list, name="holiday_list"),
    # Mails of a club
    path("clubs/<slug:slug>/reminders/", mail.reminders, name="reminders"),
    path("clubs/<slug:slug>/mail/", mail.mail_list, name="mail_list"),
    path("clubs/<slug:slug>/mail/<int:pk>/again", mail.send_mail_again, name="send_mail_again"),
    path("clubs/<slug:slug>/mail/<int:pk>/let-be", mail.let_mail_be, name="let_mail_be"),
    # What a club sets
    path("clubs/<slug:slug>/settings/", settings.club_settings, name="club_settings"),
    path("clubs/<slug:slug>/parts/", settings.part_list, name="part_list"),
    path("clubs/<slug:slug>/parts/new", settings.part_new, name="part_new"),
    path("clubs/<slug:slug>/parts/<int:pk>/change", settings.part_change, name="part_change"),
    path("clubs/<slug:slug>/parts/<int:pk>/move", settings.part_move, name="part_move"),
    path("clubs/<slug:slug>/parts/<int:pk>/remove", settings.part_remove, name="part_remove"),
    # What members do
    path("clubs/<slug:slug>/papers/<int:pk>/triage", acts.triage_paper, name="triage"),
    path("clubs/<slug:slug>/papers/<int:pk>/tags", acts.tag_paper, name="tag"),
    path("clubs/<slug:slug>/papers/<int:pk>/suggest", reading_list.suggest_entry, name="suggest_entry"),
    path("clubs/<slug:slug>/papers/<int:pk>/drop", reading_list.drop_entry, name="drop_entry"),
    path("clubs/<slug:slug>/papers/<int:pk>/comments", comments.post_comment, name="post_comment"),
    path("clubs/<slug:slug>/comments/<int:pk>/edit", comments.edit_comment, name="edit_comment"),
    path("clubs/<slug:slug>/comments/<int:pk>/remove", comments.remove_comment, name="remove_comment"),
    path("clubs/<slug:slug>/comments/<int:pk>/history", comments.comment_history, name="comment_history"),
]
