"""What an administrator of the installation keeps: sources and the catalogue, never what clubs make of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Import, Listing, Paper, PaperIdentifier, Source, SourceRecord


class ReadOnly(admin.ModelAdmin):
    """To look at: papers change through the catalogue's own door, imports through a worker."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    """Names, and how each is. What it asks for is changed on its own page, which begins anew where that must be."""

    list_display = ["name", "kind", "slug", "last_good", "due_at", "failures"]
    list_filter = ["kind", "is_paused"]
    fields = [
        "name",
        "slug",
        "kind",
        "query",
        "address",
        "is_paused",
        "last_good",
        "due_at",
        "failures",
        "error",
    ]
    readonly_fields = ["kind", "query", "address", "is_paused", "last_good", "due_at", "failures", "error"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(club=None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class IdentifierInline(admin.TabularInline):
    model = PaperIdentifier
    extra = 0
    can_delete = False


class SourceRecordInline(admin.TabularInline):
    model = SourceRecord
    fields = ["source", "key", "received"]
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Which club brought what is the club's business."""
        return super().get_queryset(request).filter(source__club=None)


@admin.register(Paper)
class PaperAdmin(ReadOnly):
    list_display = ["title", "published", "created"]
    search_fields = ["title"]
    show_full_result_count = False
    exclude = ["search_text"]
    inlines = [IdentifierInline, SourceRecordInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(private_to=None)


@admin.register(Listing)
class ListingAdmin(ReadOnly):
    list_display = ["date", "source"]
    date_hierarchy = "date"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(source__club=None)


@admin.register(Import)
class ImportAdmin(ReadOnly):
    list_display = ["input_name", "source", "state", "added", "updated", "unchanged", "rejected", "queued"]
    list_filter = ["state"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(club=None)
