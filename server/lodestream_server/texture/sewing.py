"""Seams, outlines, buttons and the like, made of strokes."""

from __future__ import annotations

from lodestream_server.texture.stroke import Point, Stroke, Where

Strokes = tuple[Stroke, ...]
FINE = 0.0007  # half the width of a seam
RIVET = 0.0042  # radius


def seam(u: str, at: float, low: float, high: float, where: Where = "body", tone: str = "dark") -> Stroke:
    """A seam where ``u`` is ``at``, for v from low to high."""
    return Stroke("path", ((at, low), (at, high)), FINE, tone, u=u, where=where, alpha=0.75, height=-0.0006)


def outline(
    points: tuple[Point, ...], box: Point, *, u: str = "x", where: Where = "front", tone: str = "dark"
) -> Stroke:
    """The outlines of boxes around points."""
    return Stroke("box", points, FINE, tone, u=u, where=where, box=box, alpha=0.8, height=-0.0008)


def path(*points: Point, u: str = "ax", tone: str = "dark", size: float = FINE, where: Where = "front") -> Stroke:
    """A thin line through points."""
    return Stroke("path", points, size, tone, u=u, where=where, alpha=0.85, height=-0.0006)


def buttons(points: tuple[Point, ...], radius: float, tone: str = "button", u: str = "x") -> Strokes:
    """Buttons with a dark rim and two holes."""
    holes = tuple((x + side, y) for x, y in points for side in (-0.0016, 0.0016))
    return (
        Stroke("disc", points, radius + 0.0012, "dark", u=u, alpha=0.7, region="main"),
        Stroke("disc", points, radius, tone, u=u, height=0.0016, region="main"),
        Stroke("disc", holes, 0.0009, "dark", u=u, alpha=0.8, region="main"),
    )


def placket(half: float, low: float, high: float) -> Strokes:
    """The edges of a button strip."""
    return (seam("ax", half, low, high, "front"), seam("ax", half - 0.004, low, high, "front", "stitch"))
