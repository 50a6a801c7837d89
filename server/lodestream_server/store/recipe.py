"""What it takes to make an avatar again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lodestream_server.pipeline.asset import Match
from lodestream_server.pipeline.request import AvatarRequest


@dataclass(frozen=True, slots=True)
class Recipe:
    """A request, the weights that served it and the picture they matched it with."""

    request: AvatarRequest
    bundle: str
    match: Match | None

    def document(self) -> dict[str, Any]:
        """All but the picture, which is stored beside it: its SHA-256 takes its place."""
        request = asdict(self.request)
        request["image"] = None if self.request.image is None else hashlib.sha256(self.request.image).hexdigest()
        return {"request": request, "bundle": self.bundle, "match": self.match and asdict(self.match)}


def from_document(document: Mapping[str, Any], image: bytes | None) -> Recipe:
    """Reads what ``document`` wrote.

    Raises:
        ValueError, KeyError, TypeError: It is no recipe, or the picture is not its picture.
    """
    request = dict(document["request"])
    if request.pop("image") != (None if image is None else hashlib.sha256(image).hexdigest()):
        raise ValueError("this is not the recipe's picture")
    for name in ("levels", "morph_targets"):
        request[name] = tuple(request[name])
    match = document["match"]
    return Recipe(AvatarRequest(image=image, **request), document["bundle"], match and Match(**match))
