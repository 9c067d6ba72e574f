"""Edits of a paper by hand: the form, what was edited, and undo."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import permissions
from papers import catalogue
from papers.forms import PaperForm
from papers.models import Paper, PaperEdit
from readinglist.http import Request

EDITS_SHOWN = 20


def find_editable(request: Request, pk: int) -> Paper:
    """Return a paper that this person may edit. Raises Http404, PermissionDenied."""
    paper = get_object_or_404(Paper.objects.visible_to(request.user).select_related("private_to"), pk=pk)
    if not permissions.can_edit_paper(request.user, paper.private_to):
        raise PermissionDenied(
            _("Administrators edit what is everybody's, organisers what is their club's own.")
        )
    return paper


@require_http_methods(["GET", "POST"])
def edit_paper(request: Request, pk: int) -> HttpResponse:
    """Show a paper's fields to be edited, and the edits so far; what is sent stands before all sources."""
    paper = find_editable(request, pk)
    shown = PaperForm.describe(paper)
    form = PaperForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            catalogue.edit_paper(paper, form.list_changes(), by=request.user)
        except catalogue.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. What stands here by hand comes before what sources say."))
            return redirect(paper)
    labels, edited = PaperForm.list_labels(), catalogue.find_edited(paper)
    edits = PaperEdit.objects.filter(paper=paper).select_related("by")[:EDITS_SHOWN]
    context = {
        "paper": paper,
        "form": form,
        "edited": [label for name, label in labels if name in edited],
        "edits": [
            (edit, [label for name, label in labels if edit.before.get(name) != edit.after.get(name)])
            for edit in edits
        ],
    }
    return render(request, "papers/paper_edit.html", context)


@require_POST
def undo_edit(request: Request, pk: int) -> HttpResponse:
    """Make what an edit changed as it was before it."""
    edit = get_object_or_404(PaperEdit.objects.select_related("paper"), pk=pk)
    paper = find_editable(request, edit.paper_id)
    try:
        catalogue.undo_edit(edit, by=request.user)
    except catalogue.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(paper)
    messages.success(request, _("Undone."))
    return redirect("papers:edit_paper", paper.pk)
