from django.urls import path, re_path

from . import docs, hugging_face
from .views import (
    agenda,
    archive,
    assignments,
    catalogue,
    clubs,
    comments,
    entries,
    imports,
    mails,
    meetings,
    parts,
    polls,
    review,
    series,
    sessions,
    sources,
    submissions,
)
from .views.fallback import Fallback

app_name = "api"

CLUB = "v1/clubs/<slug:slug>/"
ENTRY = f"{CLUB}entries/<int:pk>/"
ASSIGNMENT = f"{CLUB}assignments/<int:pk>/"
SESSION = f"{CLUB}sessions/<int:pk>/"
AGENDA = f"{SESSION}agenda/"

urlpatterns = [
    # What it is
    path("schema/", docs.show_schema, name="schema"),
    path("docs/", docs.show_docs, name="docs"),
    # The catalogue
    path("v1/papers/", catalogue.PaperList.as_view(), name="papers"),
    path("v1/papers/<path:paper>/", catalogue.PaperDetail.as_view(), name="paper"),
    path("v1/deleted/", catalogue.DeletedList.as_view(), name="deleted"),
    path("v1/sources/", sources.SourceList.as_view(), name="sources"),
    path("v1/sources/<int:pk>/", sources.SourceDetail.as_view(), name="source"),
    path("v1/sources/<int:pk>/run/", sources.SourceRun.as_view(), name="source_run"),
    path("v1/sources/<int:pk>/dry_run/", sources.SourceDryRun.as_view(), name="source_dry_run"),
    path("v1/listings/", catalogue.ListingList.as_view(), name="listings"),
    path("v1/listings/<int:pk>/", catalogue.ListingDetail.as_view(), name="listing"),
    path("v1/listings/<int:pk>/items/", catalogue.ListingItemList.as_view(), name="listing_items"),
    path("v1/imports/", imports.ImportList.as_view(), name="imports"),
    path("v1/imports/<int:pk>/", imports.ImportDetail.as_view(), name="import"),
    path("v1/imports/<int:pk>/cancel/", imports.ImportCancel.as_view(), name="cancel_import"),
    path("v1/imports/<int:pk>/items/", submissions.SubmissionItemList.as_view(), name="submission_items"),
    path("v1/imports/<int:pk>/rejections/", imports.RejectionList.as_view(), name="rejections"),
    # Papers that may be one
    path("v1/pairs/", review.PairList.as_view(), name="pairs"),
    path("v1/pairs/<int:pk>/", review.PairDetail.as_view(), name="pair"),
    path("v1/pairs/<int:pk>/decision/", review.PairDecision.as_view(), name="pair_decision"),
    path("v1/decisions/", review.DecisionList.as_view(), name="decisions"),
    path("v1/merged/<int:pk>/", review.Merged.as_view(), name="merged"),
    # Clubs
    path("v1/clubs/", clubs.ClubList.as_view(), name="clubs"),
    path(CLUB, clubs.ClubDetail.as_view(), name="club"),
    path(f"{CLUB}parts/", parts.PartList.as_view(), name="parts"),
    path(f"{CLUB}parts/<int:pk>/", parts.PartDetail.as_view(), name="part"),
    path(f"{CLUB}window/", clubs.ClubWindow.as_view(), name="club_window"),
    path(f"{CLUB}members/", clubs.MemberList.as_view(), name="members"),
    path(f"{CLUB}deleted/", clubs.ClubDeletedList.as_view(), name="club_deleted"),
    path(f"{CLUB}votes/", entries.VoteList.as_view(), name="votes"),
    path(f"{CLUB}comments/", comments.ClubCommentList.as_view(), name="club_comments"),
    path(f"{CLUB}papers/<int:pk>/vote/", entries.PaperVote.as_view(), name="paper_vote"),
    # Mails
    path(f"{CLUB}mails/", mails.MailList.as_view(), name="mails"),
    path(f"{CLUB}mails/<int:pk>/", mails.MailDetail.as_view(), name="mail"),
    path(f"{CLUB}mails/<int:pk>/send_again/", mails.MailSendAgain.as_view(), name="send_mail_again"),
    path(f"{CLUB}mails/<int:pk>/let_be/", mails.MailLetBe.as_view(), name="let_mail_be"),
    path(f"{CLUB}reminders/", mails.Reminders.as_view(), name="reminders"),
    # Entries
    path(f"{CLUB}entries/", entries.EntryList.as_view(), name="entries"),
    path(ENTRY, entries.EntryDetail.as_view(), name="entry"),
    path(f"{ENTRY}drop/", entries.EntryDrop.as_view(), name="entry_drop"),
    path(f"{ENTRY}history/", entries.EntryHistory.as_view(), name="entry_history"),
    path(f"{ENTRY}vote/", entries.EntryVote.as_view(), name="entry_vote"),
    path(f"{ENTRY}volunteer/", entries.EntryVolunteer.as_view(), name="entry_volunteer"),
    path(f"{ENTRY}tags/", entries.EntryTagList.as_view(), name="entry_tags"),
    path(f"{ENTRY}tags/<path:name>/", entries.EntryTag.as_view(), name="entry_tag"),
    path(f"{ENTRY}comments/", comments.CommentList.as_view(), name="comments"),
    path(f"{ENTRY}comments/<int:comment>/", comments.CommentDetail.as_view(), name="comment"),
    path(
        f"{ENTRY}comments/<int:comment>/history/", comments.CommentHistory.as_view(), name="comment_history"
    ),
    # Sessions
    path(f"{CLUB}sessions/", sessions.SessionList.as_view(), name="sessions"),
    path(SESSION, sessions.SessionDetail.as_view(), name="session"),
    path(f"{SESSION}open/", sessions.SessionOpen.as_view(), name="open_session"),
    path(f"{SESSION}cancel/", sessions.SessionCancel.as_view(), name="cancel_session"),
    path(f"{SESSION}reopen/", sessions.SessionReopen.as_view(), name="reopen_session"),
    path(f"{SESSION}hold/", sessions.SessionHold.as_view(), name="hold_session"),
    path(f"{SESSION}attendances/", sessions.SessionAttendanceList.as_view(), name="session_attendances"),
    path(f"{SESSION}answer/", sessions.SessionAnswer.as_view(), name="session_answer"),
    path(f"{SESSION}guests/", sessions.SessionGuestList.as_view(), name="session_guests"),
    path(f"{SESSION}guests/<int:guest>/", sessions.SessionGuest.as_view(), name="session_guest"),
    path(f"{CLUB}attendances/", sessions.AttendanceList.as_view(), name="attendances"),
    # Finding a time
    path(f"{CLUB}polls/", polls.PollList.as_view(), name="polls"),
    path(f"{CLUB}polls/<int:pk>/", polls.PollDetail.as_view(), name="poll"),
    path(f"{CLUB}polls/<int:pk>/options/", polls.PollOptions.as_view(), name="poll_options"),
    path(f"{CLUB}polls/<int:pk>/answers/", polls.PollAnswers.as_view(), name="poll_answers"),
    path(f"{CLUB}polls/<int:pk>/close/", polls.PollClose.as_view(), name="close_poll"),
    # Series and pauses
    path(f"{CLUB}series/", series.SeriesList.as_view(), name="series"),
    path(f"{CLUB}series/<int:pk>/", series.SeriesDetail.as_view(), name="series_detail"),
    path(f"{CLUB}series/<int:pk>/end/", series.SeriesEnd.as_view(), name="end_series"),
    path(f"{CLUB}pauses/", series.PauseList.as_view(), name="pauses"),
    path(f"{CLUB}pauses/<int:pk>/", series.PauseDetail.as_view(), name="pause"),
    path(f"{CLUB}holidays/", series.HolidayList.as_view(), name="holidays"),
    # Who takes which part
    path(f"{CLUB}assignments/", assignments.AssignmentList.as_view(), name="assignments"),
    path(ASSIGNMENT, assignments.AssignmentDetail.as_view(), name="assignment"),
    path(f"{ASSIGNMENT}answer/", assignments.AssignmentAnswer.as_view(), name="answer_assignment"),
    path(f"{ASSIGNMENT}hand_over/", assignments.AssignmentHandOver.as_view(), name="hand_over"),
    path(f"{ASSIGNMENT}swap/", assignments.AssignmentSwap.as_view(), name="offer_swap"),
    path(f"{ASSIGNMENT}remind/", assignments.AssignmentReminder.as_view(), name="remind"),
    path(f"{CLUB}swaps/<int:pk>/answer/", assignments.SwapAnswer.as_view(), name="answer_swap"),
    path(f"{CLUB}absences/", assignments.AbsenceList.as_view(), name="absences"),
    path(f"{CLUB}absences/<int:pk>/", assignments.AbsenceDetail.as_view(), name="absence"),
    path(f"{CLUB}plan/", assignments.Plan.as_view(), name="plan"),
    path(f"{CLUB}plan/<int:pk>/", assignments.PlanDetail.as_view(), name="plan_draft"),
    path(f"{CLUB}plan/<int:pk>/apply/", assignments.PlanApply.as_view(), name="apply_plan"),
    # Agendas
    path(AGENDA, agenda.Agenda.as_view(), name="agenda"),
    path(f"{AGENDA}changes/", agenda.AgendaChangeList.as_view(), name="agenda_changes"),
    path(f"{AGENDA}lock/", agenda.AgendaLock.as_view(), name="agenda_lock"),
    path(f"{AGENDA}swap/", agenda.AgendaSwap.as_view(), name="agenda_swap"),
    path(f"{AGENDA}undo/", agenda.AgendaUndo.as_view(), name="agenda_undo"),
    path(f"{AGENDA}unlock/", agenda.AgendaUnlock.as_view(), name="agenda_unlock"),
    path(f"{AGENDA}<int:item>/", agenda.AgendaItemDetail.as_view(), name="agenda_item"),
    path(f"{AGENDA}<int:item>/override/", agenda.AgendaItemOverride.as_view(), name="agenda_override"),
    # Meetings, and what they leave behind
    path(f"{CLUB}archive/", archive.Archive.as_view(), name="archive"),
    path(f"{CLUB}record/", archive.Record.as_view(), name="record"),
    path(f"{CLUB}record.csv", archive.RecordCsv.as_view(), name="record_csv"),
    path(f"{SESSION}came/", archive.Came.as_view(), name="came"),
    path(f"{CLUB}questions/", meetings.ClubQuestionList.as_view(), name="club_questions"),
    path(f"{CLUB}attachments/", meetings.ClubAttachmentList.as_view(), name="club_attachments"),
    path(f"{CLUB}actions/", meetings.ClubActionList.as_view(), name="club_actions"),
    path(f"{SESSION}meeting/", meetings.Meeting.as_view(), name="meeting"),
    path(f"{SESSION}notes/", meetings.SessionNotes.as_view(), name="session_notes"),
    path(f"{SESSION}agenda/<int:item>/notes/", meetings.ItemNotes.as_view(), name="item_notes"),
    path(f"{SESSION}agenda/<int:item>/conclusion/", meetings.Conclusion.as_view(), name="conclusion"),
    path(f"{SESSION}questions/", meetings.QuestionList.as_view(), name="questions"),
    path(f"{SESSION}questions/<int:question>/", meetings.QuestionDetail.as_view(), name="question"),
    path(f"{SESSION}questions/<int:question>/vote/", meetings.QuestionVoting.as_view(), name="question_vote"),
    path(f"{SESSION}attachments/", meetings.AttachmentList.as_view(), name="attachments"),
    path(f"{SESSION}attachments/<int:attachment>/", meetings.AttachmentDetail.as_view(), name="attachment"),
    path(
        f"{SESSION}attachments/<int:attachment>/file",
        meetings.AttachmentFile.as_view(),
        name="attachment_file",
    ),
    path(f"{SESSION}actions/", meetings.ActionList.as_view(), name="actions"),
    path(f"{SESSION}actions/<int:action>/", meetings.ActionDetail.as_view(), name="action"),
    # The shapes of Hugging Face Daily Papers
    path("daily_papers", hugging_face.DailyPapers.as_view(), name="daily_papers"),
    path("papers/search", hugging_face.PaperSearch.as_view(), name="paper_search"),
    path("papers/<path:name>", hugging_face.PaperInfo.as_view(), name="paper_info"),
    # Whatever else
    re_path(r"^v1/(?P<path>.*)$", Fallback.as_view(), name="fallback"),
]
