"""English words for every value of every attribute, and outfits that occupations imply."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Nouns by (sex, age). Young and middle-aged people share the plain adult nouns.
ADULTS: dict[str, tuple[str, ...]] = {
    "male": ("man", "man", "man", "guy", "gentleman", "male", "dude", "bloke", "fellow", "chap", "lad", "male person",
             "mister", "adult man", "male character", "fella", "gent", "hombre", "male figure", "he-man"),
    "female": ("woman", "woman", "woman", "lady", "female", "gal", "female person", "miss", "adult woman", "dame",
               "female character", "chick", "female figure", "lass", "womenfolk"),
}  # fmt: skip
NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("male", "child"): ("boy", "boy", "little boy", "young boy", "male child", "schoolboy", "small boy", "kid boy",
                        "ten year old boy", "little lad", "toddler boy", "teen boy", "teenage boy", "boy child",
                        "8-year-old boy", "male kid"),
    ("female", "child"): ("girl", "girl", "little girl", "young girl", "female child", "schoolgirl", "small girl",
                          "kid girl", "ten year old girl", "little lass", "toddler girl", "teen girl", "teenage girl",
                          "girl child", "8-year-old girl", "female kid"),
    ("male", "old"): ("grandfather", "grandpa", "granddad", "old man", "elderly man", "old gentleman", "senior man",
                      "old guy", "old fellow", "elderly gentleman", "gramps", "old-timer", "male pensioner",
                      "aged man", "greybeard"),
    ("female", "old"): ("grandmother", "grandma", "granny", "old woman", "elderly woman", "old lady", "senior woman",
                        "elderly lady", "nana", "female pensioner", "aged woman", "old dame", "senior lady"),
}  # fmt: skip
PEOPLE: dict[str, tuple[str, ...]] = {  # sex left unsaid
    "child": ("child", "kid", "toddler", "youngster", "little one", "schoolchild", "preteen"),
    "old": ("old person", "elderly person", "senior", "pensioner", "senior citizen", "elder"),
    "young": ("person", "adult", "someone", "human", "character", "avatar", "figure", "individual"),
    "middle": ("person", "adult", "someone", "human", "character", "avatar", "figure", "individual"),
}
AGES: dict[str, tuple[str, ...]] = {
    "child": ("young", "little", "small", "underage", "ten year old", "7-year-old", "school-age"),
    "young": ("young", "young", "young adult", "youthful", "twenty-something", "25 year old", "twentysomething",
              "20-year-old", "30-year-old", "college-aged", "early twenties"),
    "middle": ("middle-aged", "middle-aged", "middle aged", "mature", "midlife", "45 year old", "50-year-old",
               "forty-something", "fifty-something", "fortyish", "middle-age", "50 year old"),
    "old": ("old", "old", "elderly", "aged", "senior", "70 year old", "80-year-old", "ageing", "wrinkled", "aging",
            "ancient", "white-bearded old", "retired", "75-year-old", "geriatric", "very old"),
}  # fmt: skip
AGE_CLAUSES: dict[str, tuple[str, ...]] = {
    "child": ("about ten years old", "aged 9", "in childhood", "of primary school age"),
    "young": ("in {his} twenties", "aged 24", "about 25 years old", "in {his} early thirties", "in {his} 20s"),
    "middle": ("in {his} forties", "in {his} fifties", "aged 48", "around 50 years old", "in {his} 40s", "in {his} 50s"),
    "old": ("in {his} seventies", "in {his} eighties", "aged 75", "about 80 years old", "in {his} 70s", "of great age"),
}
BUILDS: dict[str, tuple[str, ...]] = {
    "slim": ("slim", "thin", "skinny", "slender", "lean", "lanky", "slight", "petite-framed", "bony", "underweight",
             "scrawny", "svelte", "willowy", "slightly built", "delicate", "gaunt", "thinly built"),
    "average": ("average-built", "normal-weight", "medium-built", "of average build", "regular-sized"),
    "muscular": ("muscular", "athletic", "strong", "buff", "ripped", "well-built", "brawny", "beefy", "burly",
                 "musclebound", "powerfully built", "fit", "jacked", "sporty", "toned", "broad-shouldered", "sturdy"),
    "heavy": ("fat", "heavy", "chubby", "overweight", "plump", "obese", "stout", "big", "portly", "heavyset", "large",
              "corpulent", "plus-size", "stocky", "rotund", "curvy", "tubby", "heavily built", "chunky", "round",
              "pudgy", "full-figured", "big-bellied"),
}  # fmt: skip
HEIGHTS: dict[str, tuple[str, ...]] = {
    "short": ("short", "small", "tiny", "petite", "diminutive", "little", "undersized", "low-statured", "pint-sized"),
    "average": ("average-height", "medium-height", "of average height", "of medium height"),
    "tall": ("tall", "tall", "very tall", "towering", "lofty", "giant", "high-statured", "six foot five", "long-legged",
             "huge", "2 metre tall"),
}  # fmt: skip
SKINS: dict[str, tuple[str, ...]] = {
    "porcelain": ("porcelain", "very pale", "milky white", "snow-white"),
    "pale": ("pale", "white", "fair and pale", "ivory"),
    "fair": ("fair", "caucasian", "light", "white"),
    "light": ("light", "beige", "peach"),
    "rosy": ("rosy", "pinkish", "ruddy", "flushed"),
    "medium": ("medium", "asian", "sand-coloured", "tawny"),
    "olive": ("olive", "mediterranean", "latino", "olive-toned"),
    "tanned": ("tanned", "sun-tanned", "bronzed", "sunburnt", "tan", "bronze"),
    "golden": ("golden", "honey", "golden-brown"),
    "light brown": ("light brown", "caramel", "indian", "mixed-race"),
    "brown": ("brown", "chestnut", "cinnamon", "hazelnut"),
    "dark brown": ("dark brown", "chocolate", "coffee", "black"),
    "dark": ("dark", "black", "deep brown", "african"),
    "ebony": ("ebony", "very dark", "jet-black", "deep black"),
}
HAIR_COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("black", "black", "dark", "raven"),
    "jet black": ("jet black", "jet-black", "raven-black"),
    "dark brown": ("dark brown", "dark-brown", "deep brown", "brunette", "espresso"),
    "brown": ("brown", "brown", "brunette", "chocolate brown"),
    "chestnut": ("chestnut", "reddish brown", "chestnut brown"),
    "light brown": ("light brown", "mousy", "light-brown", "caramel"),
    "auburn": ("auburn", "copper brown", "mahogany"),
    "ginger": ("ginger", "orange-red", "copper", "carrot"),
    "red": ("red", "red", "fiery red"),
    "strawberry blonde": ("strawberry blonde", "strawberry blond", "reddish blonde"),
    "dark blonde": ("dark blonde", "dirty blonde", "dark blond", "ash blonde"),
    "blonde": ("blonde", "blond", "blonde", "fair", "yellow"),
    "golden": ("golden", "golden blonde", "honey blonde"),
    "platinum blonde": ("platinum blonde", "platinum", "bleached", "white-blonde", "very light blonde"),
    "grey": ("grey", "gray", "greying", "graying", "salt-and-pepper"),
    "silver": ("silver", "silvery", "silver-grey"),
    "white": ("white", "snow-white", "white"),
    "bright red": ("bright red", "scarlet", "dyed red"),
    "pink": ("pink", "dyed pink", "bubblegum pink"),
    "lilac": ("lilac", "pastel purple"),
}
#: Hair by value: {c} stands for the colour (or nothing). Each reads after "with" and after "has".
HAIR_CLAUSES: dict[str, tuple[str, ...]] = {
    "bald": ("a bald head", "no hair", "a shaved head", "a bald scalp", "a clean-shaven head", "a hairless head",
             "a shiny bald head", "a smooth head", "a totally bald head", "a completely shaved scalp"),
    "buzz": ("a {c} buzz cut", "{c} buzzed hair", "a {c} crew cut", "very short {c} hair", "{c} cropped hair",
             "a {c} buzzcut", "{c} stubble hair", "a {c} military haircut", "closely cropped {c} hair"),
    "short": ("short {c} hair", "short {c} hair", "{c} short hair", "a short {c} haircut", "{c} hair cut short",
              "a {c} pixie cut", "neat short {c} hair", "a {c} short back and sides", "a short {c} hairstyle",
              "{c} hair that is short"),
    "bob": ("a {c} bob", "a {c} bob haircut", "chin-length {c} hair", "{c} bobbed hair", "medium-length {c} hair",
            "shoulder-length {c} hair", "a {c} bob cut", "mid-length {c} hair", "{c} jaw-length hair"),
    "long": ("long {c} hair", "long {c} hair", "{c} long hair", "long flowing {c} hair", "very long {c} hair",
             "waist-length {c} hair", "{c} hair down to the waist", "long straight {c} hair", "long {c} locks",
             "long wavy {c} hair", "{c} hair worn long and loose", "{c} hair that is long"),
    "ponytail": ("a {c} ponytail", "a {c} ponytail", "{c} hair in a ponytail", "{c} hair tied back", "a {c} pony tail",
                 "a long {c} ponytail", "{c} ponytailed hair", "a high {c} ponytail", "{c} hair pulled back"),
    "bun": ("a {c} bun", "a {c} bun", "{c} hair in a bun", "{c} hair pinned up", "a {c} hair bun", "a {c} top knot",
            "a {c} chignon", "{c} hair tied up in a bun", "a {c} man bun", "a {c} updo", "a {c} topknot"),
    "afro": ("a {c} afro", "a {c} afro", "big curly {c} hair", "{c} afro hair", "frizzy {c} hair", "a big {c} afro",
             "a round {c} afro", "{c} curls", "curly {c} hair", "voluminous curly {c} hair", "kinky {c} hair"),
    "mohawk": ("a {c} mohawk", "a {c} mohawk", "a {c} mohican", "{c} hair in a mohawk", "a spiky {c} mohawk",
               "a {c} punk hairstyle", "{c} mohawk hair", "a {c} iroquois haircut", "a tall {c} mohawk"),
}  # fmt: skip
HAIR_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "bald": ("bald", "bald", "bald-headed", "hairless", "shaven-headed", "baldheaded", "balding"),
    "buzz": ("crew-cut", "buzz-cut", "crop-haired"),
    "short": ("short-haired", "short haired"),
    "bob": ("bob-haired", "bobbed"),
    "long": ("long-haired", "long haired"),
    "ponytail": ("ponytailed", "pony-tailed"),
    "bun": ("bun-wearing",),
    "afro": ("curly-haired", "afro-haired", "frizzy-haired"),
    "mohawk": ("mohawked", "mohawk-wearing"),
}
BEARD_CLAUSES: dict[str, tuple[str, ...]] = {
    "none": ("no beard", "a clean-shaven face", "no facial hair", "a smooth chin", "a shaved face"),
    "stubble": ("stubble", "a stubbly chin", "designer stubble", "three-day stubble", "a five o'clock shadow",
                "light stubble", "a short stubble beard", "some stubble"),
    "moustache": ("a moustache", "a mustache", "a handlebar moustache", "a thick moustache", "a thin mustache",
                  "a tache", "a big mustache"),
    "goatee": ("a goatee", "a goatee beard", "a chin beard", "a small goatee", "a Van Dyke beard", "a pointed beard"),
    "full": ("a beard", "a full beard", "a long beard", "a bushy beard", "a thick beard", "a big beard", "a huge beard",
             "a well-kept beard", "a bearded face", "lots of facial hair", "a heavy beard", "a wild beard"),
}  # fmt: skip
BEARD_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "none": ("clean-shaven", "beardless", "clean shaven", "smooth-faced"),
    "stubble": ("stubbly", "unshaven", "stubbled"),
    "moustache": ("moustachioed", "mustachioed", "moustached"),
    "goatee": ("goateed",),
    "full": ("bearded", "bearded", "heavily bearded", "full-bearded"),
}
BEARD_WITHOUT: tuple[str, ...] = ("without a beard", "without facial hair", "without beard", "without any beard")
TOPS: dict[str, tuple[str, ...]] = {
    "tshirt": ("t-shirt", "t-shirt", "T-shirt", "T shirt", "tee", "tshirt", "tee shirt", "crew-neck t-shirt",
               "v-neck t-shirt", "graphic tee", "cotton tee", "top", "football shirt", "jersey", "crop top", "teeshirt",
               "sports shirt", "v-neck", "basic tee"),
    "tank": ("tank top", "tank top", "vest top", "singlet", "sleeveless top", "muscle shirt", "camisole", "tank",
             "sleeveless shirt", "undershirt", "wife beater", "gym vest", "halter top", "string top", "spaghetti top",
             "basketball jersey", "running vest", "tanktop"),
    "shirt": ("shirt", "shirt", "button-up shirt", "dress shirt", "blouse", "button-down shirt", "flannel shirt",
              "oxford shirt", "collared shirt", "button-up", "hawaiian shirt", "denim shirt", "linen shirt", "work shirt",
              "office shirt", "buttoned shirt", "button-down", "lumberjack shirt"),
    "polo": ("polo shirt", "polo", "golf shirt", "tennis shirt", "polo top", "polo t-shirt", "pique shirt",
             "rugby shirt"),
    "jumper": ("jumper", "sweater", "pullover", "jumper", "knitted sweater", "sweatshirt", "cardigan", "knit",
               "wool jumper", "turtleneck", "crewneck sweater", "knitwear", "woolly jumper", "cashmere sweater",
               "polo neck", "christmas jumper", "woollen pullover", "roll-neck", "jersey sweater", "turtleneck sweater"),
    "hoodie": ("hoodie", "hoodie", "hooded sweatshirt", "hooded sweater", "hoody", "zip-up hoodie", "hooded top",
               "hooded jumper", "sweatshirt with a hood", "pullover hoodie", "kangaroo hoodie", "zip hoodie"),
    "suit": ("suit", "suit", "business suit", "suit jacket", "tuxedo", "tailored suit", "two-piece suit", "formal suit",
             "pantsuit", "dinner suit", "three-piece suit", "lounge suit", "office suit", "elegant suit", "suit and trousers",
             "blazer", "sports coat", "tailored jacket", "dinner jacket"),
    "jacket": ("jacket", "jacket", "leather jacket", "bomber jacket", "bomber", "coat", "denim jacket", "windbreaker",
               "biker jacket", "anorak", "parka", "rain jacket", "puffer jacket", "overcoat", "winter coat", "raincoat",
               "down jacket", "track jacket", "trench coat", "lab coat", "jean jacket", "varsity jacket", "fleece",
               "rain coat", "winter jacket", "field jacket", "motorcycle jacket", "college jacket", "duffel coat"),
    "dress": ("dress", "dress", "dress", "frock", "gown", "summer dress", "sundress", "robe", "party dress",
              "cocktail dress", "evening dress", "evening gown", "day dress", "shirt dress", "wrap dress", "ball gown",
              "shift dress", "tunic dress", "pinafore", "prom dress"),
}  # fmt: skip
SLEEVES: dict[str, tuple[str, ...]] = {
    "none": ("sleeveless", "strapless", "no-sleeve", "sleeve-less"),
    "short": ("short-sleeved", "short-sleeve", "short sleeved", "short sleeve", "half-sleeved"),
    "long": ("long-sleeved", "long-sleeve", "long sleeved", "long sleeve", "full-sleeved"),
}
SLEEVE_CLAUSES: dict[str, tuple[str, ...]] = {
    "none": ("without sleeves", "with no sleeves"),
    "short": ("with short sleeves", "with half sleeves"),
    "long": ("with long sleeves", "with full-length sleeves"),
}
PATTERNS: dict[str, tuple[str, ...]] = {
    "plain": ("plain", "solid", "unpatterned", "solid-coloured", "single-coloured"),
    "stripes": ("striped", "striped", "stripy", "stripey", "horizontally striped", "breton", "banded"),
    "pinstripes": ("pinstriped", "pinstripe", "pin-striped", "pin-stripe", "fine-striped", "vertically striped"),
    "plaid": ("plaid", "checked", "checkered", "tartan", "chequered", "check", "gingham", "check-patterned"),
    "dots": ("polka dot", "polka-dot", "dotted", "spotted", "polka-dotted", "dotty", "spotty"),
}
PATTERN_CLAUSES: dict[str, tuple[str, ...]] = {
    "stripes": ("with {c} stripes", "with {c} horizontal stripes", "with {c} bands"),
    "pinstripes": ("with {c} pinstripes", "with thin {c} stripes", "with fine {c} vertical stripes"),
    "plaid": ("with {c} checks", "with a {c} plaid pattern", "with {c} squares", "with a {c} tartan pattern"),
    "dots": ("with {c} dots", "with {c} polka dots", "with {c} spots", "with {c} polkadots"),
}
BOTTOMS: dict[str, tuple[str, ...]] = {
    "jeans": ("jeans", "jeans", "jeans", "denim trousers", "denims", "skinny jeans", "denim pants", "denim jeans",
              "blue-jeans style pants", "levis", "ripped jeans", "baggy jeans"),
    "trousers": ("trousers", "trousers", "pants", "pants", "chinos", "slacks", "dress pants", "cargo pants", "khakis",
                 "suit trousers", "formal trousers", "corduroys", "joggers", "sweatpants", "cords", "tracksuit bottoms",
                 "dress trousers", "long pants", "chino pants", "jogging bottoms", "suit pants", "work trousers"),
    "shorts": ("shorts", "shorts", "short pants", "bermuda shorts", "cargo shorts", "swim shorts", "running shorts",
               "board shorts", "bermudas", "gym shorts", "hot pants", "short trousers", "football shorts"),
    "leggings": ("leggings", "leggings", "tights", "yoga pants", "running tights", "stretch pants", "skin-tight leggings",
                 "spandex leggings", "jeggings", "lycra leggings", "gym leggings"),
    "skirt": ("skirt", "skirt", "skirt", "kilt", "pleated skirt", "flared skirt", "a-line skirt", "pencil skirt", "tutu",
              "tennis skirt", "flowing skirt"),
}  # fmt: skip
SKIRT_LENGTHS: dict[str, tuple[str, ...]] = {
    "mini": ("mini", "short", "very short", "thigh-length", "above-the-knee"),
    "knee": ("knee-length", "midi", "medium-length", "knee length", "mid-length", "calf-length"),
    "long": ("long", "maxi", "ankle-length", "floor-length", "full-length", "ankle length"),
}
SHOES: dict[str, tuple[str, ...]] = {
    "trainers": ("trainers", "sneakers", "sneakers", "running shoes", "sports shoes", "tennis shoes", "gym shoes", "kicks",
                 "athletic shoes", "canvas shoes", "basketball shoes", "plimsolls", "skate shoes", "chucks"),
    "leather": ("leather shoes", "leather shoes", "dress shoes", "oxfords", "loafers", "brogues", "formal shoes", "heels",
                "business shoes", "derby shoes", "pumps", "patent shoes", "high heels", "lace-up shoes", "ballet flats"),
    "boots": ("boots", "boots", "ankle boots", "work boots", "hiking boots", "cowboy boots", "combat boots",
              "leather boots", "knee-high boots", "rubber boots", "wellies", "chelsea boots", "army boots", "wellington boots"),
    "sandals": ("sandals", "sandals", "flip-flops", "flip flops", "slides", "beach sandals", "thongs", "strappy sandals",
                "leather sandals", "slippers", "espadrilles"),
    "barefoot": ("bare feet", "no shoes", "nothing on {his} feet"),
}  # fmt: skip
BAREFOOT: tuple[str, ...] = ("barefoot", "barefooted", "without shoes", "shoeless", "with bare feet", "with no shoes on",
                             "unshod", "in bare feet")  # fmt: skip
TIES: tuple[str, ...] = ("tie", "tie", "tie", "necktie", "silk tie", "neck tie", "slim tie", "knotted tie")
TIELESS: tuple[str, ...] = ("no tie", "without a tie", "without tie", "no necktie", "tieless", "not wearing a tie")
EYES: dict[str, tuple[str, ...]] = {
    "dark brown": ("dark brown", "dark", "black", "deep brown"),
    "brown": ("brown", "brown", "chestnut"),
    "hazel": ("hazel", "hazel", "greenish brown"),
    "amber": ("amber", "golden", "honey-coloured"),
    "green": ("green", "green", "emerald"),
    "blue": ("blue", "blue", "sea-blue"),
    "light blue": ("light blue", "pale blue", "ice-blue", "bright blue"),
    "grey": ("grey", "gray", "steel-grey"),
}
WEARING: tuple[str, ...] = ("wearing", "wearing", "in", "in", "dressed in", "who wears", "clad in", "who is wearing",
                            "with", "sporting", "having on", "wears", "outfitted in", "that wears", "attired in")  # fmt: skip
OPENINGS: tuple[str, ...] = ("generate ", "create ", "make ", "I want ", "please make ", "show me ", "an avatar of ",
                             "a 3d model of ", "avatar: ", "a character: ", "render ", "a photo of ", "a picture of ",
                             "give me ", "i need ", "a 3D avatar of ", "draw ", "an image of ", "portrait of ",
                             "a full body avatar of ", "npc: ", "can you make ", "imagine ", "there is ", "Design ")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """An occupation or type of person: what it implies; ``sex`` words only in nouns that carry it."""

    nouns: tuple[str, ...]
    values: dict[str, str]
    colours: dict[str, tuple[str, ...]] = field(default_factory=dict)


_SUIT = {"top": "suit", "sleeve": "long", "bottom": "trousers", "shoes": "leather"}
_SUITS = ("navy", "charcoal", "black", "grey", "dark grey", "dark blue")
_BLACK = ("black",)

ROLES: tuple[Role, ...] = (
    Role(("businessman", "businessman", "business man", "salesman", "male executive", "male manager"),
         {"sex": "male", "neckwear": "tie", **_SUIT}, {"top_colour": _SUITS, "top_second": ("white", "light blue")}),
    Role(("businesswoman", "business woman", "female executive", "female manager", "female lawyer"),
         {"sex": "female", **_SUIT}, {"top_colour": _SUITS, "top_second": ("white", "cream")}),
    Role(("lawyer", "banker", "politician", "CEO", "executive", "manager", "accountant", "president", "business person",
          "diplomat", "stockbroker", "news anchor"), {"neckwear": "tie", **_SUIT}, {"top_colour": _SUITS}),
    Role(("bodyguard", "secret agent", "spy", "mafia boss", "gangster", "bouncer", "agent"),
         {"sex": "male", "neckwear": "tie", **_SUIT},
         {"top_colour": _BLACK, "top_second": ("white",), "tie_colour": _BLACK}),
    Role(("groom", "bridegroom", "best man"), {"sex": "male", "neckwear": "tie", **_SUIT},
         {"top_colour": ("black", "navy", "grey"), "top_second": ("white",)}),
    Role(("bride",), {"sex": "female", "top": "dress", "bottom": "skirt", "skirt_length": "long", "age": "young",
                      "top_pattern": "plain"}, {"top_colour": ("white",)}),
    Role(("princess", "queen", "opera singer"), {"sex": "female", "top": "dress", "bottom": "skirt",
                                                 "skirt_length": "long"}),
    Role(("ballerina", "ballet dancer"), {"sex": "female", "top": "dress", "bottom": "skirt", "skirt_length": "mini",
                                          "hair": "bun", "build": "slim"}, {"top_colour": ("pink", "white")}),
    Role(("doctor", "scientist", "pharmacist", "lab technician", "chemist"),
         {"top": "jacket", "sleeve": "long", "top_pattern": "plain", "bottom": "trousers"}, {"top_colour": ("white",)}),
    Role(("chef", "cook", "baker"), {"top": "jacket", "sleeve": "long", "top_pattern": "plain", "bottom": "trousers"},
         {"top_colour": ("white",), "bottom_colour": ("black", "white")}),
    Role(("nurse", "surgeon", "dentist", "vet"), {"top": "tshirt", "sleeve": "short", "bottom": "trousers",
                                                  "shoes": "trainers"},
         {"top_colour": ("light blue", "teal", "white"), "bottom_colour": ("light blue", "teal", "white")}),
    Role(("construction worker", "road worker", "builder", "miner"),
         {"top": "jacket", "sleeve": "long", "bottom": "trousers", "shoes": "boots"}, {"top_colour": ("orange", "yellow")}),
    Role(("lumberjack", "woodcutter", "lumber jack"), {"sex": "male", "top": "shirt", "sleeve": "long",
                                                       "top_pattern": "plaid", "bottom": "jeans", "shoes": "boots",
                                                       "beard": "full", "build": "muscular"}, {"top_colour": ("red",)}),
    Role(("farmer", "rancher", "gardener"), {"top": "shirt", "top_pattern": "plaid", "bottom": "jeans", "shoes": "boots",
                                             "sleeve": "long"}),
    Role(("cowboy",), {"sex": "male", "top": "shirt", "sleeve": "long", "bottom": "jeans", "shoes": "boots"},
         {"shoe_colour": ("brown", "tan")}),
    Role(("punk", "punk rocker"), {"hair": "mohawk", "top": "jacket", "sleeve": "long", "bottom": "jeans",
                                   "shoes": "boots"}, {"top_colour": _BLACK, "shoe_colour": _BLACK}),
    Role(("biker", "rocker", "metalhead", "motorcyclist"), {"top": "jacket", "sleeve": "long", "bottom": "jeans",
                                                            "shoes": "boots", "top_pattern": "plain"},
         {"top_colour": _BLACK, "shoe_colour": _BLACK}),
    Role(("goth", "goth girl", "witch"), {"sex": "female", "top": "dress", "bottom": "skirt", "shoes": "boots",
                                          "top_pattern": "plain"},
         {"top_colour": _BLACK, "hair_colour": _BLACK, "skin": ("pale", "porcelain"), "shoe_colour": _BLACK}),
    Role(("skater", "skateboarder", "gamer", "hacker", "rapper", "programmer"),
         {"top": "hoodie", "sleeve": "long", "bottom": "jeans", "shoes": "trainers"}),
    Role(("jogger", "runner", "marathon runner", "sprinter"), {"top": "tank", "sleeve": "none", "bottom": "shorts",
                                                               "shoes": "trainers", "build": "slim"}),
    Role(("bodybuilder", "weightlifter", "wrestler", "personal trainer", "boxer", "gym bro"),
         {"top": "tank", "sleeve": "none", "bottom": "shorts", "shoes": "trainers", "build": "muscular"}),
    Role(("basketball player",), {"top": "tank", "sleeve": "none", "bottom": "shorts", "shoes": "trainers",
                                  "height": "tall"}),
    Role(("footballer", "soccer player", "football player"), {"top": "tshirt", "sleeve": "short", "bottom": "shorts",
                                                              "shoes": "trainers"}),
    Role(("yoga teacher", "yoga instructor"), {"top": "tank", "sleeve": "none", "bottom": "leggings",
                                               "shoes": "barefoot", "build": "slim"}),
    Role(("golfer", "golf player", "tennis coach"), {"top": "polo", "sleeve": "short", "bottom": "trousers"}),
    Role(("tennis player",), {"top": "polo", "sleeve": "short", "bottom": "shorts", "shoes": "trainers"},
         {"top_colour": ("white",), "bottom_colour": ("white",), "shoe_colour": ("white",)}),
    Role(("waiter", "bartender", "barman"), {"sex": "male", "top": "shirt", "sleeve": "long", "top_pattern": "plain",
                                             "bottom": "trousers", "shoes": "leather"},
         {"top_colour": ("white",), "bottom_colour": _BLACK, "shoe_colour": _BLACK}),
    Role(("waitress",), {"sex": "female", "top": "shirt", "top_pattern": "plain", "bottom": "skirt", "shoes": "leather",
                         "sleeve": "long"}, {"top_colour": ("white",), "bottom_colour": _BLACK}),
    Role(("office worker", "clerk", "bank clerk", "teacher", "office employee", "secretary"),
         {"top": "shirt", "sleeve": "long", "bottom": "trousers", "shoes": "leather"}),
    Role(("sailor", "mime", "pirate"), {"top": "tshirt", "top_pattern": "stripes", "sleeve": "long",
                                        "bottom": "trousers"},
         {"top_colour": ("white",), "top_second": ("navy", "black", "blue")}),
    Role(("surfer", "surfer dude", "beach boy"), {"sex": "male", "top": "tank", "sleeve": "none", "bottom": "shorts",
                                                  "shoes": "barefoot", "age": "young", "hair": "long"},
         {"hair_colour": ("blonde", "golden", "dark blonde"), "skin": ("tanned",)}),
    Role(("tourist", "beachgoer"), {"top": "tshirt", "sleeve": "short", "bottom": "shorts", "shoes": "sandals"}),
    Role(("hiker", "mountaineer", "explorer"), {"top": "jacket", "sleeve": "long", "bottom": "trousers",
                                                "shoes": "boots"}),
    Role(("professor", "librarian"), {"top": "jumper", "sleeve": "long", "bottom": "trousers", "shoes": "leather"}),
    Role(("student", "college student", "teenager"), {"top": "hoodie", "sleeve": "long", "bottom": "jeans",
                                                      "shoes": "trainers", "age": "young"}),
    Role(("monk", "buddhist monk"), {"sex": "male", "hair": "bald", "beard": "none", "shoes": "sandals"}),
    Role(("soldier", "marine", "army officer"), {"hair": "buzz", "top": "jacket", "sleeve": "long",
                                                 "bottom": "trousers", "shoes": "boots"},
         {"top_colour": ("olive", "khaki"), "bottom_colour": ("olive", "khaki")}),
    Role(("policeman", "police officer", "cop", "security guard"), {"top": "shirt", "top_pattern": "plain",
                                                                    "bottom": "trousers", "shoes": "boots"},
         {"top_colour": ("navy", "dark blue"), "bottom_colour": ("navy", "black"), "shoe_colour": _BLACK}),
    Role(("mechanic", "plumber", "delivery man"), {"sex": "male", "top": "polo", "bottom": "trousers",
                                                   "shoes": "boots"}),
    Role(("hipster",), {"sex": "male", "beard": "full", "top": "shirt", "top_pattern": "plaid", "bottom": "jeans",
                        "shoes": "boots", "sleeve": "long", "age": "young"}),
    Role(("santa claus", "santa", "father christmas"), {"sex": "male", "age": "old", "beard": "full", "build": "heavy",
                                                        "top": "jacket", "sleeve": "long", "bottom": "trousers",
                                                        "shoes": "boots", "top_pattern": "plain"},
         {"hair_colour": ("white",), "top_colour": ("red",), "bottom_colour": ("red",), "shoe_colour": _BLACK}),
    Role(("viking",), {"sex": "male", "beard": "full", "hair": "long", "build": "muscular", "shoes": "boots"},
         {"hair_colour": ("blonde", "ginger", "dark blonde")}),
    Role(("redhead",), {}, {"hair_colour": ("ginger", "red")}),
    Role(("blonde",), {"sex": "female"}, {"hair_colour": ("blonde",)}),
    Role(("brunette",), {"sex": "female"}, {"hair_colour": ("brown", "dark brown")}),
)  # fmt: skip
