"""How shells give way to each other: hair under headwear, tops in skirts, trousers in boots. All on the planes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from lodestream_server.avatar import Float
from lodestream_server.body import shafts
from lodestream_server.body.accessories import under
from lodestream_server.body.template import BodyTemplate
from lodestream_server.field.planes import BASE_SIZE, Planes, ShellPlanes
from lodestream_server.outfit import OPEN_TOPS, OVER_SHIRT, Outfit

LEVELS = 4
WAIST = 0.245  # metres on the reference body: where a tucked top ends, under the waistband
PRESSED = 0.004  # metres of hair that fit under headwear
HIDDEN = 0.018  # metres inside the headwear's rim from where hair is not shown at all
OVER = (*OVER_SHIRT, "armour", "spacesuit")  # tops that are worn over a bib
TUCKED = 0.008  # metres of a top that fit under a waistband
THIN = 0.012  # metres of trousers that fit under an open coat
CHEST = 0.30  # metres on the reference body: bibs end there under what is worn over them
IN_BOOTS = 0.005  # metres of trousers that fit into tall boots
BULGE = 0.22  # metres that they gain with every metre above the rim
CHART = 1.9  # metres that the chart of trousers spans: they are pressed to a texel above the rim
ANKLE = 0.0155  # metres of the field's boot where its shaft begins
SLIM = 0.4  # metres that it loses with every metre of height inside the shaft
_SHELLS = ("top", "bottom", "footwear", "hair")


@dataclass(frozen=True, slots=True)
class Fitting:
    """``positions``: (R, R, 3) metres on the reference body of every texel, by shell and plane size R."""

    positions: Mapping[tuple[str, int], Float]

    @staticmethod
    def of(template: BodyTemplate) -> Fitting:
        """Resamples the charts' positions to all plane sizes."""
        sizes = [(s, BASE_SIZE[s] * 2**k) for s in _SHELLS for k in range(LEVELS)]
        return Fitting({(s, size): _resized(template.chart_position[s], size) for s, size in sizes})

    def apply(self, planes: Planes, outfit: Outfit) -> Planes:
        """The planes as they are worn together."""
        out = dict(planes)
        if outfit.values["bottom"] == "skirt":
            top = planes["top"]
            y = self.positions["top", top.edge.shape[0]][..., 1]
            pressed = _pressed(top.level_set, TUCKED, WAIST + 0.045 - y)
            out["top"] = replace(top, level_set=pressed, edge=np.minimum(top.edge, y - WAIST))
        if outfit.values["top"] in OVER:
            bottom = planes["bottom"]
            y = self.positions["bottom", bottom.edge.shape[0]][..., 1]
            thin = np.minimum(bottom.level_set, THIN) if outfit.values["top"] in OPEN_TOPS else bottom.level_set
            out["bottom"] = replace(bottom, level_set=thin, edge=np.minimum(bottom.edge, CHEST - y))
        if shafts.worn(outfit):
            out["bottom"] = self._tucked(out["bottom"])
            foot = planes["footwear"]
            y = self.positions["footwear", foot.edge.shape[0]][..., 1]
            most = ANKLE - SLIM * np.maximum(y - shafts.START - 0.004, 0.0)
            slim = foot.level_set - np.maximum(foot.level_set - most, 0.0) * np.clip((y + 0.755) / 0.03, 0.0, 1.0)
            out["footwear"] = replace(foot, level_set=slim)
        if outfit.values["headwear"] != "none":
            hair = planes["hair"]
            depth = under(outfit.values["headwear"], self.positions["hair", hair.edge.shape[0]])
            pressed = _pressed(hair.level_set, PRESSED, depth)
            out["hair"] = replace(hair, level_set=pressed, edge=np.minimum(hair.edge, HIDDEN - depth))
        return out

    def _tucked(self, bottom: ShellPlanes) -> ShellPlanes:
        """Trousers in tall boots: they narrow towards the rim."""
        size = bottom.edge.shape[0]
        y = self.positions["bottom", size][..., 1]
        most = IN_BOOTS + BULGE * np.maximum(y - shafts.RIM - CHART / size, 0.0)
        return replace(bottom, level_set=np.minimum(bottom.level_set, most))


def _pressed(level_set: Float, most: float, depth: Float) -> Float:
    """The level set with at most ``most`` metres where ``depth`` (metres) is positive."""
    return level_set - np.maximum(level_set - most, 0.0) * np.clip(depth / 0.008 + 0.5, 0.0, 1.0)


def _resized(position: Float, size: int) -> Float:
    channels = [
        Image.fromarray(position[..., c]).resize((size, size), Image.Resampling.BILINEAR)
        for c in range(position.shape[-1])
    ]
    return np.stack([np.asarray(c, dtype=np.float32) for c in channels], axis=-1)
