"""The front of tailored tops in closed form: opening, shirt, collar leaves, tie, lapels, stand collar.

The field knows these shapes too, but at a texel of 5 mm and more. Here the same shapes are drawn at the output's
resolution: their distances decide which region a texel shows, and each casts a narrow shadow on what lies below it.
Lengths are metres on the reference body; shapes are seen from the front and mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.outfit import Outfit
from lodestream_server.texture.cloth import Cloth
from lodestream_server.texture.cuts import COLLAR, CUTS, TIE, UNDER, Corners, Cut
from lodestream_server.texture.pattern import cover

_LOW_COLLAR, _LOW_STRAP = 0.60, 0.645  # y above which collars go round the neck and shoulder straps lie
_BLUR = 1.4  # texels over which regions meet; charts stretch some
_CREASE = 0.0008  # half the width of the line along an edge
_SOFTENED = 0.032  # metres from a lapel's outline within which the field's own blurred shadow is taken back


@dataclass(slots=True)
class Front:
    """What is drawn on the M texels at positions ``which`` of a cloth's lists.

    layers: region by name, the L of the M texels that it touches and its share (L,) of each, in the order of painting.
    calm: (M,) how much of the field's shade is taken back. light: (M,) factor on the colour. height: (M,) metres that
    it stands out.
    """

    which: NDArray[np.intp]
    calm: Float
    light: Float
    height: Float
    layers: list[tuple[str, NDArray[np.intp], Float]] = field(default_factory=list)

    @property
    def painted(self) -> set[str]:
        """The regions that it has something to say about."""
        return {"main"} | {layer[0] for layer in self.layers}

    def repaint(self, regions: Mapping[str, Float]) -> None:
        """Replaces the field's shares of the regions (N,), in place; all that are ``painted`` must be there."""
        own = {name: share[self.which] for name, share in regions.items()}
        for name in self.painted - {"main"}:
            own["main"] += own[name]
            own[name][:] = 0.0
        for region, spots, share in self.layers:
            for name, values in own.items():
                values[spots] += (float(name == region) - values[spots]) * share
        for name, share in own.items():
            regions[name][self.which] = share

    def relight(self, shade: Float) -> None:
        """Replaces the field's blurred shadows by sharp ones in ``shade`` (N,), in place."""
        own = shade[self.which]
        shade[self.which] = (own + (1 - own) * self.calm) * self.light


def front(cloth: Cloth, outfit: Outfit) -> Front | None:
    """The front of the top on the texels of ``cloth``, None where the outfit has nothing to draw there."""
    top, neckwear = outfit.values["top"], outfit.values.get("neckwear", "none")
    closed = neckwear in ("tie", "bowtie")
    cut = CUTS.get((top, closed)) or CUTS.get((top, None))
    if cloth.shell != "top" or cut is None:
        return None
    near = (cloth.y > cut.lowest) & (np.abs(cloth.x) < cut.wide)
    if not cut.sleeveless:
        body = (cloth.sleeve <= 0.5) | (cloth.y > _LOW_STRAP) if cut.straps else cloth.sleeve <= 0.5
        near &= body & ((cloth.z > 0.0) | (cloth.y > _LOW_COLLAR))
    which = np.flatnonzero(near)
    draft = _Draft(cloth, which, cut)
    if cut.opening:
        draft.shirt()
    if cut.leaves:
        draft.leaves((UNDER if cut.opening else COLLAR)[closed])
    if neckwear == "tie" and cut.leaves:
        draft.tie()
    if cut.opening:
        draft.jacket()
    chef = double_breasted(outfit)
    if cut.stand:
        draft.stand(gilt=not chef)
    if cut.straps:
        draft.strap(gilt=not chef)
    for pocket in cut.pockets:
        draft.pocket(*pocket, drawn=not chef)
    return draft.out


def double_breasted(outfit: Outfit) -> bool:
    """A cook's jacket: a uniform without its gilt, below a chef's hat."""
    return outfit.values["top"] == "uniform" and outfit.values.get("headwear") == "chef"


class _Draft:
    """A front being drawn on the M texels at positions ``which`` of ``cloth``."""

    def __init__(self, cloth: Cloth, which: NDArray[np.intp], cut: Cut) -> None:
        self.cut, self.texel = cut, cloth.texel
        self.x, self.y, self.z = (row[which].astype(np.float32, copy=False) for row in (cloth.x, cloth.y, cloth.z))
        self.ax = np.abs(self.x)
        zero = np.zeros_like(self.x)
        self.out = Front(which, zero, np.ones_like(zero), np.zeros_like(zero))
        self.ahead = self.z - np.float32(0.012)
        behind = np.clip((self.z - 0.012) / 0.04 + 0.5, 0, 1)
        self.over = behind * behind * (3 - 2 * behind)
        line = 0.778 - 0.272 * (self.z + 0.035)
        across = np.hypot(self.x, (self.z - 0.027) * 1.15) - 0.072
        away = np.hypot(np.maximum(across, 0), self.y - line)
        self.neck = np.where(self.y < line, away, line - self.y)  # metres below the neckline
        self.shown = zero  # metres inside what shows of the shirt

    def shirt(self) -> None:
        """The shirt in the opening and around the neck."""
        rows = np.array(self.cut.opening, np.float32)
        wide = np.interp(self.y, rows[:, 1], rows[:, 0]).astype(np.float32) - self.ax
        opening = np.minimum(wide * np.float32(self.cut.lean), self.ahead)
        self.shown = np.maximum(opening, self.cut.ring - self.neck)
        if self.cut.sleeveless:
            sleeve = (self.ax - self.cut.sleeveless) * 0.972 + (self.y - 0.70) * 0.235
            self.shown = np.maximum(self.shown, sleeve)
        self._paint("second", self.shown)
        self.out.calm = np.maximum(self.out.calm, 0.85 * cover(self.shown, self.texel))

    def leaves(self, leaf: Corners) -> None:
        """The two leaves of a shirt's collar, joined behind the neck."""
        shape = self.over * _convex(self.ax, self.y, leaf) + (1 - self.over) * (0.044 - self.neck)
        near = np.clip(1 - np.abs(shape) / _SOFTENED, 0, 1)
        self.out.calm = np.maximum(self.out.calm, 0.8 * near)
        within = self.shown if self.cut.opening else None
        self._lay(shape, within, shadow=0.26, reach=0.007, lift=0.0014, face=0.03, line=0.34)

    def tie(self) -> None:
        """A tie from the collar down, its knot over the leaves."""
        within = self.shown if self.cut.opening else None
        for corners, line in zip(TIE, (0.0, 0.35), strict=True):
            shape = np.minimum(_convex(self.ax, self.y, corners), self.ahead)
            self._paint("tie", shape, within)
            self._lay(shape, within, shadow=0.34, reach=0.006, lift=0.0012, face=0.0, line=line)

    def jacket(self) -> None:
        """The edge of what is worn over the shirt, and its lapels."""
        edge = -self.shown
        self.out.calm = np.maximum(self.out.calm, 0.6 * np.clip(1 - edge / _SOFTENED, 0, 1))
        self._lay(edge, None, shadow=0.40, reach=0.006, lift=0.0020, face=0.0, line=0.25)
        for corners in self.cut.lapels:
            shape = np.minimum(_convex(self.ax, self.y, corners), self.ahead)
            back = self.cut.behind - self.neck
            shape = np.minimum(self.over * shape + (1 - self.over) * back if corners[-1][1] > 0.75 else shape, edge)
            near = np.clip(1 - np.abs(shape) / _SOFTENED, 0, 1)
            self.out.calm = np.maximum(self.out.calm, 0.85 * near * (self.shown < 0))
            self._lay(shape, edge, shadow=0.36, reach=0.007, lift=0.0020, face=0.04, line=0.30)

    def stand(self, *, gilt: bool) -> None:
        """A stand collar: its seam, where its ends meet, and gilt tabs."""
        inside = np.where(self.y > 0.66, 0.036 - self.neck, -1.0)
        near = np.clip(1 - np.abs(inside) / _SOFTENED, 0, 1) + (inside > 0)
        self.out.calm = np.maximum(self.out.calm, 0.7 * np.minimum(near, 1))
        self._lay(inside, None, shadow=0.34, reach=0.007, lift=0.0014, face=0.03, line=0.30)
        ends = _line(self.x, self.texel) * ((inside > 0) & (self.ahead > 0))
        self.out.light *= 1 - 0.45 * ends
        self._clear("detail")
        if gilt:
            tab = np.minimum(
                np.minimum(0.029 - self.neck, self.neck - 0.009), np.minimum(self.ax - 0.012, 0.040 - self.ax)
            )
            tab = np.minimum(tab, self.ahead)
            self._paint("detail", tab)
            self._lay(tab, None, shadow=0.3, reach=0.003, lift=0.0012, face=0.0, line=0.4)

    def pocket(self, u: float, v: float, wide: float, tall: float, *, drawn: bool) -> None:
        """A patch of cloth; where it is not ``drawn``, the field's shadow of it is taken back all the same."""
        across = self.x if self.cut.single else self.ax
        shape = np.minimum(wide - np.abs(across - u), tall - np.abs(self.y - v))
        shape = np.minimum(shape, self.ahead)
        off = np.abs(shape) if drawn else -shape
        self.out.calm = np.maximum(self.out.calm, 0.85 * np.clip(1 - off / _SOFTENED, 0, 1))
        if drawn:
            self._lay(shape, None, shadow=0.26, reach=0.006, lift=0.001, face=0.02, line=0.3)

    def strap(self, *, gilt: bool) -> None:
        """A shoulder strap, with a gilt end."""
        shape = np.minimum(0.052 - np.abs(self.ax - 0.146), 0.026 - np.abs(self.z - 0.006))
        shape = np.minimum(shape, self.y - 0.655)
        near = np.clip(1 - np.abs(shape) / _SOFTENED, 0, 1)
        self.out.calm = np.maximum(self.out.calm, 0.7 * near)
        if not gilt:
            self._clear("seam")
            self._clear("detail")
            return
        self._paint("seam", shape)
        self._lay(shape, None, shadow=0.3, reach=0.006, lift=0.0012, face=0.0, line=0.3)
        end = np.minimum(shape - 0.003, 0.010 - np.abs(self.ax - 0.180))
        self._paint("detail", end)
        self._lay(end, None, shadow=0.3, reach=0.003, lift=0.001, face=0.0, line=0.4)

    def _clear(self, region: str) -> None:
        """Takes the field's own share of a region away."""
        self.out.layers.append((region, np.empty(0, np.intp), np.empty(0, np.float32)))

    def _paint(self, region: str, shape: Float, within: Float | None = None) -> None:
        """Gives a region to where ``shape`` is positive, ``within`` another one."""
        blur = _BLUR * self.texel
        spots = np.flatnonzero(shape > -0.5 * blur)
        share = cover(shape[spots], blur)
        if within is not None:
            share *= cover(within[spots], blur)
        self.out.layers.append((region, spots, share))

    def _lay(
        self, shape: Float, within: Float | None, *, shadow: float, reach: float, lift: float, face: float, line: float
    ) -> None:
        """Lays cloth where ``shape`` (metres inside) is positive: lighter, rimmed, with a crease and shadow around.

        within: another shape, beyond which nothing changes.
        """
        soft = max(reach, self.texel)
        spots = np.flatnonzero(shape > -4 * soft)
        shape = shape[spots]
        where = np.float32(1.0) if within is None else cover(within[spots], self.texel)
        inside = cover(shape, self.texel)
        outside = np.exp(np.minimum(shape, 0) / np.float32(soft)) * (1 - inside) * np.float32(shadow * reach / soft)
        rim = np.clip(1 - np.abs(shape - 0.0022) / max(0.0018, self.texel), 0, 1) * np.float32(0.15)
        dark = _line(shape, self.texel) * np.float32(line)
        light = self.out.light[spots]
        light += (1 - light) * (inside * where)
        light *= 1 + where * (inside * np.float32(face) + rim - outside - dark)
        self.out.light[spots] = light
        self.out.height[spots] += np.float32(lift) * cover(shape, max(0.0015, self.texel)) * where


def _line(distance: Float, texel: float) -> Float:
    """A line's share of a texel."""
    return np.minimum(cover(_CREASE - np.abs(distance), texel), np.float32(min(1.0, 2 * _CREASE / texel)))


def _convex(u: Float, v: Float, corners: Corners) -> Float:
    """Metres inside a convex polygon whose ``corners`` run anticlockwise; beyond a corner they are less than exact."""
    best: Float | None = None
    for (u0, v0), (u1, v1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        length = float(np.hypot(u1 - u0, v1 - v0))
        across, up = (v0 - v1) / length, (u1 - u0) / length
        distance = u * np.float32(across) + v * np.float32(up) - np.float32(across * u0 + up * v0)
        best = distance if best is None else np.minimum(best, distance)
    assert best is not None
    return best
