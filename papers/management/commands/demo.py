from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from papers import demo
from papers.models import Paper


class Command(BaseCommand):
    help = "Loads the demo lab into an empty database; a worker must be running. Once it is there, nothing changes."

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.is_loaded():
            self.stdout.write(_("The demo lab is there already."))
            return
        if Paper.objects.exists():
            self.stdout.write(_("There are papers already, so the demo lab stays out."))
            return
        try:
            demo.wait_for(demo.queue_listings(), seconds=60)
        except demo.NoWorker as error:
            raise CommandError(str(error)) from error
        demo.make_lab()
        self.stdout.write(_("The demo lab is loaded."))
