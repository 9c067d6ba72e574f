from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("papers.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("papers.api.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "papers.views.errors.bad_request"
