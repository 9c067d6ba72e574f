from django.urls import path

from readinglist.urls import urlpatterns as project

from .floor import show_floor

# First, so that finding the floor costs nothing.
urlpatterns = [path("bench/floor/<int:club>/<str:day>", show_floor), *project]
