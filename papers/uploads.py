"""How large an upload may be, asked before anything of it is read or stored."""

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

# What a form weighs besides its file: names, boundaries, the other fields.
FORM_ALLOWANCE = 64 * 1024


class SizeLimit(FileUploadHandler):
    """Refuse a request that announces more than UPLOAD_LIMIT bytes; pass everything else on.

    A web server hands over no more than was announced, so what is announced is the bound.
    """

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: Any = None,
    ) -> tuple[Any, MultiValueDict[str, Any]] | None:
        if content_length > settings.UPLOAD_LIMIT + FORM_ALLOWANCE:
            raise RequestDataTooBig(
                _(
                    "The file has more than %(most)d MB. Split it, or import it on the server with "
                    "manage.py import; a recording can be a link."
                )
                % {"most": settings.UPLOAD_LIMIT // 2**20}
            )
        return None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
