"""How tailored tops are cut in front: corners in (|x|, y), metres on the reference body, anticlockwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A garment's front.

    opening: what shows of the shirt: (half width, y) upwards. lean: cosine of its edge's slope. ring: metres of shirt
    that show all round the neck. lapels: the shapes beside the opening, a collar last. behind: metres below the
    neckline that this collar reaches in the back. leaves: a shirt's collar shows. stand: a stand collar. straps: on the
    shoulders. pockets: boxes (|x|, y, half width, half height), on the avatar's left alone if ``single``. sleeveless:
    |x| at y = 0.70 from where the shirt's sleeves show, 0 for none. wide: |x| beyond which, and lowest: y below which
    nothing is drawn.
    """

    opening: Corners = ()
    lapels: tuple[Corners, ...] = ()
    leaves: bool = True
    stand: bool = False
    pockets: tuple[tuple[float, float, float, float], ...] = ()
    single: bool = True
    sleeveless: float = 0.0
    straps: bool = False
    ring: float = 0.020
    wide: float = 0.165
    behind: float = 0.058
    lowest: float = 0.36
    lean: float = 0.985


def _wedge(half: float, point: float) -> Corners:
    slope = half / (0.745 - point)
    return ((-slope * (point + 1.0), -1.0), (0.0, point), (slope * (0.80 - point), 0.80))


def _opened(waist: float) -> Corners:
    return ((waist, 0.0), (waist, 0.245), (0.040, 0.42), (0.060, 0.745), (0.066, 0.80))


# leaves of a shirt's collar by whether it is buttoned: alone, and below a jacket; they go on round the neck
COLLAR: Mapping[bool, Corners] = {
    True: ((0.054, 0.658), (0.118, 0.716), (0.114, 0.80), (-0.0157, 0.80)),
    False: ((0.062, 0.652), (0.120, 0.712), (0.120, 0.80), (0.024, 0.80)),
}
UNDER: Mapping[bool, Corners] = {
    True: ((0.040, 0.664), (0.096, 0.730), (0.114, 0.80), (-0.0157, 0.80)),
    False: ((0.044, 0.652), (0.100, 0.722), (0.114, 0.80), (0.026, 0.80)),
}
# a tie's blade, then its knot
TIE: tuple[Corners, Corners] = (
    ((-0.1, 0.272), (0.0, 0.272), (0.041, 0.318), (0.011, 0.712), (-0.1, 0.712)),
    ((-0.1, 0.699), (0.0125, 0.699), (0.022, 0.744), (0.016, 0.750), (-0.1, 0.750)),
)
_SUIT: tuple[Corners, Corners] = (
    ((0.0, 0.405), (0.026, 0.425), (0.098, 0.548), (0.134, 0.630), (0.0, 0.697), (-0.1, 0.697)),
    ((-0.1, 0.747), (0.094, 0.650), (0.122, 0.676), (0.124, 0.80), (-0.1, 0.80)),
)
_COAT: tuple[Corners, Corners] = (
    ((0.0, 0.38), (0.060, 0.410), (0.122, 0.552), (0.150, 0.617), (0.0, 0.713), (-0.1, 0.713)),
    ((-0.1, 0.776), (0.112, 0.641), (0.138, 0.668), (0.128, 0.80), (-0.1, 0.80)),
)
_BREAST = ((0.090, 0.545, 0.042, 0.050), (0.090, 0.583, 0.046, 0.016))  # with a flap


def _moved(shapes: tuple[Corners, ...], wide: float, side: float, tall: float) -> tuple[Corners, ...]:
    return tuple(tuple((x * wide + side, 0.80 - (0.80 - y) * tall) for x, y in corners) for corners in shapes)


#: By top and by whether a tie or bow tie closes the collar; None for both.
CUTS: Mapping[tuple[str, bool | None], Cut] = {
    ("suit", None): Cut(_wedge(0.062, 0.405), _SUIT),
    ("waistcoat", None): Cut(_wedge(0.072, 0.440), sleeveless=0.152, wide=0.21),
    ("coat", None): Cut(_opened(0.046), _COAT, behind=0.068, lowest=-0.16),
    ("labcoat", None): Cut(
        _opened(0.052),
        _moved(_COAT, 0.93, 0.004, 1.0),
        pockets=((0.100, 0.520, 0.042, 0.046),),
        behind=0.056,
        lowest=-0.16,
    ),
    ("uniform", True): Cut(
        _wedge(0.056, 0.500), _moved(_SUIT, 0.95, 0.0, 0.77), pockets=_BREAST, single=False, straps=True, wide=0.21
    ),
    ("uniform", False): Cut(leaves=False, stand=True, pockets=_BREAST, single=False, straps=True, wide=0.21),
    ("jacket", None): Cut(
        ((0.034, 0.0), (0.030, 0.30), (0.036, 0.50), (0.062, 0.735), (0.070, 0.80)),
        (((0.048, 0.700), (0.098, 0.640), (0.138, 0.700), (0.130, 0.80), (0.048, 0.80)),),
        leaves=False,
        ring=-1.0,
        lowest=-0.16,
    ),
    ("cardigan", None): Cut(_wedge(0.092, 0.395), leaves=False, ring=-1.0),
    ("shirt", None): Cut(pockets=((0.082, 0.562, 0.040, 0.046),), lowest=0.26),
    ("polo", None): Cut(lowest=0.60),
}
