"""MakeHuman's macro parameters: from six numbers in [0, 1] and shares of ancestry to blend weights.

Every macro target is a product of variations ("female", "young", "maxweight", …); a variation's weight is the linear
interpolation of its parameter between equidistant anchors (MakeHuman's `humanmodifier`, as in anny's phenotypes).
"""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Float

NAMES = ("gender", "age", "muscle", "weight", "height", "proportions")
ANCESTRIES = ("african", "asian", "caucasian")
# parameter, lowest anchor, number of anchors (the highest anchor is 1), in the order of the baked mask's columns
_AXES = (
    ("gender", 0.0, 2),
    ("age", -1.0 / 3.0, 5),
    ("muscle", 0.0, 3),
    ("weight", 0.0, 3),
    ("height", 0.0, 2),
    ("proportions", 0.0, 2),
    ("cupsize", 0.0, 3),
    ("firmness", 0.0, 3),
)
HEIGHT_MIDDLE, HEIGHT_SPAN = 0.35, 0.45  # MakeHuman's reaches from dwarfs to giants; 0 and 1 here are short and tall


def variations(phenotype: Float, ancestry: Float) -> Float:
    """Weights of all 26 variations.

    Args:
        phenotype: (6,) in the order of NAMES: gender (0 male, 1 female), age (0 baby, 1/3 child, 2/3 young, 1 old),
            muscle, weight, height (see HEIGHT_MIDDLE), proportions (0 ideal). Values outside [0, 1] are clamped.
        ancestry: (3,) weights in the order of ANCESTRIES; scaled to sum to 1, thirds where none is positive.
    Returns:
        (26,) float32, the shares of ancestry first.
    """
    value: dict[str, float] = dict(zip(NAMES, np.clip(phenotype, 0.0, 1.0), strict=True))
    value["height"] = HEIGHT_MIDDLE + HEIGHT_SPAN * (value["height"] - 0.5)
    shares = np.maximum(ancestry, 0.0)
    total = float(shares.sum())
    shares = shares / total if total > 0.0 else np.full(len(ANCESTRIES), 1.0 / len(ANCESTRIES))
    out = [float(s) for s in shares]
    for name, low, count in _AXES:
        anchors = np.linspace(low, 1.0, count)
        hat = 1.0 - np.abs(float(value.get(name, 0.5)) - anchors) / (anchors[1] - anchors[0])
        out.extend(np.maximum(hat, 0.0))
    return np.array(out, dtype=np.float32)
