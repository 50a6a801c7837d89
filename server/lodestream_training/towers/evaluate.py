"""How well words become attributes: fresh people and captions, and prompts written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from lodestream_training import colours
from lodestream_training.synth import attributes
from lodestream_training.towers import datasets
from lodestream_training.towers.fusion import FEATURES
from lodestream_training.towers.losses import lab
from lodestream_training.towers.train_text import Words, prepare

_AT = attributes.slices()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that no template wrote: category ``values`` and ``colours`` by name that its avatar must have."""

    text: str
    values: Mapping[str, str]
    colours: Mapping[str, str]


PROMPTS: tuple[Prompt, ...] = (
    Prompt("a tall bald man in a red t-shirt and blue jeans",
           {"sex": "male", "height": "tall", "hair": "bald", "top": "tshirt", "bottom": "jeans", "sleeve": "short"},
           {"top_colour": "red", "bottom_colour": "denim blue"}),
    Prompt("a middle-aged businessman in a navy suit",
           {"sex": "male", "age": "middle", "top": "suit", "bottom": "trousers"}, {"top_colour": "navy"}),
    Prompt("an old woman with grey hair in a green dress",
           {"sex": "female", "age": "old", "top": "dress", "bottom": "skirt"},
           {"hair_colour": "grey", "top_colour": "green"}),
    Prompt("A muscular guy with a beard wearing a black tank top and grey shorts",
           {"sex": "male", "build": "muscular", "beard": "full", "top": "tank", "bottom": "shorts", "sleeve": "none"},
           {"top_colour": "black", "bottom_colour": "grey"}),
    Prompt("young woman, long blonde hair, yellow sundress, sandals",
           {"sex": "female", "age": "young", "hair": "long", "top": "dress", "shoes": "sandals"},
           {"top_colour": "yellow", "hair_colour": "dark sand"}),
    Prompt("a punk girl with a pink mohawk, leather jacket and boots",
           {"sex": "female", "hair": "mohawk", "top": "jacket", "shoes": "boots"}, {"hair_colour": "pink"}),
    Prompt("chubby little boy in a striped blue and white shirt and brown shorts",
           {"sex": "male", "age": "child", "build": "heavy", "top_pattern": "stripes", "bottom": "shorts"},
           {"bottom_colour": "brown"}),
    Prompt("an elegant lady wearing a long red evening gown with black heels",
           {"sex": "female", "top": "dress", "skirt_length": "long", "shoes": "leather"},
           {"top_colour": "red", "shoe_colour": "black"}),
    Prompt("a man in a grey suit with a white shirt and a red tie",
           {"sex": "male", "top": "suit", "neckwear": "tie"},
           {"top_colour": "grey", "top_second": "white", "tie_colour": "red"}),
    Prompt("skinny teenager wearing an orange hoodie, black jeans and white sneakers",
           {"build": "slim", "top": "hoodie", "bottom": "jeans", "shoes": "trainers"},
           {"top_colour": "orange", "bottom_colour": "black", "shoe_colour": "white"}),
    Prompt("Grandpa with a white beard in a plaid flannel shirt and brown trousers",
           {"sex": "male", "age": "old", "beard": "full", "top": "shirt", "top_pattern": "plaid",
            "bottom": "trousers"}, {"bottom_colour": "brown"}),
    Prompt("woman with dark skin and an afro, purple sweater, white skirt",
           {"sex": "female", "hair": "afro", "top": "jumper", "bottom": "skirt"},
           {"top_colour": "purple", "bottom_colour": "white", "skin": "dark brown"}),
    Prompt("short fat man with a moustache, green polo shirt, khaki chinos",
           {"sex": "male", "height": "short", "build": "heavy", "beard": "moustache", "top": "polo",
            "bottom": "trousers"}, {"top_colour": "green", "bottom_colour": "khaki"}),
    Prompt("a woman in a polka dot dress, barefoot, hair in a bun",
           {"sex": "female", "top": "dress", "top_pattern": "dots", "shoes": "barefoot", "hair": "bun"}, {}),
    Prompt("female jogger in teal leggings and a white tank top, red ponytail",
           {"sex": "female", "bottom": "leggings", "top": "tank", "hair": "ponytail"},
           {"bottom_colour": "teal", "top_colour": "white"}),
    Prompt("man without a beard in a black tuxedo, no tie",
           {"sex": "male", "beard": "none", "top": "suit", "neckwear": "none"}, {"top_colour": "black"}),
    Prompt("a goateed biker in a brown leather jacket over a white t-shirt",
           {"beard": "goatee", "top": "jacket"}, {"top_colour": "brown"}),
    Prompt("girl with a turquoise miniskirt and a pink tee",
           {"sex": "female", "bottom": "skirt", "skirt_length": "mini", "top": "tshirt"},
           {"bottom_colour": "turquoise", "top_colour": "pink"}),
    Prompt("blue trousers, red jumper, tall woman with short black hair",
           {"sex": "female", "height": "tall", "top": "jumper", "bottom": "trousers", "hair": "short"},
           {"bottom_colour": "blue", "top_colour": "red", "hair_colour": "black"}),
    Prompt("red trousers, blue jumper, short woman with long red hair",
           {"sex": "female", "height": "short", "top": "jumper", "bottom": "trousers", "hair": "long"},
           {"bottom_colour": "red", "top_colour": "blue"}),
    Prompt("一个穿着红色T恤和蓝色牛仔裤的高个子光头男人",
           {"sex": "male", "height": "tall", "hair": "bald", "top": "tshirt", "bottom": "jeans"},
           {"top_colour": "red", "bottom_colour": "denim blue"}),
    Prompt("穿西装的商务男士", {"sex": "male", "top": "suit"}, {}),
    Prompt("一位白发老奶奶，穿着绿色连衣裙",
           {"sex": "female", "age": "old", "top": "dress"}, {"top_colour": "green", "hair_colour": "white"}),
    Prompt("留着大胡子的强壮男人，穿黑色背心和灰色短裤",
           {"sex": "male", "beard": "full", "build": "muscular", "top": "tank", "bottom": "shorts"},
           {"top_colour": "black", "bottom_colour": "grey"}),
    Prompt("穿粉色连帽衫和白色裙子的金发女孩",
           {"sex": "female", "top": "hoodie", "bottom": "skirt"}, {"top_colour": "pink", "bottom_colour": "white"}),
)  # fmt: skip
#: A colour counts as right within this CIELAB distance.
CLOSE = 25.0


def load_words(out_dir: Path) -> tuple[Tokenizer, Words]:
    """The tokenizer and the model that ``train_text`` left in ``out_dir``."""
    tokenizer, model = prepare(out_dir)
    model.load_state_dict(torch.load(out_dir / "text.pt", weights_only=True)["model"])
    return tokenizer, model.eval()


@torch.inference_mode()
def latents(tokenizer: Tokenizer, model: Words, texts: list[str]) -> Tensor:
    """What the words alone say: (B, attributes.SIZE)."""
    input_ids, attention_mask = datasets.encode(tokenizer, texts)
    none = torch.zeros(len(texts), 1)
    latent: Tensor = model(input_ids, attention_mask, none.expand(-1, FEATURES), none + 1, none)[0]
    return latent


def evaluate_text(out_dir: Path, count: int = 1000, seed: int = 77) -> dict[str, float]:
    """Share of said categories that are right and CIELAB distance of said colours.

    Returns:
        ``accuracy/<group>`` and ``delta_e/<group>`` on ``count`` fresh captions, ``prompts/…`` on ``PROMPTS``.
    """
    tokenizer, model = load_words(out_dir)
    right: dict[str, list[float]] = {}
    batches = datasets.stream(tokenizer, np.random.default_rng(seed), 50)
    for _, texts in zip(range(count // 50), batches, strict=False):
        none = torch.zeros(len(texts.target), 1)
        with torch.inference_mode():
            latent = model(texts.input_ids, texts.attention_mask, none.expand(-1, FEATURES), none + 1, none)[0]
        for group in attributes.GROUPS:
            at = _AT[group.name]
            said = texts.said[:, at.start] > 0
            if group.kind == "categorical":
                same = latent[:, at].argmax(1) == texts.target[:, at].argmax(1)
                right.setdefault(f"accuracy/{group.name}", []).extend(same[said].float().tolist())
            elif group.kind == "colour":
                distance = (lab(latent[:, at]) - lab(texts.target[:, at])).norm(dim=1)
                right.setdefault(f"delta_e/{group.name}", []).extend(distance[said].tolist())
    return {name: float(np.mean(values)) for name, values in right.items()} | _evaluate_prompts(tokenizer, model)


def _evaluate_prompts(tokenizer: Tokenizer, model: Words) -> dict[str, float]:
    kinds, distances, wrong = [], [], []
    for prompt in PROMPTS:
        latent = latents(tokenizer, model, [prompt.text])[0]
        for group, value in prompt.values.items():
            said = next(g for g in attributes.GROUPS if g.name == group).values[int(latent[_AT[group]].argmax())]
            kinds.append(said == value)
            if said != value:
                wrong.append(f"{prompt.text}: {group} {said}, not {value}")
        for group, name in prompt.colours.items():
            truth = torch.tensor(colours.denim("blue") if name == "denim blue" else colours.cloth()[name])
            distances.append(float((lab(latent[_AT[group]]) - lab(truth)).norm()))
            if distances[-1] > CLOSE:
                wrong.append(f"{prompt.text}: {group} is {distances[-1]:.0f} from {name}")
    for line in wrong:
        print("wrong:", line)
    close = float(np.mean([distance < CLOSE for distance in distances]))
    delta_e = float(np.mean(distances))
    return {"prompts/kinds": float(np.mean(kinds)), "prompts/delta_e": delta_e, "prompts/close": close}
