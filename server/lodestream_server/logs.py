"""Log lines on stderr: for people, or as JSON for machines. Nobody's tokens or prompts."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TOKEN = re.compile(r"\blst_[\w-]+|(?<=\bbearer )[^\s'\",)]+", re.IGNORECASE)
_SHORT = 4  # characters of ASCII below which a text is not worth hiding and would tear words apart
#: The id of the call that this task, or thread, works for; every line says it.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_hidden: ContextVar[tuple[str, ...]] = ContextVar("hidden", default=())


def hide(text: str) -> None:
    """Keeps ``text`` out of the log for the rest of this task: lines say its SHA-256 instead."""
    if text and not (len(text) < _SHORT and text.isascii()):
        _hidden.set((*_hidden.get(), text))


def clean(line: str) -> str:
    """``line`` without tokens and whatever is hidden."""
    for text in _hidden.get():
        if len(text.strip()) > len(line):  # it is not in there, and a pattern of millions of characters is slow
            continue
        line = _anyhow(text).sub(f"[sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}]", line)
    return _TOKEN.sub("[token]", line)


@lru_cache
def _anyhow(text: str) -> re.Pattern[str]:
    """Finds ``text``, as it is or as ``repr`` and ``repr`` of that write it."""
    return re.compile("".join(_character(character) for character in text.strip()))


def _character(character: str) -> str:
    if character == "\\":
        return r"\\+"
    if character in "'\"":
        return rf"\\*{character}"
    if character.isprintable():
        return re.escape(character)
    return rf"(?:{re.escape(character)}|\\+(?:[ntr]|x\w\w|u\w{{4}}|U\w{{8}}))"


def _clean(value: Any) -> Any:
    """``value`` for JSON: what ``clean`` does to every string in it."""
    if isinstance(value, Mapping):
        return {str(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the call's id, and whatever ``extra`` brought."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        line |= {key: _clean(value) for key, value in _extra(record).items()}
        if record.exc_info:
            line["exception"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Time, level, message, the call's id and whatever ``extra`` brought as key=value."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the exception below it."""
        return clean(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        """The line, without the exception."""
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        return super().formatMessage(record) + extra


def _extra(record: logging.LogRecord) -> Mapping[str, object]:
    call = request_id.get()
    return ({"request_id": call} if call else {}) | {k: v for k, v in vars(record).items() if k not in _STANDARD}


def configure(log_format: str, log_level: str) -> None:
    """Sends all log records of ``log_level`` and above to stderr, as ``text`` or ``json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log_level.upper())
