"""The prompts of the gallery: every garment, hair style, headdress and accessory at least once."""

from __future__ import annotations

from typing import NamedTuple


class Prompt(NamedTuple):
    """What is asked for; ``meaning`` in English where ``text`` is in another language."""

    text: str
    meaning: str = ""


PROMPTS: tuple[Prompt, ...] = (
    # at work
    Prompt("a businessman in a navy pinstripe suit with a white shirt, a red tie and black leather shoes"),
    Prompt("a businesswoman with a brown bun in a grey suit, glasses and black heels"),
    Prompt("一个穿着西装的商务男士", "a businessman in a suit"),
    Prompt("a doctor with short black hair and glasses in a white lab coat over a blue shirt and dark trousers"),
    Prompt("a nurse with a blonde ponytail in teal scrubs and white trainers"),
    Prompt("a policeman in a dark blue uniform with a peaked cap and black boots"),
    Prompt("a muscular soldier in a camouflage uniform with a helmet, a backpack and tall boots"),
    Prompt("an astronaut in a white spacesuit"),
    # trades and tales
    Prompt("a knight in steel armour with a helmet and a full beard"),
    Prompt("an old wizard with a long white beard in a purple robe"),
    Prompt("a heavy farmer in blue denim dungarees, a plaid shirt and a straw sun hat"),
    Prompt("a chef in a white uniform with a chef's hat and a moustache"),
    Prompt("a builder in an orange t-shirt, cargo trousers and a yellow hard hat, wearing gloves and brown boots"),
    Prompt("a footballer with a buzz cut in a red and white striped jersey and white shorts"),
    Prompt("a waiter in a black waistcoat with a white shirt and a red bow tie"),
    Prompt("a biker with a goatee and a scar in a black leather jacket, sunglasses, black jeans and boots"),
    # of many places
    Prompt("a Japanese woman with a black bun in a red floral kimono with a gold obi and sandals"),
    Prompt("一位穿着绿色旗袍的年轻女子，黑色盘发", "a young woman in a green qipao with her black hair in a bun"),
    Prompt("一个穿着蓝色汉服的女孩，扎着双马尾", "a girl with pigtails in a blue hanfu"),
    Prompt("an Indian woman with a long braid in an orange silk sari with a gold necklace"),
    Prompt("a black woman with an afro in a yellow zigzag dress and sandals"),
    Prompt("a dark-skinned man with dreadlocks in a green tank top and beige shorts, barefoot"),
    Prompt("a woman in a turquoise headscarf, a long beige coat and black trousers"),
    Prompt("一位白发老爷爷，戴着眼镜，穿着灰色毛衣", "a white-haired grandfather with glasses in a grey jumper"),
    # dresses and skirts
    Prompt("a woman with long wavy auburn hair in a long emerald green silk dress and heels"),
    Prompt("a slim blonde woman in a knee-length floral summer dress and a sun hat"),
    Prompt("a young woman with a black bob and red lipstick in a black mini dress and tall boots"),
    Prompt("a heavy woman with curly red hair and freckles in a polka dot dress"),
    Prompt("a woman with long brown hair in a white blouse, a red plaid mini skirt and black boots"),
    Prompt("an old woman with a grey bun in a purple cardigan, a long black skirt and flat shoes"),
    Prompt("a tall dark-skinned woman with braids in a leopard crop top and a black leather skirt"),
    Prompt("一位金发女士，穿着粉色连衣裙和白色高跟鞋", "a blonde woman in a pink dress and white heels"),
    # every day
    Prompt("a girl with ginger pigtails in a pink hoodie, grey leggings and white trainers"),
    Prompt("a small boy with spiky brown hair in a blue striped t-shirt, red shorts and a cap"),
    Prompt("a teenage boy with curly hair in a yellow hoodie, light blue jeans and a red backpack"),
    Prompt("a heavy bearded man in a red plaid flannel shirt, blue jeans and a grey beanie"),
    Prompt("a slim man with parted blond hair in a black turtleneck and a camel coat"),
    Prompt("一个戴墨镜的男人，穿着黑色皮夹克和牛仔裤", "a man with sunglasses in a black leather jacket and jeans"),
    Prompt("an athletic woman with a high ponytail in a teal tank top, black leggings and pink trainers"),
    Prompt("a muscular man with a green mohawk in a black tank top and camouflage cargo trousers"),
    Prompt("a middle-aged man in a grey fedora, a brown tweed suit and a bow tie"),
    Prompt("a young woman with dramatic make-up and a purple bob in a leather jacket and a mini skirt"),
    Prompt("an old bald man with stubble in a burgundy jumper and brown corduroy trousers"),
    Prompt("a woman with curly black hair in a mustard turtleneck, a long plaid skirt and a scarf"),
    Prompt("a tall man with long black hair in a white shirt and beige trousers, barefoot"),
    Prompt("an old woman with short white hair in a blue floral shirt, white trousers and a pearl necklace"),
    Prompt("a freckled young man with ginger hair in a green polo shirt, khaki shorts and sandals"),
    Prompt("a woman with a long blonde braid in a grey jumper, pink joggers, a white cap and blue trainers"),
)

#: The avatar that is shown at all levels.
LEVELS_OF = Prompt("a woman with long blonde hair and glasses in a red leather jacket, a white t-shirt and blue jeans")
