"""Reports as files: the same paper as PDF, editable DOCX or XLSX. The libraries are loaded when the first one is made."""

from datetime import datetime

from feedback_app.domain.papers import FORMS, Paper
from feedback_app.errors import NotFound

MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def made(paper: Paper, form: str, created: datetime) -> bytes:
    """The file. Raises NotFound ``reports.no_form``."""
    if form not in FORMS:
        raise NotFound("reports.no_form")
    if form == "pdf":
        from feedback_app.services.papers import pdf  # noqa: PLC0415 - most of a second, seldom needed

        return pdf.made(paper, created)
    if form == "docx":
        from feedback_app.services.papers import docx  # noqa: PLC0415 - likewise

        return docx.made(paper, created)
    from feedback_app.services.papers import xlsx  # noqa: PLC0415 - likewise

    return xlsx.made(paper, created)
