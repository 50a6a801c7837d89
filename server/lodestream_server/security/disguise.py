"""Secrets in what operators are told: passwords of URLs, and tokens in place of something else."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"
_URL = re.compile(r"://[^\s'\"]*")
_PARAMETER = re.compile(r"([?&])([^=&?]*)=([^&?]*)")
_SECRET = re.compile(r"key|secret|token|password|signature|credential", re.IGNORECASE)
_TOKEN = re.compile(r"\blst_[\w-]+")


def disguise(text: str) -> str:
    """``text`` with ``[hidden]`` for tokens, what stands before the ``@`` of URLs and secrets of their parameters.

    Takes time in proportion to the text's length.
    """
    return _TOKEN.sub(HIDDEN, _URL.sub(_url, text))


def _url(found: re.Match[str]) -> str:
    before, at, after = found[0].rpartition("@")
    return ("://" + HIDDEN if at else before) + at + _PARAMETER.sub(_parameter, after)


def _parameter(found: re.Match[str]) -> str:
    return found[1] + HIDDEN if _SECRET.search(found[2]) else found[0]
