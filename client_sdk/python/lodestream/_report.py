"""``report.json``: what was made, from what, how fast."""

from __future__ import annotations

from typing import Any

from lodestream._events import Accepted, Done, Level


def report(prompt: str, accepted: Accepted, levels: list[Level], done: Done) -> dict[str, Any]:
    """The report, ready for JSON. ``ms`` of a level counts from sending the request to holding the whole level."""
    match = accepted.match
    return {
        "prompt": prompt,
        "seed": accepted.seed,
        "bundle": accepted.bundle,
        "engine": accepted.engine,
        "avatar_id": accepted.avatar_id,
        "match": match and {"id": match.id, "score": round(match.score, 4)},
        "levels": [
            {
                "level": level.level,
                "ms": round(level.ms, 1),
                "bytes": len(level.glb),
                "triangles": level.triangles,
                "vertices": level.vertices,
                "texture": level.texture,
                "sha256": level.sha256,
            }
            for level in levels
        ],
        "stages_ms": {name: round(ms, 2) for name, ms in sorted(done.stages_ms.items())},
    }
