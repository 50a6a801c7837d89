"""Construction detail of trousers, skirts and shoes, on the reference body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lodestream_server.texture.cloth import AROUND_LEG, AROUND_TORSO
from lodestream_server.texture.sewing import FINE, RIVET, Strokes, outline, path, seam
from lodestream_server.texture.stroke import Point, Stroke, Where, level
from lodestream_server.texture.trims_top import HEMS

LEG_SEAMS: Strokes = (
    seam("across", AROUND_LEG / 4, -0.8, 0.28, "any"),
    seam("across", -AROUND_LEG / 4, -0.8, -0.04, "any"),
    seam("x", 0.0, 0.0, 0.235, "any"),
)
_WAIST: Strokes = (
    level(0.236, FINE, "dark", u="y", v="x", alpha=0.8, height=-0.001),
    Stroke("box", ((0.062, 0.252), (0.128, 0.252)), FINE, "dark", u="ax", box=(0.0055, 0.021), where="any"),
)
_SLANT = ((0.098, 0.236), (0.138, 0.140))
_BUTTON_FLY: Strokes = (
    Stroke("disc", ((0.0, 0.253),), 0.0078, "metal", height=0.002),
    path((0.024, 0.236), (0.024, 0.15), (0.016, 0.12), (0.0, 0.108), u="x", tone="stitch"),
)
_SCOOP = ((0.068, 0.236), (0.074, 0.205), (0.096, 0.175), (0.135, 0.160), (0.155, 0.158))
_PATCH = ((0.026, 0.190), (0.029, 0.105), (0.076, 0.078), (0.123, 0.105), (0.126, 0.190), (0.026, 0.190))


def _thread(points: tuple[Point, ...], du: float, dv: float, where: Where = "front") -> Stroke:
    moved = tuple((u + du, v + dv) for u, v in points)
    return Stroke("path", moved, 0.0008, "thread", u="ax", where=where, alpha=0.9)


BOTTOMS: Mapping[str, Strokes] = {
    "jeans": (
        *LEG_SEAMS,
        *(
            Stroke("path", ((at, -0.8), (at, 0.235)), 0.0008, "thread", u="across", where="any", alpha=0.8)
            for at in (AROUND_LEG / 4 + 0.004, AROUND_LEG / 4 + 0.0085)
        ),
        *_WAIST,
        *(level(at, 0.0008, "thread", u="y", v="x", alpha=0.9) for at in (0.232, 0.2395, 0.2655)),
        path(*_SCOOP, size=0.0011),
        _thread(_SCOOP, -0.003, -0.003),
        _thread(_SCOOP, -0.006, -0.006),
        path(*_PATCH, where="back", size=0.0011),
        _thread(_PATCH, 0.0, 0.003, "back"),
        _thread(((0.03, 0.168), (0.076, 0.148), (0.122, 0.168)), 0.0, 0.0, "back"),
        *_BUTTON_FLY,
        replace(_BUTTON_FLY[1], tone="thread", size=0.0008),
        replace(
            _BUTTON_FLY[1],
            points=((0.029, 0.236), (0.029, 0.148), (0.020, 0.114), (0.0, 0.102)),
            tone="thread",
            size=0.0008,
        ),
        Stroke("disc", ((0.0695, 0.229), (0.152, 0.164)), RIVET, "brass", u="ax", height=0.0015),
        level(0.016, 0.0009, "thread", alpha=0.9),
        level(0.004, 0.0016, "dark", alpha=0.35),
    ),
    "trousers": (
        *LEG_SEAMS,
        *_WAIST,
        path(*_SLANT, size=0.0012),
        path((0.045, 0.150), (0.115, 0.150), where="back", size=0.0022),
        *_BUTTON_FLY,
    ),
    "cargo": (
        *LEG_SEAMS,
        *_WAIST,
        path(*_SLANT, size=0.0012),
        *_BUTTON_FLY,
        Stroke(
            "box",
            ((0.118, -0.165),),
            0.0,
            "main",
            u="across",
            where="any",
            box=(0.052, 0.078),
            solid=True,
            alpha=0.0,
            height=0.004,
        ),
        outline(((0.118, -0.165),), (0.052, 0.078), u="across", where="any"),
        outline(((0.118, -0.112),), (0.054, 0.026), u="across", where="any"),
        Stroke("disc", ((0.085, -0.124), (0.151, -0.124)), 0.0062, "button", u="across", where="any", height=0.002),
        path((0.045, 0.150), (0.115, 0.150), where="back", size=0.0016),
        level(0.018, 0.0007, "stitch"),
    ),
    "joggers": (
        *LEG_SEAMS,
        Stroke("path", ((0.118, -0.8), (0.118, 0.27)), 0.0075, "second", u="across", where="any"),
        Stroke("path", ((0.010, 0.252), (0.018, 0.20), (0.015, 0.15)), 0.0028, "cord", u="ax", height=0.002),
        level(0.236, FINE, "dark", u="y", v="x", alpha=0.7, height=-0.001),
    ),
    "shorts": (*LEG_SEAMS, *_WAIST, path(*_SLANT, size=0.0012), *_BUTTON_FLY, *HEMS),
    "leggings": (*LEG_SEAMS[1:], level(0.236, FINE, "dark", u="y", v="x", alpha=0.5)),
    "dungarees": (
        *LEG_SEAMS[:2],
        path(*_SCOOP, size=0.0011),
        _thread(_SCOOP, -0.003, -0.003),
        level(0.245, FINE, "dark", u="y", v="x", alpha=0.8),
        level(0.249, 0.0008, "thread", u="y", v="x", alpha=0.9),
        outline(((0.0, 0.43),), (0.058, 0.052)),
        Stroke("box", ((0.0, 0.43),), 0.0008, "thread", box=(0.054, 0.048), alpha=0.9),
        Stroke("disc", ((0.072, 0.545),), 0.0085, "brass", u="ax", height=0.003),
        Stroke("disc", ((0.150, 0.225), (0.150, 0.19)), 0.0065, "brass", u="ax", where="any", height=0.002),
        level(0.007, 0.0008, "thread", alpha=0.9),
    ),
}

_OVERCOAT: Strokes = (
    outline(((0.125, 0.12),), (0.055, 0.062), u="ax"),
    level(0.018, 0.0006, "stitch", alpha=0.7),
)
SKIRTS: Mapping[str, Strokes] = {
    "labcoat": _OVERCOAT,
    "coat": _OVERCOAT[1:],
    "sari": (level(0.008, 0.0016, "brass"), level(0.05, 0.0016, "brass")),
    "skirt": (
        level(0.247, FINE, "dark", u="y", v="x", alpha=0.7),
        level(0.020, 0.0007, "stitch", alpha=0.8),
        seam("around", AROUND_TORSO / 4, -0.8, 0.27),
    ),
}

_LACES = tuple((0.0, 0.030 + 0.0135 * i) for i in range(6))
SHOES: Mapping[str, Strokes] = {
    "trainers": (
        Stroke("path", ((0.023, 0.02), (0.020, 0.105)), 0.0012, "dark", u="lace", v="slope", where="front"),
        Stroke("box", _LACES, 0.0, "cord", u="lace", v="slope", box=(0.019, 0.0027), solid=True, height=0.002),
        Stroke("disc", tuple((0.0195, v) for _, v in _LACES), 0.0026, "dark", u="lace", v="slope"),
        *(
            Stroke("path", ((z, 0.036), (z + 0.030, 0.078)), 0.0034, "second", u="z", v="ground", where="body")
            for z in (0.028, 0.044, 0.060)
        ),
        Stroke("path", ((-9.0, 0.027), (9.0, 0.027)), 0.0010, "dark", u="z", v="ground", where="any", alpha=0.6),
    ),
    "leather": (
        Stroke("box", _LACES[1:5], 0.0, "dark", u="lace", v="slope", box=(0.016, 0.0017), solid=True, height=0.0015),
        Stroke("path", ((0.150, 0.0), (0.150, 0.06)), 0.0012, "dark", u="cap", v="ground", where="any"),
        Stroke("disc", tuple((0.145, 0.020 + 0.0055 * i) for i in range(8)), 0.0012, "dark", u="cap", v="ground"),
        Stroke("path", ((-9.0, 0.0175), (9.0, 0.0175)), 0.0008, "thread", u="z", v="ground", where="any", alpha=0.5),
    ),
    "boots": (
        Stroke(
            "box",
            tuple((0.0, 0.022 + 0.015 * i) for i in range(7)),
            0.0,
            "cord",
            u="lace",
            v="slope",
            box=(0.019, 0.0026),
            solid=True,
            height=0.002,
        ),
        Stroke("disc", tuple((0.021, 0.022 + 0.015 * i) for i in range(7)), 0.003, "metal", u="lace", v="slope"),
        Stroke("path", ((-9.0, 0.029), (9.0, 0.029)), 0.0009, "thread", u="z", v="ground", where="any", alpha=0.8),
        Stroke("path", ((0.150, 0.0), (0.150, 0.06)), 0.0012, "dark", u="cap", v="ground", where="any"),
    ),
}
