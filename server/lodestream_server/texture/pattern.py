"""Cloth patterns in closed form: colours over pattern coordinates, antialiased by the texel's size.

Periods across divide the circumferences of `cloth`, and patterns are even in ``across``: they close around the body and
meet at shoulders and in the middle of trousers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.texture.cloth import AROUND_ARM, AROUND_LEG, AROUND_TORSO, Cloth
from lodestream_server.texture.noise import scramble

Colour = Float  # (3,) sRGB in [0, 1]
_CENTRE = np.array([0.95, 0.78, 0.25], dtype=np.float32)  # of flowers
_LEAF = np.array([0.24, 0.42, 0.22], dtype=np.float32)


def paint(name: str, cloth: Cloth, main: Colour, second: Colour) -> Float:
    """(3, N) sRGB of the pattern ``name`` at the cloth's texels; ``plain`` and unknown names are ``main``."""
    draw = _DRAWN.get(name)
    if draw is None:
        return _plain(cloth, main)
    return draw(cloth, main.astype(np.float32), apart(main, second).astype(np.float32))


def apart(main: Colour, second: Colour) -> Colour:
    """``second``, or a lighter or darker ``main`` where the two can hardly be told apart."""
    if float(np.abs(main - second).sum()) > 0.3:
        return second
    return other(main)


def other(main: Colour) -> Colour:
    """A clearly lighter tone of a dark colour, a clearly darker one of a light colour."""
    return np.asarray(main + (1 - main) * 0.45 if float(main.mean()) < 0.5 else main * 0.55, dtype=np.float32)


def pulse(u: NDArray[np.floating[Any]], period: float, width: float, texel: float) -> Float:
    """Share of [u - texel/2, u + texel/2] that stripes cover: they are ``width`` wide, centred on multiples of period.

    The exact box filter of the stripes: an integral's difference, so fine lines fade to their mean, never flicker.
    """
    share = width / period

    def integral(v: Float) -> Float:
        turns = np.floor(v)
        return np.asarray(turns * share + np.minimum(v - turns, share), dtype=np.float32)

    start = (u - texel / 2 + width / 2) / period
    return np.asarray((integral(start + texel / period) - integral(start)) * (period / texel), dtype=np.float32)


def cover(distance: NDArray[np.floating[Any]], texel: float) -> Float:
    """Share of a texel inside a shape, from the signed distance (positive inside) at its centre."""
    return np.asarray(np.clip(distance / texel + 0.5, 0, 1), dtype=np.float32)


def mix(low: Float, high: Float, share: Float) -> Float:
    """(3, N): ``low`` where share (N,) is 0, ``high`` where it is 1. Colours are (3,) or (3, N)."""
    low, high = (c[:, None] if c.ndim == 1 else c for c in (low, high))
    out = (high - low) * share
    out += low
    return np.asarray(out, dtype=np.float32)


def _plain(cloth: Cloth, main: Colour) -> Float:
    return np.repeat(main[:, None].astype(np.float32), len(cloth.index), axis=1)


def _stripes(c: Cloth, main: Colour, second: Colour) -> Float:
    return mix(main, second, pulse(c.along, 0.060, 0.026, c.texel))


def _pinstripes(c: Cloth, main: Colour, second: Colour) -> Float:
    return mix(main, second, 0.7 * pulse(c.across, 0.030, 0.0026, c.texel))


def _check(c: Cloth, main: Colour, second: Colour) -> Float:
    both = pulse(c.across, 0.040, 0.020, c.texel) + pulse(c.along, 0.040, 0.020, c.texel)
    return mix(second, main, 0.08 + 0.46 * both)


def _plaid(c: Cloth, main: Colour, second: Colour) -> Float:
    """A tartan of three tones: warp and weft carry the same sett and mix half and half."""
    dark = main * 0.38
    total = np.zeros((3, len(c.index)), dtype=np.float32)
    for u in (c.across, c.along):
        thread = mix(main, dark, pulse(u, 0.120, 0.052, c.texel))
        thread = mix(thread, main, pulse(u, 0.120, 0.012, c.texel))
        total += 0.5 * mix(thread, second, pulse(u + 0.06, 0.120, 0.010, c.texel))
    return total


def _dots(c: Cloth, main: Colour, second: Colour) -> Float:
    row = np.floor(c.along / 0.034 + 0.5)
    shift = (row % 2) * 0.5
    u = (c.across / 0.040 + shift + 0.5) % 1.0 - 0.5
    distance = np.hypot(u * 0.040, c.along - row * 0.034)
    return mix(main, second, cover(0.0085 - distance, c.texel))


def _zigzag(c: Cloth, main: Colour, second: Colour) -> Float:
    wave = np.abs((c.across / 0.060) % 1.0 - 0.5) * 0.050
    return mix(main, second, pulse(c.along + wave, 0.048, 0.022, c.texel))


def _camouflage(c: Cloth, main: Colour, second: Colour) -> Float:
    """Four tones of the main colour: blobs of one noise, and streaks along some of its contours."""
    del second
    main = main * 0.6 + 0.4 * float(main.mean())
    soft = max(24 * c.texel, 0.02)  # the noise rises by about 20 a metre
    khaki = main * 0.5 + np.array([0.36, 0.31, 0.21], dtype=np.float32)
    streak = 0.07 - np.abs(c.cloud + 0.06) + 0.09 * np.sin(c.x * 29 + c.y * 23)
    colour = mix(main, main * 0.55, np.clip((c.cloud - 0.10) / soft + 0.5, 0, 1))
    colour = mix(colour, khaki, np.clip((-0.20 - c.cloud) / soft + 0.5, 0, 1))
    return mix(colour, main * 0.2, np.clip(streak / soft + 0.5, 0, 1))


def _cells(c: Cloth, width: float, height: float, stagger: bool) -> tuple[Float, Float, list[Float]]:
    """Coordinates from the middle of each lattice cell, metres, and four random numbers of the cell, each (N,)."""
    row = np.floor(c.along / height)
    u = c.across / width + (0.5 * (row % 2) if stagger else 0.0)
    column = np.floor(u)
    around = np.where(c.arm > -0.05, AROUND_ARM, AROUND_LEG if c.shell == "bottom" else AROUND_TORSO)
    key = ((column % np.round(around / width)).astype(np.int64) * 7919 + row.astype(np.int64) * 104729) * 8
    return (
        ((u - column - 0.5) * width).astype(np.float32),
        ((c.along / height - row - 0.5) * height).astype(np.float32),
        [scramble(key + 7 * k + 1) for k in range(4)],
    )


def _floral(c: Cloth, main: Colour, second: Colour) -> Float:
    colour = _plain(c, main)
    for width, stagger, scale in ((0.060, False, 1.0), (0.040, True, 0.45)):
        u, v, (a, b, turn, kind) = _cells(c, width, width, stagger)
        u, v = u + (a - 0.5) * width * 0.24, v + (b - 0.5) * width * 0.24
        radius, angle = np.hypot(u, v), np.arctan2(v, u) + turn * 6.28
        size = 0.0155 * scale * (0.8 + 0.4 * kind)
        leaf = size * 1.45 * np.abs(np.cos(angle + 0.6)) ** 6 - radius
        colour = mix(colour, _LEAF * 0.6 + main * 0.4, cover(leaf, c.texel))
        petal = size * (0.55 + 0.45 * np.abs(np.cos(2.5 * angle))) - radius
        tint = mix(second, second * 0.55 + _CENTRE * 0.45, (kind > 0.55).astype(np.float32))
        shaded = tint * (0.82 + 0.18 * np.clip(radius / size, 0, 1))
        colour = mix(colour, shaded, cover(petal, c.texel))
        colour = mix(colour, _CENTRE, cover(0.26 * size - radius, c.texel))
    return colour


def _leopard(c: Cloth, main: Colour, second: Colour) -> Float:
    ring_tone = second if float(second.mean()) < float(main.mean()) - 0.15 else main * 0.16
    u, v, (a, b, turn, kind) = _cells(c, 0.030, 0.027, stagger=True)
    u, v = (u + (a - 0.5) * 0.003) * (0.9 + 0.2 * b), v + (b - 0.5) * 0.003
    radius, angle = np.hypot(u, v), np.arctan2(v, u) + turn * 6.28
    size = (0.0058 + 0.0022 * kind) * (1 + 0.16 * np.sin(3 * angle + a * 9))
    colour = mix(main, main * 0.62, cover(size - radius, c.texel))
    broken = 0.0026 * np.clip(1.6 * np.sin(angle * 1.5 + 1.0) ** 2 - 0.12 + kind * 0.5, 0, 1)
    return mix(colour, ring_tone, cover(broken - np.abs(radius - size), c.texel) * np.clip(broken / 0.001, 0, 1))


_DRAWN = {
    "stripes": _stripes,
    "pinstripes": _pinstripes,
    "plaid": _plaid,
    "check": _check,
    "dots": _dots,
    "camouflage": _camouflage,
    "floral": _floral,
    "leopard": _leopard,
    "zigzag": _zigzag,
}
