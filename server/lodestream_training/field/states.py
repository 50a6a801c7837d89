"""States of a shell: the few things about a person that its planes depend on, as products of the latent's categories.

A state's value is Π_i Σ_{j ∈ S_i} a_j over up to three sets S_i of the latent's numbers: 1 where the person is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from lodestream_server.field.planes import BASE_SIZE
from lodestream_training.synth import attributes, wardrobe

FACTORS = 3
_AT = attributes.slices()
_VALUES = {g.name: g.values for g in attributes.GROUPS}
_CLOSED = tuple(t for t in attributes.LONG_TOPS if t not in attributes.OPEN_TOPS)
#: Tops that a tie is painted on.
TIED = ("suit", "shirt", "waistcoat", "uniform")

Set = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class State:
    """``sets``: indices into the latent, one tuple a factor. ``continuous``: a number of any size, not 0 or 1."""

    name: str
    sets: tuple[Set, ...]
    continuous: bool = False


def _set(group: str, *values: str) -> Set:
    at = _AT[group].start
    return tuple(at + _VALUES[group].index(v) for v in values)


def _without(group: str, *values: str) -> Set:
    return _set(group, *(v for v in _VALUES[group] if v not in values))


def _each(group: str) -> list[State]:
    return [State(f"{group}={v}", (_set(group, v),)) for v in _VALUES[group]]


def legal_sleeves(top: str) -> tuple[str, ...]:
    """The sleeves that a top comes with, the usual one first."""
    return _usual_first(wardrobe.sleeves(top))


def legal_lengths(top: str) -> tuple[str, ...]:
    """The lengths below the waist that a top, or a skirt with it, comes with, the usual one first."""
    return _usual_first(wardrobe.lengths(top))


def _usual_first(shares: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted((v for v, share in shares.items() if share > 0), key=lambda v: -shares[v]))


def _pairs(top: str, group: str, legal: tuple[str, ...]) -> list[State]:
    """A top with every legal value of a group; what is not legal looks like the usual one."""
    usual, *others = legal
    odd = [v for v in _VALUES[group] if v not in legal]
    out = [State(f"{top}/{usual}", (_set("top", top), _set(group, usual, *odd)))]
    return out + [State(f"{top}/{v}", (_set("top", top), _set(group, v))) for v in others]


def _tops() -> list[State]:
    out = [s for top in _VALUES["top"] for s in _pairs(top, "sleeve", legal_sleeves(top))]
    return out + [State(f"{top}/tie", (_set("top", top), _set("neckwear", "tie"))) for top in TIED]


def _bottoms() -> list[State]:
    shown = _without("top", *_CLOSED)
    out = [State(b, (_set("bottom", b), shown)) for b in _VALUES["bottom"] if b != "skirt"]
    bare = State("under a long top", (_without("bottom", "skirt"), _set("top", *_CLOSED)))
    return [*out, State("skirt", (_set("bottom", "skirt"),)), bare]


def _skirts() -> list[State]:
    lengths = _VALUES["skirt_length"]
    out = [s for t in attributes.LONG_TOPS for s in _pairs(t, "skirt_length", legal_lengths(t))]
    short = _without("top", *attributes.LONG_TOPS)
    out += [State(f"skirt/{n}", (_set("bottom", "skirt"), _set("skirt_length", n), short)) for n in lengths]
    return [*out, State("none", (_without("bottom", "skirt"), short))]


def _head() -> list[State]:
    out = [s for group in ("sex", "age", "beard", "marks", "makeup") for s in _each(group)]
    scalp = ("bald", "buzz", "mohawk")
    out += [State(f"hair={v}", (_set("hair", v),)) for v in scalp]
    out.append(State("hair", (_without("hair", *scalp),)))
    at = _AT["detail"]
    return out + [State(f"detail {i - at.start}", ((i,),), continuous=True) for i in range(at.start, at.stop)]


STATES: dict[str, list[State]] = {
    "body": [*_each("sex"), State("gloves", (_set("gloves", "gloves"),))],
    "head": _head(),
    "top": _tops(),
    "bottom": _bottoms(),
    "skirt": _skirts(),
    "footwear": _each("shoes"),
    "hair": _each("hair"),
}
#: Most states of each shell that a person can be in at once.
ACTIVE: dict[str, int] = {"body": 2, "head": 10, "top": 2, "bottom": 1, "skirt": 1, "footwear": 1, "hair": 1}
assert STATES.keys() == BASE_SIZE.keys()


def selectors(shell: str) -> Tensor:
    """(FACTORS, SIZE, F) zeros and ones; missing factors sum a whole group, which is 1."""
    states = STATES[shell]
    out = torch.zeros(FACTORS, attributes.SIZE, len(states))
    for f, state in enumerate(states):
        for i in range(FACTORS):
            if i < len(state.sets):
                out[i, list(state.sets[i]), f] = 1.0
            else:  # any group sums to one
                out[i, list(range(_AT["sex"].start, _AT["sex"].stop)), f] = 1.0
    return out


def evaluate(latent: Tensor, selector: Tensor) -> Tensor:
    """Latent (B, SIZE) and selector (FACTORS, SIZE, F) → values of the states (B, F)."""
    return (latent @ selector[0]) * (latent @ selector[1]) * (latent @ selector[2])
