"""Construction detail of tops, on the reference body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lodestream_server.texture.cloth import AROUND_ARM, AROUND_TORSO
from lodestream_server.texture.sewing import FINE, RIVET, Strokes, buttons, outline, path, placket, seam
from lodestream_server.texture.stroke import Stroke, level, row

SEAMS: Strokes = (
    level(0.0, FINE, "dark", u="armhole", alpha=0.7, height=-0.0006),
    seam("around", AROUND_TORSO / 4, -0.2, 0.53),
    seam("around", AROUND_ARM / 2, 0.0, 0.9, "sleeve"),
    Stroke("path", ((0.0, 0.60), (0.0, 0.76)), FINE, "dark", u="ridge", where="body", alpha=0.6),
)
HEMS: Strokes = (level(0.017, 0.0006, "stitch", alpha=0.7), level(0.0215, 0.0006, "stitch", alpha=0.7))
_CUFF: Strokes = (
    level(0.052, FINE, "dark", where="sleeve", alpha=0.8, height=-0.0008),
    Stroke("disc", ((0.030, 0.045),), 0.0052, "button", u="edge", v="around", where="sleeve", height=0.0015),
)
_CHEST_POCKET: Strokes = (outline(((0.085, 0.535),), (0.038, 0.045)), seam("y", 0.572, 0.047, 0.123, "front"))
_PEARLS = row(0.0, 0.29, 0.665, 0.062)  # down the shirt below a jacket
_SHIRT_FRONT: Strokes = (
    Stroke("path", ((0.0165, 0.20), (0.0165, 0.705)), FINE, "black", u="ax", alpha=0.28, region="second"),
    Stroke("disc", _PEARLS, 0.0058, "black", alpha=0.30, region="second"),
    Stroke("disc", _PEARLS, 0.0046, "pearl", region="second"),
    Stroke("disc", _PEARLS, 0.0012, "black", alpha=0.45, region="second"),
)
_POUCH = path((0.0, 0.275), (0.092, 0.275), (0.125, 0.19), (0.125, 0.125))
_POUCH_STITCH = replace(_POUCH, points=((0.0, 0.270), (0.089, 0.270), (0.120, 0.188), (0.120, 0.125)), tone="stitch")
_ZIP: Strokes = (
    Stroke("path", ((0.0, 0.02), (0.0, 0.73)), 0.0055, "dark", region="main", height=-0.0008),
    Stroke("path", ((0.0, 0.02), (0.0, 0.73)), 0.0030, "metal", region="main", height=0.001),
    Stroke("box", row(0.0, 0.03, 0.72, 0.006), 0.0, "dark", box=(0.0026, 0.0009), solid=True, alpha=0.7, region="main"),
)
TOPS: Mapping[str, Strokes] = {
    "tshirt": HEMS,
    "tank": HEMS,
    "crop": HEMS,
    "turtleneck": (),
    "jumper": (),
    "shirt": (
        replace(HEMS[0], points=((0.017, -9.0), (0.017, 0.40))),
        *placket(0.0175, 0.03, 0.715),
        seam("y", 0.588, 0.043, 0.121, "front"),
        *_CUFF,
        *buttons(row(0.0, 0.10, 0.69, 0.082), 0.0056),
    ),
    "polo": (
        *HEMS,
        *placket(0.0165, 0.585, 0.715),
        path((0.0, 0.585), (0.0165, 0.585)),
        *buttons(row(0.0, 0.60, 0.69, 0.036), 0.0052),
    ),
    "jersey": (
        level(0.030, 0.0055, "second", where="sleeve"),
        level(0.046, 0.0025, "second", where="sleeve"),
        Stroke("path", ((0.2, -0.1), (0.2, 0.5)), 0.005, "second", u="around", where="body"),
        *HEMS,
    ),
    "cardigan": (*placket(0.020, 0.03, 0.395), *buttons(row(0.0, 0.12, 0.385, 0.070), 0.0085)),
    "hoodie": (
        _POUCH,
        _POUCH_STITCH,
        Stroke("disc", ((0.027, 0.692),), 0.0048, "metal", u="ax"),
        Stroke("path", ((0.027, 0.692), (0.031, 0.63), (0.028, 0.575)), 0.0031, "cord", u="ax", height=0.002),
        Stroke("path", ((0.028, 0.575), (0.0275, 0.558)), 0.0036, "metal", u="ax", height=0.002),
    ),
    "waistcoat": (
        *_SHIRT_FRONT,
        seam("x", 0.006, 0.02, 0.44, "front"),
        *buttons(row(0.0, 0.21, 0.43, 0.055), 0.0066),
        path((0.062, 0.330), (0.122, 0.342), size=0.003),
        path((0.062, 0.540), (0.112, 0.552), size=0.0025),
    ),
    "suit": (
        *_SHIRT_FRONT,
        seam("x", 0.010, 0.02, 0.40, "front"),
        *buttons(((0.003, 0.390), (0.003, 0.295)), 0.0085),
        outline(((0.118, 0.235),), (0.048, 0.017), u="ax"),
        path((0.07, 0.252), (0.166, 0.252), size=0.0014),
        path((0.055, 0.571), (0.121, 0.579), u="x", size=0.0042),
        path((0.09, 0.52), (0.092, 0.26)),
        Stroke("disc", row(0.055, 0.036, 0.075, 0.017), 0.0052, "button", u="around", v="edge", where="sleeve"),
        seam("x", 0.0, -0.05, 0.68, "back"),
    ),
    "jacket": (
        *_ZIP,
        path((0.085, 0.235), (0.125, 0.330), size=0.0030, tone="metal"),
        path((0.079, 0.233), (0.119, 0.332)),
        path((0.091, 0.232), (0.131, 0.328)),
        level(0.048, FINE, "dark", alpha=0.8, height=-0.0006, region="main"),
        replace(path((0.02, 0.605), (0.18, 0.640), where="body"), region="main"),
    ),
    "coat": (
        *_SHIRT_FRONT,
        *buttons(row(0.066, 0.16, 0.36, 0.10), 0.0105, u="ax"),
        outline(((0.122, 0.225),), (0.052, 0.017), u="ax"),
        level(0.014, 0.0006, "stitch", alpha=0.7, region="main"),
        seam("x", 0.0, -0.2, 0.68, "back"),
    ),
    "labcoat": (
        *_SHIRT_FRONT,
        Stroke("path", ((0.084, 0.592), (0.084, 0.55)), 0.0032, "blue", height=0.002),
        *buttons(row(0.066, 0.18, 0.36, 0.09), 0.0068),
        level(0.016, 0.0006, "stitch", alpha=0.7, region="main"),
        seam("x", 0.0, -0.2, 0.68, "back"),
    ),
    "uniform": (
        seam("x", 0.014, 0.02, 0.70, "front"),
        *buttons(row(0.0, 0.10, 0.66, 0.085), 0.0085, tone="brass"),
        path((0.046, 0.570), (0.090, 0.560), (0.134, 0.570)),
        *buttons(((0.090, 0.571),), 0.0056, tone="brass", u="ax"),
        *(
            Stroke("box", ((0.070 + 0.02 * k, 0.617),), 0.0, tone, box=(0.0098, 0.0085), solid=True, height=0.001)
            for k, tone in enumerate(("red", "blue", "brass"))
        ),
        Stroke("box", ((-0.090, 0.617),), 0.0, "brass", box=(0.024, 0.0068), solid=True, height=0.001),
        level(0.030, 0.0022, "brass", where="sleeve"),
        level(0.040, 0.0022, "brass", where="sleeve"),
        Stroke("disc", ((0.105, 0.0),), 0.022, "brass", u="arm", v="across", where="sleeve"),
        Stroke("disc", ((0.105, 0.0),), 0.0175, "dark", u="arm", v="across", where="sleeve"),
        Stroke("disc", ((0.105, 0.0),), 0.009, "brass", u="arm", v="across", where="sleeve"),
    ),
    "chef": (
        path((0.072, 0.02), (0.072, 0.56), (0.050, 0.675), u="x"),
        path((0.068, 0.02), (0.068, 0.56), (0.046, 0.675), u="x", tone="stitch"),
        *buttons(row(0.050, 0.22, 0.62, 0.078), 0.0070, u="ax"),
    ),
    "scrubs": (*HEMS[:1], *_CHEST_POCKET, outline(((0.105, 0.17),), (0.048, 0.055), u="ax")),
    "kimono": (seam("x", 0.0, -0.2, 0.68, "back"),),
    "qipao": (
        Stroke("path", ((0.0, 0.715), (0.05, 0.668), (0.115, 0.630), (0.165, 0.56)), 0.0022, "second", height=0.001),
        Stroke("disc", ((0.004, 0.712), (0.06, 0.662), (0.118, 0.627)), 0.0062, "second", height=0.002),
        *(
            Stroke("path", ((x - 0.010, y - 0.015), (x + 0.010, y + 0.015)), 0.0022, "second", height=0.0015)
            for x, y in ((0.004, 0.712), (0.06, 0.662), (0.118, 0.627))
        ),
    ),
    "sari": (level(0.008, 0.0016, "brass"),),
    "armour": (
        level(0.010, 0.0016, "light", height=0.0012),
        level(0.016, 0.0010, "black", height=-0.001),
        Stroke("disc", row(0.150, 0.22, 0.58, 0.060), RIVET, "light", u="ax", where="body", height=0.002),
        Stroke("disc", row(0.060, 0.30, 0.62, 0.32), RIVET, "light", u="ax", where="body", height=0.002),
        path((0.0, 0.60), (0.052, 0.55), (0.06, 0.45), (0.0, 0.36), tone="black"),
        path((0.0, 0.56), (0.034, 0.53), (0.040, 0.46), (0.0, 0.40), tone="light"),
        Stroke("disc", row(0.0, 0.06, 0.50, 0.062), 0.0036, "light", u="across", v="arm", where="sleeve", height=0.002),
    ),
    "spacesuit": (
        Stroke("box", ((0.0, 0.505),), 0.0, "light", box=(0.072, 0.048), solid=True, height=0.004),
        outline(((0.0, 0.505),), (0.072, 0.048)),
        Stroke("box", ((0.0, 0.527),), 0.0, "black", box=(0.045, 0.014), solid=True),
        Stroke("disc", ((-0.045, 0.483),), 0.010, "red", height=0.003),
        Stroke("disc", ((-0.015, 0.483),), 0.010, "blue", height=0.003),
        Stroke("disc", ((0.015, 0.483), (0.045, 0.483)), 0.010, "metal", height=0.003),
        Stroke("path", ((0.072, 0.49), (0.11, 0.44), (0.10, 0.36), (0.05, 0.31)), 0.007, "metal", u="ax", height=0.005),
        *(
            Stroke("path", ((at, -1.0), (at, 1.0)), 0.008, "red", u="arm", v="across", where="sleeve")
            for at in (0.13, 0.165)
        ),
        level(0.020, 0.010, "metal", where="sleeve", height=0.002),
    ),
    "robe": (level(0.012, 0.0007, "stitch"),),
    "dress": (seam("y", 0.33, -0.3, 0.3), level(0.012, 0.0006, "stitch", alpha=0.6)),
}
SEAMLESS = ("sari", "armour", "kimono", "robe")
