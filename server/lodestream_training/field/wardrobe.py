"""Starting values of the wardrobe maps: the least-squares planes of every state over balanced painted people."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lodestream_server.field.planes import EDGE_SCALE, HEIGHT_SCALE, REGIONS, SHADE_RANGE, ShellPlanes
from lodestream_training.field import states
from lodestream_training.field.decoder import COLOURS, SHELLS, WARDROBE_STAGES, Decoder, Palette, ShellStage, Wardrobe
from lodestream_training.synth import attributes, people
from lodestream_training.synth.chance import pick
from lodestream_training.synth.painter import FINE, Painter
from lodestream_training.synth.people import Vector

FLOOR = 0.002  # least weight of a region before its logarithm
RIDGE = 0.02  # people's worth of pull towards zero
_VALUES = {g.name: g.values for g in attributes.GROUPS}


def balanced(rng: np.random.Generator) -> Vector:
    """A person whose garments, hair and face are drawn evenly, so that rare ones are seen as often as common ones."""
    fixed = {g: pick(rng, _VALUES[g]) for g in ("top", "hair", "shoes", "marks", "makeup")}
    fixed["skirt_length"] = pick(rng, states.legal_lengths(fixed["top"]))
    fixed["sleeve"] = pick(rng, states.legal_sleeves(fixed["top"]))
    fixed["gloves"] = pick(rng, _VALUES["gloves"])
    if fixed["top"] in states.TIED and rng.random() < 0.5:
        fixed["neckwear"] = "tie"
    if fixed["top"] not in attributes.LONG_TOPS or fixed["top"] in attributes.OPEN_TOPS:
        fixed["bottom"] = pick(rng, _VALUES["bottom"])
    if rng.random() < 0.5:
        fixed |= {"sex": "male", "beard": pick(rng, _VALUES["beard"])}
    return people.draw(rng, fixed).vector


def planes_of(painted: ShellPlanes) -> Tensor:
    """A painted shell as (3 + K, R, R): level set, edge and shade in the decoder's units, region weights."""
    edge = np.clip(painted.edge / EDGE_SCALE, -1, 1)
    three = np.stack([painted.level_set / HEIGHT_SCALE, edge, (painted.shade - 1) / SHADE_RANGE])
    return torch.tensor(np.concatenate([three, painted.regions]).astype(np.float32))


def logits_of(planes: Tensor) -> Tensor:
    """(…, 3 + K, R, R) with region weights → with logits whose mean over the regions is 0."""
    regions = torch.log(planes[..., 3:, :, :].clamp_min(0.0) + FLOOR)
    return torch.cat([planes[..., :3, :, :], regions - regions.mean(-3, keepdim=True)], dim=-3)


@torch.no_grad()
def fit(decoder: Decoder, painter: Painter, count: int, seed: int) -> None:
    """Solves the wardrobe maps of all stages and the palettes' mixtures from ``count`` people, in place.

    Minimises Σ_people |x M − y|² + RIDGE |M|² for the states' values x (F,) and the painted planes y of each stage;
    likewise for palettes, where x is multiplied by each of the person's colours and by 1.
    """
    rng = np.random.default_rng(seed)
    seen: dict[str, list[Tensor]] = {s: [] for s in SHELLS}
    sums: dict[tuple[str, int], Tensor] = {}
    mixtures = {s: _Mixture(s) for s in SHELLS}
    for _ in range(count):
        vector = balanced(rng)
        latent = torch.tensor(vector)[None]
        for s, painted in painter.paint(vector).items():
            x = states.evaluate(latent, decoder.get_buffer(f"selector_{s}"))[0]
            seen[s].append(x)
            mixtures[s].add(x, latent[0, decoder.colours].view(-1, 3), torch.tensor(painted.palette))
            whole = planes_of(painted)[None]
            hit = x.nonzero()[:, 0]
            for k in range(WARDROBE_STAGES):
                y = logits_of(F.avg_pool2d(whole, FINE // 2**k))[0]
                total = sums.setdefault((s, k), torch.zeros(len(x), *y.shape))
                total[hit] += x[hit, None, None, None] * y
    for s, mixture in mixtures.items():
        palette = decoder.palette[s]
        assert isinstance(palette, Palette)
        palette.mixture.copy_(mixture.solve(palette.mixture.shape))
    for (s, k), total in sums.items():
        rows = torch.stack(seen[s]).double()
        gram = rows.T @ rows + RIDGE * torch.eye(rows.shape[1], dtype=torch.float64)
        solution = torch.linalg.solve(gram, total.double().flatten(1)).float().view(total.shape)
        module = decoder.stages[k]
        assert isinstance(module, torch.nn.ModuleDict)
        stage = module[s]
        assert isinstance(stage, ShellStage)
        assert isinstance(stage.wardrobe, Wardrobe)
        stage.wardrobe.maps.copy_(solution)


class _Mixture:
    """The normal equations of one shell's palette."""

    def __init__(self, shell: str) -> None:
        size = len(states.STATES[shell]) * (len(COLOURS) // 3 + 3)
        self._gram = torch.zeros(size, size, dtype=torch.float64)
        self._right = torch.zeros(size, len(REGIONS[shell]), dtype=torch.float64)

    def add(self, x: Tensor, colours: Tensor, palette: Tensor) -> None:
        """One person: states (F,), colours (J, 3), palette (K, 3)."""
        sources = torch.cat([colours, torch.eye(3)]).double()  # (J + 3, 3): one column a channel
        rows = torch.einsum("f,jr->rfj", x.double(), sources).flatten(1)
        self._gram += rows.T @ rows
        self._right += rows.T @ palette.T.double()

    def solve(self, shape: torch.Size) -> Tensor:
        """The mixture (F, K, J + 3)."""
        gram = self._gram + 1e-3 * torch.eye(len(self._gram), dtype=torch.float64)
        count, regions, sources = shape
        return torch.linalg.solve(gram, self._right).float().view(count, sources, regions).transpose(1, 2)
