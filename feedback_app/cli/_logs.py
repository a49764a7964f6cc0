"""Logs for people or for machines (setting server.log_format); neither names a patient. In a group each line names its hospital."""

import json
import logging
from datetime import UTC, datetime

from feedback_app import whose

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LineFormatter(logging.Formatter):
    """One line, and the traceback where there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        hospital = whose.name()
        return f"{hospital}: {super().formatMessage(record)}" if hospital else super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, the hospital of a group, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if whose.name():
            told["hospital"] = whose.name()
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else LineFormatter(LINE)


def set_up(log_format: str) -> None:
    """What this process says goes to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(log_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
