"""What it takes to make an avatar again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from lodestream_server.pipeline.asset import Match
from lodestream_server.pipeline.request import AvatarRequest


@dataclass(frozen=True, slots=True)
class Recipe:
    """A request, the weights that served it and the picture they matched it with."""

    request: AvatarRequest
    bundle: str
    match: Match | None

    def to_json(self) -> str:
        """All but the picture, which is stored beside it."""
        request = asdict(self.request)
        request["image"] = self.request.image is not None
        return json.dumps({"request": request, "bundle": self.bundle, "match": self.match and asdict(self.match)})


def from_json(text: str, image: bytes | None) -> Recipe:
    """Reads what ``to_json`` wrote.

    Raises:
        ValueError, KeyError, TypeError: It is no recipe, or its picture is missing.
    """
    data = json.loads(text)
    request = dict(data["request"])
    if request.pop("image") is not (image is not None):
        raise ValueError("the recipe's picture is missing")
    for name in ("levels", "morph_targets"):
        request[name] = tuple(request[name])
    match = data["match"]
    return Recipe(AvatarRequest(image=image, **request), data["bundle"], match and Match(**match))
