"""Inputs as networks get them in service: overheard while the pipeline works on a few prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from lodestream_server.encoders.engines.base import Feeds, Session

PROMPTS = (
    "a tall bald man in a red t-shirt and blue jeans",
    "an old woman with long white hair in a purple jumper and a long black skirt",
    "a boy in a yellow hoodie, grey leggings and trainers",
    "a pirate",
    "a slim woman with a black bob, a white blouse, a navy pencil skirt, round glasses and a brown shoulder bag",
    "a heavy man with a ginger beard in a plaid shirt, brown trousers and leather boots",
    "business suit, teal tie",
    "a nurse with a ponytail",
    "somebody in a camouflage jacket and a beanie",
    "a knight in armour",
    "a girl in a striped summer dress and sandals",
    "a muscular man in a black tank top and white shorts",
    "一个穿红色T恤和蓝色牛仔裤的高个子男人",
    "一位穿绿色连衣裙的年轻女子",
    "a woman in a long coat, with a scarf",
    "pink hair, denim everything",
)
"""What is asked in words …"""
PICTURES = 12
"""… and how many pictures of the gallery are shown."""


class Recorder:
    """A session that remembers what it was asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.inputs = session.inputs
        self.outputs = session.outputs
        self.feeds: list[Feeds] = []

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """What the session says."""
        self.feeds.append({name: np.array(array) for name, array in feeds.items()})
        return self._session.run(feeds)


def overhear(
    sessions: Mapping[str, Session], rehearse: Callable[[Mapping[str, Session]], None]
) -> dict[str, list[Feeds]]:
    """Inputs of every network, in the order of its calls, while ``rehearse`` uses them."""
    recorders = {name: Recorder(session) for name, session in sessions.items()}
    rehearse(recorders)
    return {name: recorder.feeds for name, recorder in recorders.items()}
