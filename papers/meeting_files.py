"""Files of sessions on their way out: never shown by a browser, always saved under a name that is safe."""

from django.http import FileResponse, Http404

from papers import stored_inputs
from papers.models import Attachment


def send_file(attachment: Attachment) -> FileResponse:
    """Answer with the file of an attachment. Raises Http404 for a link, and for a file that is gone.

    Its type is nobody's guess: a page or a picture with a script in it is never shown here.
    """
    if not attachment.stored_as:
        raise Http404
    try:
        file = stored_inputs.find_path(attachment.stored_as).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        file, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-cache"
    return response
