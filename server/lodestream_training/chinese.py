"""Chinese captions of synthetic people, with what each one says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lodestream_training.synth.people import Person, assemble, pick

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("红色", "红色", "红", "大红色"),
    "bright red": ("鲜红色", "亮红色"),
    "dark red": ("深红色", "暗红色"),
    "crimson": ("绯红色",),
    "scarlet": ("猩红色",),
    "brick red": ("砖红色",),
    "blue": ("蓝色", "蓝色", "蓝"),
    "light blue": ("浅蓝色", "淡蓝色"),
    "dark blue": ("深蓝色", "暗蓝色"),
    "sky blue": ("天蓝色", "天空蓝"),
    "royal blue": ("宝蓝色", "皇家蓝"),
    "navy": ("藏青色", "藏蓝色", "海军蓝"),
    "indigo": ("靛蓝色", "靛青色"),
    "green": ("绿色", "绿色", "绿"),
    "light green": ("浅绿色", "嫩绿色", "淡绿色"),
    "dark green": ("深绿色", "墨绿色"),
    "grass green": ("草绿色",),
    "forest green": ("森林绿",),
    "emerald": ("翡翠绿", "祖母绿"),
    "mint": ("薄荷绿",),
    "olive": ("橄榄绿", "军绿色", "橄榄色"),
    "lime": ("柠檬绿", "荧光绿"),
    "yellow": ("黄色", "黄色", "黄"),
    "light yellow": ("浅黄色", "淡黄色"),
    "bright yellow": ("亮黄色", "明黄色"),
    "mustard": ("芥末黄", "姜黄色"),
    "gold": ("金色", "金黄色"),
    "orange": ("橙色", "橘色", "橘黄色", "橙"),
    "coral": ("珊瑚色", "珊瑚红"),
    "peach": ("桃色", "桃粉色"),
    "salmon": ("鲑鱼色", "三文鱼色"),
    "apricot": ("杏色", "杏黄色"),
    "purple": ("紫色", "紫色", "紫"),
    "light purple": ("浅紫色", "淡紫色"),
    "dark purple": ("深紫色",),
    "violet": ("紫罗兰色",),
    "lavender": ("薰衣草色", "薰衣草紫"),
    "magenta": ("品红色", "洋红色"),
    "pink": ("粉色", "粉红色", "粉"),
    "light pink": ("浅粉色", "淡粉色"),
    "hot pink": ("玫红色", "亮粉色"),
    "rose": ("玫瑰色",),
    "brown": ("棕色", "褐色", "咖啡色"),
    "light brown": ("浅棕色", "浅褐色"),
    "dark brown": ("深棕色", "深褐色"),
    "chocolate": ("巧克力色",),
    "rust": ("铁锈色",),
    "black": ("黑色", "黑色", "黑", "纯黑色"),
    "white": ("白色", "白色", "白", "纯白色"),
    "ivory": ("象牙白", "象牙色"),
    "cream": ("奶油色", "米白色"),
    "beige": ("米色", "米黄色"),
    "sand": ("沙色",),
    "tan": ("驼色", "棕褐色"),
    "khaki": ("卡其色",),
    "grey": ("灰色", "灰色", "灰"),
    "light grey": ("浅灰色",),
    "dark grey": ("深灰色", "暗灰色"),
    "charcoal": ("炭灰色",),
    "silver": ("银色", "银灰色"),
    "burgundy": ("酒红色",),
    "maroon": ("栗色", "褐红色"),
    "teal": ("蓝绿色", "水鸭色"),
    "turquoise": ("青绿色", "绿松石色"),
    "cyan": ("青色", "青蓝色"),
}
HAIRS: dict[str, tuple[str, ...]] = {
    "black": ("黑色", "黑"),
    "jet black": ("乌黑色", "乌黑"),
    "dark brown": ("深棕色", "深褐色"),
    "brown": ("棕色", "褐色"),
    "chestnut": ("栗色",),
    "light brown": ("浅棕色",),
    "auburn": ("红褐色", "赤褐色"),
    "ginger": ("姜黄色", "橘红色"),
    "red": ("红色",),
    "strawberry blonde": ("草莓金色",),
    "dark blonde": ("深金色",),
    "blonde": ("金色", "金"),
    "golden": ("金黄色",),
    "platinum blonde": ("铂金色", "浅金色"),
    "grey": ("灰色", "灰白", "花白"),
    "silver": ("银色", "银白"),
    "white": ("白色", "白"),
}
SKINS: dict[str, tuple[str, ...]] = {
    "porcelain": ("皮肤雪白", "雪白皮肤"),
    "pale": ("皮肤苍白", "白皮肤", "皮肤白皙"),
    "fair": ("皮肤白皙", "白皮肤"),
    "olive": ("橄榄色皮肤",),
    "tanned": ("古铜色皮肤", "皮肤晒黑", "小麦色皮肤"),
    "brown": ("棕色皮肤",),
    "dark": ("黑皮肤", "深色皮肤", "皮肤黝黑"),
    "ebony": ("皮肤漆黑", "乌黑皮肤"),
}
EYES: dict[str, str] = {"brown": "棕", "dark brown": "黑", "green": "绿", "blue": "蓝", "grey": "灰", "amber": "琥珀色"}
NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("male", "child"): ("男孩", "小男孩", "男童"),
    ("female", "child"): ("女孩", "小女孩", "女童"),
    ("male", "young"): ("男人", "男子", "男士", "男性", "小伙子", "男生", "先生", "男青年"),
    ("female", "young"): ("女人", "女子", "女士", "女性", "姑娘", "女生", "小姐", "美女"),
    ("male", "middle"): ("男人", "男子", "男士", "男性", "先生", "大叔"),
    ("female", "middle"): ("女人", "女子", "女士", "女性", "阿姨", "大妈"),
    ("male", "old"): ("老人", "老爷爷", "老头", "老先生", "爷爷", "老汉", "老大爷"),
    ("female", "old"): ("老太太", "老奶奶", "奶奶", "老妇人", "老婆婆", "老大妈"),
}
AGES: dict[str, tuple[str, ...]] = {
    "young": ("年轻", "年轻的", "二十多岁的", "25岁的"),
    "middle": ("中年", "中年", "四十多岁的", "五十岁的", "45岁的"),
}
BUILDS: dict[str, tuple[str, ...]] = {
    "slim": ("瘦", "苗条的", "瘦弱的", "身材纤细的", "瘦瘦的", "消瘦的", "纤瘦的"),
    "average": ("身材匀称的", "中等身材的", "体型适中的"),
    "muscular": ("强壮的", "肌肉发达的", "健壮的", "结实的", "魁梧的", "壮实的", "健美的"),
    "heavy": ("胖", "肥胖的", "胖胖的", "丰满的", "微胖的", "臃肿的", "大块头"),
}
HEIGHTS: dict[str, tuple[str, ...]] = {
    "short": ("矮个子", "矮", "身材矮小的", "个子矮的", "矮小的"),
    "average": ("中等个子的", "身高中等的"),
    "tall": ("高个子", "高", "身材高大的", "个子很高的", "高大的", "高挑的", "大高个"),
}
#: {c} stands for the colour or nothing.
HAIR_CLAUSES: dict[str, tuple[str, ...]] = {
    "bald": ("光头", "光头", "秃头", "没有头发", "秃顶", "剃光头"),
    "buzz": ("{c}寸头", "留着{c}平头", "{c}板寸", "剪着{c}寸头", "留着{c}寸头"),
    "short": ("{c}短发", "留着{c}短发", "{c}短头发", "有一头{c}短发", "一头{c}短发"),
    "bob": ("{c}波波头", "{c}齐肩短发", "留着{c}中长发", "{c}齐肩发", "{c}波波头发型"),
    "long": ("{c}长发", "留着{c}长发", "{c}长头发", "有一头{c}长发", "一头{c}飘逸长发", "披着{c}长发"),
    "ponytail": ("扎着{c}马尾", "{c}马尾辫", "梳着{c}马尾", "{c}马尾"),
    "bun": ("盘着{c}头发", "{c}丸子头", "梳着{c}发髻", "{c}盘发", "扎着{c}丸子头"),
    "afro": ("{c}爆炸头", "{c}卷发", "一头{c}卷发", "{c}非洲式爆炸头"),
    "mohawk": ("{c}莫西干头", "留着{c}莫西干发型", "{c}莫霍克发型", "{c}鸡冠头"),
}
BEARDS: dict[str, tuple[str, ...]] = {
    "none": ("没有胡子", "不留胡子", "没留胡须", "胡子刮得干净"),
    "stubble": ("有胡茬", "满脸胡茬", "胡子拉碴"),
    "moustache": ("留着小胡子", "有八字胡", "留着八字胡", "上唇留胡子"),
    "goatee": ("留着山羊胡", "有山羊胡子"),
    "full": ("留着大胡子", "有胡子", "留着胡子", "络腮胡", "留着络腮胡", "浓密胡须", "长胡子"),
}
TOPS: dict[str, tuple[str, ...]] = {
    "tshirt": ("T恤", "T恤", "t恤衫", "T恤衫", "短袖", "圆领衫", "球衣"),
    "tank": ("背心", "背心", "吊带衫", "无袖上衣", "吊带背心", "运动背心"),
    "shirt": ("衬衫", "衬衫", "衬衣", "正装衬衫", "法兰绒衬衫", "牛津衬衫"),
    "polo": ("polo衫", "Polo衫", "翻领T恤", "高尔夫球衫"),
    "jumper": ("毛衣", "毛衣", "针织衫", "套头衫", "羊毛衫", "高领毛衣", "开衫"),
    "hoodie": ("连帽衫", "卫衣", "帽衫", "连帽卫衣", "连帽外套"),
    "suit": ("西装", "西装", "西服", "正装", "商务西装", "礼服西装", "套装"),
    "jacket": ("夹克", "外套", "皮夹克", "大衣", "皮衣", "风衣", "羽绒服", "牛仔外套", "冲锋衣", "飞行夹克"),
    "dress": ("连衣裙", "连衣裙", "裙子", "长裙", "礼服", "洋装", "晚礼服"),
}
BOTTOMS: dict[str, tuple[str, ...]] = {
    "jeans": ("牛仔裤", "牛仔裤", "牛仔长裤"),
    "trousers": ("裤子", "长裤", "西裤", "休闲裤", "运动裤", "工装裤"),
    "shorts": ("短裤", "短裤", "运动短裤", "沙滩裤", "五分裤"),
    "leggings": ("紧身裤", "打底裤", "瑜伽裤", "健身裤"),
    "skirt": ("半身裙", "裙子", "百褶裙", "半裙"),
}
SHOES: dict[str, tuple[str, ...]] = {
    "trainers": ("运动鞋", "跑鞋", "球鞋", "帆布鞋", "板鞋"),
    "leather": ("皮鞋", "皮鞋", "正装鞋", "高跟鞋", "乐福鞋"),
    "boots": ("靴子", "靴子", "马丁靴", "登山靴", "皮靴"),
    "sandals": ("凉鞋", "凉鞋", "拖鞋", "人字拖"),
    "barefoot": ("光脚", "赤脚", "没穿鞋", "光着脚"),
}
SLEEVES: dict[str, str] = {"none": "无袖", "short": "短袖", "long": "长袖"}
PATTERNS: dict[str, tuple[str, ...]] = {
    "stripes": ("条纹", "横条纹"),
    "pinstripes": ("细条纹", "竖条纹"),
    "plaid": ("格子", "格纹", "方格"),
    "dots": ("波点", "圆点", "波尔卡圆点"),
}
LENGTHS: dict[str, tuple[str, ...]] = {"mini": ("迷你", "超短"), "knee": ("及膝", "中长"), "long": ("长款", "及踝")}
#: Chinese nouns for the roles of ``lexicon``, by the role's first noun.
ROLES: dict[str, tuple[str, ...]] = {
    "businessman": ("商务男士", "商人", "男经理", "男总裁"),
    "businesswoman": ("商务女士", "女经理", "女总裁"),
    "lawyer": ("律师", "经理", "银行家", "总裁", "老板"),
    "bodyguard": ("保镖", "特工", "间谍"),
    "groom": ("新郎",),
    "bride": ("新娘",),
    "princess": ("公主", "女王"),
    "ballerina": ("芭蕾舞者", "芭蕾舞演员"),
    "doctor": ("医生", "科学家", "药剂师"),
    "chef": ("厨师", "面包师"),
    "nurse": ("护士", "外科医生"),
    "construction worker": ("建筑工人", "矿工"),
    "lumberjack": ("伐木工",),
    "farmer": ("农民", "园丁"),
    "cowboy": ("牛仔",),
    "punk": ("朋克",),
    "biker": ("摩托车手", "摇滚歌手"),
    "skater": ("滑板手", "程序员", "游戏玩家", "黑客", "说唱歌手"),
    "jogger": ("跑步者", "马拉松选手"),
    "bodybuilder": ("健美运动员", "健身教练", "举重运动员"),
    "basketball player": ("篮球运动员",),
    "footballer": ("足球运动员",),
    "waiter": ("服务员", "男服务员"),
    "office worker": ("上班族", "白领", "老师"),
    "student": ("大学生", "学生"),
    "monk": ("和尚", "僧人"),
    "soldier": ("士兵", "军人"),
    "policeman": ("警察", "保安"),
    "santa claus": ("圣诞老人",),
}
_IMPLIED_SLEEVE = ("tank", "jumper", "hoodie", "suit", "jacket")


def _table(group: str) -> Mapping[str, object]:
    tables: dict[str, Mapping[str, object]] = {"skin": SKINS, "hair_colour": HAIRS | COLOURS, "eye_colour": EYES}
    return tables.get(group, COLOURS)


def known(person: Person, rng: np.random.Generator) -> Person:
    """The person with colours that have a Chinese name here."""
    names = dict(person.colours)
    changed: dict[str, str] = {}
    for group, name in names.items():
        table = _table(group)
        if name not in table:
            changed.setdefault(name, pick(rng, tuple(table)))
            names[group] = changed[name] if changed[name] in table else pick(rng, tuple(table))
    return assemble(person.values, names, rng)


class Writer:
    """Writes one caption; collects what it says in ``said``. Colours that have no name here stay unsaid."""

    def __init__(self, person: Person, rng: np.random.Generator) -> None:
        self.values = person.values
        self.names = person.colours
        self.rng = rng
        self.said: set[str] = set()

    def write(self, noun: str | None, implied: Sequence[str], always: set[str]) -> str:
        """The text; ``noun`` calls the person by a role that implies the groups ``implied``."""
        chances = {"top": 0.85, "bottom": 0.68, "hair": 0.55, "shoes": 0.3, "beard": 0.25, "skin": 0.14, "eyes": 0.1}
        chances |= {"age": 0.4, "build": 0.3, "height": 0.3, "tie": 0.6}
        topics = {topic for topic, chance in chances.items() if self.some(chance)}
        if self.some(0.15):
            topics = {pick(self.rng, tuple(chances)), pick(self.rng, tuple(chances))}
        if noun:
            topics -= set(implied)
            self.said.update(implied)
        topics |= always
        adjectives = self._adjectives(topics)
        called = noun or self._noun()
        if noun and "sex" not in implied and self.some(0.4):
            self.said.add("sex")
            called = ("男" if self.values["sex"] == "male" else "女") + noun
        features = self._features(topics)
        garments = self._garments(topics)
        return self._arrange(called, adjectives, features, garments)

    def some(self, chance: float) -> bool:
        """True with this chance."""
        return bool(self.rng.random() < chance)

    def _noun(self) -> str:
        if self.values["age"] in ("child", "old"):
            self.said.add("age")
            if self.some(0.12):
                return pick(self.rng, ("小孩", "孩子") if self.values["age"] == "child" else ("老年人", "长者"))
        self.said.add("sex")
        return pick(self.rng, NOUNS[self.values["sex"], self.values["age"]])

    def _adjectives(self, topics: set[str]) -> list[str]:
        out = []
        for group, words in (("age", AGES), ("build", BUILDS), ("height", HEIGHTS)):
            if group in topics and self.values[group] in words:
                self.said.add(group)
                out.append(pick(self.rng, words[self.values[group]]))
        return [out[i] for i in self.rng.permutation(len(out))]

    def _features(self, topics: set[str]) -> list[str]:
        out = []
        if "hair" in topics:
            style = self.values["hair"]
            clause = pick(self.rng, HAIR_CLAUSES[style])
            colour = ""
            self.said.add("hair")
            if style != "bald" and self._named("hair_colour") and self.some(0.75):
                self.said.add("hair_colour")
                name = self.names["hair_colour"]
                colour = pick(self.rng, HAIRS.get(name) or COLOURS[name])
                if self.some(0.2):
                    self.said.discard("hair")
                    clause = pick(self.rng, ("{c}头发", "头发是{c}的", "{c}发"))
            out.append(clause.replace("{c}", colour))
        if "beard" in topics and self.values["sex"] == "male" and (self.values["beard"] != "none" or self.some(0.4)):
            self.said.add("beard")
            out.append(pick(self.rng, BEARDS[self.values["beard"]]))
        if "skin" in topics and self._named("skin"):
            self.said.add("skin")
            out.append(pick(self.rng, SKINS[self.names["skin"]]))
        if "eyes" in topics and self._named("eye_colour"):
            self.said.add("eye_colour")
            out.append(f"{EYES[self.names['eye_colour']]}{pick(self.rng, ('眼睛', '色眼睛', '眼'))}")
        return [out[i] for i in self.rng.permutation(len(out))]

    def _named(self, group: str) -> bool:
        return self.names[group] in _table(group)

    def _colour(self, group: str) -> str:
        if not self._named(group):
            return ""
        self.said.add(group)
        word = pick(self.rng, COLOURS[self.names[group]])
        return word + "的" if self.some(0.15) and word.endswith("色") else word

    def _patterned(self, garment: str, pattern: str, colour: str, noun: str) -> str:
        self.said.add(f"{garment}_pattern")
        if pattern == "plain":
            return colour + ("纯色" if self.some(0.04) and not colour else "") + noun
        word = pick(self.rng, PATTERNS[pattern])
        formal = garment == "top" and self.values["top"] in ("suit", "jacket")
        if formal or self.some(0.4):
            return f"{colour}{word}{noun}"
        second = self._colour(f"{garment}_second")
        if second and self.values["top"] == "dress":
            self.said.add("bottom_second")
        if not second:
            return f"{colour}{word}{noun}"
        if len(second) == len(colour) == 1:
            return f"{colour}{second}{word}{noun}"
        return f"{colour}带{second}{word}的{noun}" if self.some(0.5) else f"{colour}和{second}{word}{noun}"

    def _garments(self, topics: set[str]) -> list[str]:
        values = self.values
        out = []
        if "top" in topics:
            out.append(self._top())
        if "bottom" in topics and values["top"] not in ("dress", "suit"):
            self.said.update(("bottom",))
            colour = self._colour("bottom_colour") if self.some(0.9) else ""
            noun = pick(self.rng, BOTTOMS[values["bottom"]])
            if values["bottom"] == "skirt" and self.some(0.5):
                self.said.add("skirt_length")
                length = values["skirt_length"]
                noun = {"mini": "短裙", "knee": "及膝裙", "long": "长裙"}[length]
            out.append(self._patterned("bottom", values["bottom_pattern"], colour, noun))
        if "shoes" in topics and values["shoes"] != "barefoot":
            self.said.add("shoes")
            colour = self._colour("shoe_colour") if self.some(0.75) else ""
            out.append(colour + pick(self.rng, SHOES[values["shoes"]]))
        return out

    def _top(self) -> str:
        values = self.values
        kind = values["top"]
        self.said.add("top")
        colour = self._colour("top_colour") if self.some(0.92) else ""
        noun = pick(self.rng, TOPS[kind])
        if noun == "短袖" and values["sleeve"] != "short":
            noun = "T恤"
        sleeve = "" if noun == "短袖" else self._sleeve()
        if kind == "dress":
            self.said.update(("bottom", "bottom_pattern"))
            if colour:
                self.said.add("bottom_colour")
            length, noun = self._length(noun)
            sleeve += length
        if kind == "suit" and values["bottom"] == "trousers":
            self.said.update(("bottom", "bottom_pattern"))
            if colour and self.names["bottom_colour"] == self.names["top_colour"]:
                self.said.add("bottom_colour")
        text = self._patterned("top", values["top_pattern"], colour, sleeve + noun)
        if kind in ("suit", "jacket") and self.some(0.35):
            text += f"和{self._colour('top_second')}衬衫" if self._named("top_second") else ""
        return text

    def _sleeve(self) -> str:
        """The sleeve's word where it must be said, or sometimes may; other tops imply theirs."""
        kind, sleeve = self.values["top"], self.values["sleeve"]
        usual = {"tshirt": "short", "polo": "short", "shirt": "long"}.get(kind)
        if kind in _IMPLIED_SLEEVE or usual:
            self.said.add("sleeve")
        if (usual and (sleeve != usual or self.some(0.06))) or (kind == "dress" and self.some(0.4)):
            self.said.add("sleeve")
            return SLEEVES[sleeve]
        return ""

    def _length(self, noun: str) -> tuple[str, str]:
        """A dress's length, as a word before its noun or in it."""
        length = self.values["skirt_length"]
        if noun == "长裙" and length == "long":
            self.said.add("skirt_length")
            return "", noun
        noun = "连衣裙" if noun == "长裙" else noun
        if self.some(0.35):
            self.said.add("skirt_length")
            return pick(self.rng, LENGTHS[length]), noun
        return "", noun

    def _arrange(self, noun: str, adjectives: list[str], features: list[str], garments: list[str]) -> str:
        if self.some(0.3):
            garments = [garments[i] for i in self.rng.permutation(len(garments))]
        wearing = pick(self.rng, ("穿着", "穿着", "身穿", "穿", "身着", "身上穿着"))
        listed = (
            "，".join(garments) if self.some(0.1) else _listing(garments, pick(self.rng, ("和", "、", "配", "搭配")))
        )
        worn = wearing + listed if garments else ""
        extra = self._tie_and_feet()
        counted = pick(self.rng, ("一个", "一个", "一位", "一名", "", "这个"))
        plain = "".join(adjectives)
        form = self.rng.random()
        if form < 0.34:  # everything before the noun
            before = [part for part in (worn, *features, *extra) if part]
            joined = "，".join(before) if self.some(0.5) else "、".join(before)
            text = counted + (joined + "的" if joined else "") + plain + noun
        elif form < 0.56:
            text = "，".join(part for part in (counted + plain + noun, *features, worn, *extra) if part)
        elif form < 0.72:
            own = "的".join(features) + "的" if features else ""
            text = "，".join(part for part in (counted + own + plain + noun, worn, *extra) if part)
        elif form < 0.86:
            bare = [noun, *adjectives, *features, *garments, *extra]
            text = pick(self.rng, ("，", "、", " ", ",")).join(part.removesuffix("的") for part in bare)
        else:
            he = ("他" if self.values["sex"] == "male" else "她") if "sex" in self.said else ""
            parts = (counted + plain + noun, he + worn if worn else "", *features, *extra)
            text = "，".join(part for part in parts if part)
        if self.some(0.15):
            text = pick(self.rng, ("生成", "请生成", "画", "创建", "我想要", "给我", "做", "虚拟形象：", "制作")) + text
        return text + pick(self.rng, ("。", "，全身", "")) if self.some(0.2) else text

    def _tie_and_feet(self) -> list[str]:
        out = []
        if self.values["neckwear"] == "tie" and "top" in self.said and self.some(0.6):
            self.said.add("neckwear")
            out.append(f"{pick(self.rng, ('系着', '打着', '戴着', '系'))}{self._colour('tie_colour')}领带")
        elif self.values["top"] == "suit" and self.values["neckwear"] == "none" and self.some(0.15):
            self.said.add("neckwear")
            out.append(pick(self.rng, ("没有领带", "不打领带", "没系领带")))
        if self.values["shoes"] == "barefoot" and self.some(0.4):
            self.said.add("shoes")
            out.append(pick(self.rng, SHOES["barefoot"]))
        return out


def _listing(items: Sequence[str], link: str) -> str:
    return items[0] if len(items) == 1 else f"{'、'.join(items[:-1])}{link}{items[-1]}" if items else ""
