"""What all avatars share: the body template, accessories, and what is worked out once from their charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lodestream_server.body.accessories import Accessories
from lodestream_server.body.shafts import Shafts
from lodestream_server.body.template import BodyTemplate
from lodestream_server.field.ensemble import Ensemble
from lodestream_server.field.fit import LEVELS, Fitting
from lodestream_server.field.gutter import Gutters
from lodestream_server.texture.cloth import Cloths
from lodestream_server.texture.fixed import EYES, Eyes


@dataclass(frozen=True, slots=True)
class Figure:
    """Read-only; built once at start-up."""

    template: BodyTemplate
    accessories: Accessories
    shafts: Shafts
    gutters: Gutters
    fitting: Fitting
    cloths: Cloths
    ensembles: Mapping[int, Ensemble]  # by level
    eyes: Mapping[int, Eyes]  # by edge length of the texture

    @staticmethod
    def load(body: Path, accessories: Path) -> Figure:
        """Reads ``body.npz`` and ``accessories.npz``."""
        template = BodyTemplate.load(body)
        return Figure(
            template=template,
            accessories=Accessories.load(accessories),
            shafts=Shafts.of(template),
            gutters=Gutters.of(template),
            fitting=Fitting.of(template),
            cloths=Cloths(template),
            ensembles={level: Ensemble.of(template, level) for level in range(LEVELS)},
            eyes={size: Eyes.of(template, size) for size in set(EYES.values())},
        )
