"""Prompts that no template wrote, and what their avatars must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.evaluation.statistics import Estimate, median, share
from lodestream_training.synth import attributes
from lodestream_training.synth.people import rgb_of

_AT = attributes.slices()


@dataclass(frozen=True, slots=True)
class Prompt:
    """Category ``values`` and ``colours`` by name (of `people.rgb_of`) that the avatar of ``text`` must have."""

    text: str
    values: Mapping[str, str]
    colours: Mapping[str, str]


PROMPTS: tuple[Prompt, ...] = (
    Prompt("a tall bald man in a red t-shirt and blue jeans",
           {"sex": "male", "height": "tall", "hair": "bald", "top": "tshirt", "bottom": "jeans", "sleeve": "short"},
           {"top_colour": "red", "bottom_colour": "blue"}),
    Prompt("a middle-aged businessman in a navy suit",
           {"sex": "male", "age": "middle", "top": "suit", "bottom": "trousers"}, {"top_colour": "navy"}),
    Prompt("an old woman with grey hair in a green dress",
           {"sex": "female", "age": "old", "top": "dress", "bottom": "skirt"},
           {"hair_colour": "grey", "top_colour": "green"}),
    Prompt("A muscular guy with a full beard wearing a black tank top and grey shorts",
           {"sex": "male", "build": "muscular", "beard": "full", "top": "tank", "bottom": "shorts", "sleeve": "none"},
           {"top_colour": "black", "bottom_colour": "grey"}),
    Prompt("young woman, long blonde hair, yellow sundress, sandals",
           {"sex": "female", "age": "young", "hair": "long", "top": "dress", "shoes": "sandals"},
           {"top_colour": "yellow", "hair_colour": "blonde"}),
    Prompt("a punk girl with a pink mohawk, leather jacket and boots",
           {"sex": "female", "hair": "mohawk", "top": "jacket", "top_material": "leather", "shoes": "boots"},
           {"hair_colour": "pink"}),
    Prompt("chubby little boy in a striped blue and white shirt and brown shorts",
           {"sex": "male", "age": "child", "build": "heavy", "top_pattern": "stripes", "bottom": "shorts"},
           {"bottom_colour": "brown"}),
    Prompt("an elegant lady wearing a long red evening gown with black heels",
           {"sex": "female", "top": "dress", "skirt_length": "long", "shoes": "heels"},
           {"top_colour": "red", "shoe_colour": "black"}),
    Prompt("a man in a grey suit with a white shirt and a red tie",
           {"sex": "male", "top": "suit", "neckwear": "tie"},
           {"top_colour": "grey", "top_second": "white", "neck_colour": "red"}),
    Prompt("skinny teenager wearing an orange hoodie, black jeans and white sneakers",
           {"build": "slim", "top": "hoodie", "bottom": "jeans", "shoes": "trainers"},
           {"top_colour": "orange", "bottom_colour": "black", "shoe_colour": "white"}),
    Prompt("Grandpa in a plaid flannel shirt and brown trousers, with a moustache",
           {"sex": "male", "age": "old", "beard": "moustache", "top": "shirt", "top_pattern": "plaid",
            "bottom": "trousers"}, {"bottom_colour": "brown"}),
    Prompt("woman with dark skin and an afro, purple sweater, white skirt",
           {"sex": "female", "hair": "afro", "top": "jumper", "bottom": "skirt"},
           {"top_colour": "purple", "bottom_colour": "white", "skin": "dark"}),
    Prompt("short fat man with a moustache, green polo shirt, khaki chinos",
           {"sex": "male", "height": "short", "build": "heavy", "beard": "moustache", "top": "polo",
            "bottom": "trousers"}, {"top_colour": "green", "bottom_colour": "khaki"}),
    Prompt("a woman in a polka dot dress, barefoot, hair in a bun",
           {"sex": "female", "top": "dress", "top_pattern": "dots", "shoes": "barefoot", "hair": "bun"}, {}),
    Prompt("female jogger in teal leggings and a white tank top, red ponytail",
           {"sex": "female", "bottom": "leggings", "top": "tank", "hair": "ponytail"},
           {"bottom_colour": "teal", "top_colour": "white", "hair_colour": "red"}),
    Prompt("clean-shaven man in a black tuxedo with a bow tie",
           {"sex": "male", "beard": "none", "top": "suit", "neckwear": "bowtie"}, {"top_colour": "black"}),
    Prompt("a goateed biker in a brown leather jacket over a white t-shirt",
           {"beard": "goatee", "top": "jacket", "top_material": "leather"},
           {"top_colour": "brown", "top_second": "white"}),
    Prompt("girl with a turquoise miniskirt and a pink tee",
           {"sex": "female", "bottom": "skirt", "skirt_length": "mini", "top": "tshirt"},
           {"bottom_colour": "turquoise", "top_colour": "pink"}),
    Prompt("blue trousers, red jumper, tall woman with short black hair",
           {"sex": "female", "height": "tall", "top": "jumper", "bottom": "trousers", "hair": "short"},
           {"bottom_colour": "blue", "top_colour": "red", "hair_colour": "black"}),
    Prompt("red trousers, blue jumper, short woman with long red hair",
           {"sex": "female", "height": "short", "top": "jumper", "bottom": "trousers", "hair": "long"},
           {"bottom_colour": "red", "top_colour": "blue", "hair_colour": "red"}),
    Prompt("a woman in a long camel trench coat over blue jeans, with a yellow scarf",
           {"sex": "female", "top": "coat", "skirt_length": "long", "bottom": "jeans", "neckwear": "scarf"},
           {"bottom_colour": "blue", "neck_colour": "yellow"}),
    Prompt("film noir man: grey wool overcoat, black fedora, black leather shoes",
           {"sex": "male", "top": "coat", "top_material": "wool", "headwear": "fedora", "shoes": "leather"},
           {"top_colour": "grey", "head_colour": "black", "shoe_colour": "black"}),
    Prompt("a young woman in a purple silk kimono with flowers, hair up in a bun, wearing sandals",
           {"sex": "female", "age": "young", "top": "kimono", "top_material": "silk", "top_pattern": "floral",
            "hair": "bun", "shoes": "sandals"}, {"top_colour": "purple"}),
    Prompt("nurse in teal scrubs and white clogs, wearing glasses",
           {"top": "scrubs", "bottom": "trousers", "glasses": "glasses"}, {"top_colour": "teal"}),
    Prompt("Doctor, female, white lab coat, black trousers, glasses, brown hair in a ponytail",
           {"sex": "female", "top": "labcoat", "bottom": "trousers", "glasses": "glasses", "hair": "ponytail"},
           {"top_colour": "white", "bottom_colour": "black", "hair_colour": "brown"}),
    Prompt("builder with a yellow hard hat, plaid shirt, jeans and brown work boots",
           {"headwear": "hardhat", "top": "shirt", "top_pattern": "plaid", "bottom": "jeans", "shoes": "boots"},
           {"head_colour": "yellow", "shoe_colour": "brown"}),
    Prompt("a pastry chef in a white toque", {"headwear": "chef"}, {"head_colour": "white"}),
    Prompt("knight in shining silver armour with a helmet and gauntlets",
           {"top": "armour", "top_material": "metal", "headwear": "helmet", "gloves": "gloves"},
           {"top_colour": "silver"}),
    Prompt("an astronaut in an orange space suit", {"top": "spacesuit", "bottom": "trousers"},
           {"top_colour": "orange"}),
    Prompt("indian woman in a golden silk sari with a necklace, long black hair",
           {"sex": "female", "top": "sari", "top_material": "silk", "neckwear": "necklace", "hair": "long"},
           {"top_colour": "gold", "hair_colour": "black"}),
    Prompt("woman in a red floral qipao and red high heels",
           {"sex": "female", "top": "qipao", "top_pattern": "floral", "shoes": "heels"},
           {"top_colour": "red", "shoe_colour": "red"}),
    Prompt("an old wizard in a long dark blue robe with a very long white beard",
           {"sex": "male", "age": "old", "top": "robe", "beard": "long"},
           {"top_colour": "dark blue", "hair_colour": "white"}),
    Prompt("hiker with a green backpack, red beanie and sunglasses",
           {"bag": "backpack", "headwear": "beanie", "glasses": "sunglasses"},
           {"bag_colour": "green", "head_colour": "red"}),
    Prompt("baseball cap backwards-looking dude, black hoodie, grey sweatpants, white trainers",
           {"sex": "male", "headwear": "cap", "top": "hoodie", "bottom": "joggers", "shoes": "trainers"},
           {"top_colour": "black", "bottom_colour": "grey", "shoe_colour": "white"}),
    Prompt("a freckled ginger girl with pigtails in denim dungarees over a yellow t-shirt",
           {"sex": "female", "marks": "freckles", "hair": "pigtails", "bottom": "dungarees",
            "bottom_material": "denim", "top": "tshirt"}, {"hair_colour": "ginger", "top_colour": "yellow"}),
    Prompt("man with dreadlocks, leopard print shirt, black leather trousers",
           {"sex": "male", "hair": "dreadlocks", "top": "shirt", "top_pattern": "leopard", "bottom": "trousers",
            "bottom_material": "leather"}, {"bottom_colour": "black"}),
    Prompt("soldier in a camouflage uniform, buzz cut, combat boots",
           {"top": "uniform", "top_pattern": "camouflage", "hair": "buzz", "shoes": "boots"}, {}),
    Prompt("a pinstriped charcoal waistcoat, white shirt, burgundy bow tie: a bartender with a moustache",
           {"top": "waistcoat", "top_pattern": "pinstripes", "neckwear": "bowtie", "beard": "moustache"},
           {"top_colour": "charcoal", "top_second": "white", "neck_colour": "burgundy"}),
    Prompt("librarian: beige knitted cardigan, grey pencil skirt, flats, glasses, hair in a bob",
           {"top": "cardigan", "top_material": "knit", "bottom": "skirt", "shoes": "flats", "glasses": "glasses",
            "hair": "bob"}, {"top_colour": "beige", "bottom_colour": "grey"}),
    Prompt("Muslim woman wearing a turquoise hijab", {"sex": "female", "headwear": "headscarf"},
           {"head_colour": "turquoise"}),
    Prompt("goth lady with black lipstick and dramatic makeup, black turtleneck, knee-high boots",
           {"sex": "female", "makeup": "dramatic", "top": "turtleneck", "shoes": "tallboots"},
           {"top_colour": "black"}),
    Prompt("footballer in a red and white striped jersey and white shorts",
           {"top": "jersey", "top_pattern": "stripes", "bottom": "shorts"}, {"bottom_colour": "white"}),
    Prompt("man in a green jumper, no hat, no glasses, no bag",
           {"sex": "male", "top": "jumper", "headwear": "none", "glasses": "none", "bag": "none"},
           {"top_colour": "green"}),
    Prompt("一个穿着红色T恤和蓝色牛仔裤的高个子光头男人",
           {"sex": "male", "height": "tall", "hair": "bald", "top": "tshirt", "bottom": "jeans"},
           {"top_colour": "red", "bottom_colour": "blue"}),
    Prompt("穿西装打红领带的商务男士", {"sex": "male", "top": "suit", "neckwear": "tie"}, {"neck_colour": "red"}),
    Prompt("一位白发老奶奶，穿着绿色连衣裙",
           {"sex": "female", "age": "old", "top": "dress"}, {"top_colour": "green", "hair_colour": "white"}),
    Prompt("留着大胡子的强壮男人，穿黑色背心和灰色短裤",
           {"sex": "male", "beard": "full", "build": "muscular", "top": "tank", "bottom": "shorts"},
           {"top_colour": "black", "bottom_colour": "grey"}),
    Prompt("穿粉色连帽衫和白色裙子的金发女孩",
           {"sex": "female", "top": "hoodie", "bottom": "skirt"}, {"top_colour": "pink", "bottom_colour": "white"}),
    Prompt("戴着黑框眼镜、背着蓝色双肩包的小男孩",
           {"sex": "male", "age": "child", "glasses": "glasses", "bag": "backpack"}, {"bag_colour": "blue"}),
    Prompt("穿红色碎花旗袍和高跟鞋的年轻女人，盘着头发",
           {"sex": "female", "age": "young", "top": "qipao", "top_pattern": "floral", "shoes": "heels",
            "hair": "bun"}, {"top_colour": "red"}),
    Prompt("女医生，穿白大褂，戴眼镜，扎马尾",
           {"sex": "female", "top": "labcoat", "glasses": "glasses", "hair": "ponytail"}, {"top_colour": "white"}),
    Prompt("戴黄色安全帽的建筑工人，穿格子衬衫和靴子",
           {"headwear": "hardhat", "top": "shirt", "shoes": "boots"}, {"head_colour": "yellow"}),
    Prompt("身穿灰色羊毛大衣、围着红色围巾的高个子女人",
           {"sex": "female", "height": "tall", "top": "coat", "top_material": "wool", "neckwear": "scarf"},
           {"top_colour": "grey", "neck_colour": "red"}),
    Prompt("穿黑色皮夹克、戴墨镜的瘦男人，留着山羊胡",
           {"sex": "male", "build": "slim", "top": "jacket", "top_material": "leather", "glasses": "sunglasses",
            "beard": "goatee"}, {"top_colour": "black"}),
    Prompt("不戴眼镜、不戴帽子的短发女人，穿白色毛衣",
           {"sex": "female", "hair": "short", "glasses": "none", "headwear": "none", "top": "jumper"},
           {"top_colour": "white"}),
    Prompt("身着银色盔甲、手戴手套的骑士", {"top": "armour", "gloves": "gloves"}, {"top_colour": "silver"}),
    Prompt("穿紫色和服和凉鞋的日本女人", {"sex": "female", "top": "kimono", "shoes": "sandals"},
           {"top_colour": "purple"}),
)  # fmt: skip


def evaluate(pipeline: NeuralPipeline, prompts: Sequence[Prompt] = PROMPTS) -> tuple[dict[str, Estimate], list[str]]:
    """The share of right categories, the median ΔE00 of colours, and which categories were wrong."""
    right: list[bool] = []
    away: list[float] = []
    mistakes: list[str] = []
    for prompt in prompts:
        job = pipeline.begin(AvatarRequest(prompt.text))
        for group, value in prompt.values.items():
            got = job.outfit.values[group]
            right.append(got == value)
            if got != value:
                mistakes.append(f"{group} {got}, not {value}: {prompt.text}")
        for group, name in prompt.colours.items():
            wanted = np.array(rgb_of(group, name, prompt.values.get("bottom", "trousers")))
            away.append(float(ciede2000(lab(job.latent[_AT[group]]), lab(wanted))))
    return {"accuracy/written by hand": share(right), "colour/written by hand": median(away)}, mistakes
