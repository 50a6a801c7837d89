"""Where the fuzz tests' inputs come from: strange words and numbers, mutations, and whatever is nearly right."""

import io
import struct
import zlib

import numpy as np
from fuzz_support import SECRET
from PIL import Image

from lodestream_server.config import Config

_INTERESTING = (0, 1, 2, 3, 4, 127, 128, 255, 256, 1023, 1024, 65_535, 65_536, 2**20, 2**31 - 1, 2**31, 2**32 - 1)
HUGE = (2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
NUMBERS = (*_INTERESTING, *HUGE)
TEXTS = (
    "", " ", "\t\r\n", "\0", "a\x7fb", "\ufeff", "\ufffe", "\u202e\u2066abc", "e\u0301" * 300, "\U0001d160" * 2000,
    "a" * 2000, "a" * 2001, "名" * 2000, "😀" * 64, "../../../etc/passwd", "..\\..\\boot.ini", "%2e%2e%2f", "%s%n%x",
    "{0.__class__}", "${jndi:ldap://x}", "'; DROP TABLE avatars; --", "<script>alert(1)</script>", "\x1b[31m", "𒐫" * 99,
    "-1", "1e309", "nan", "inf", "0x10", "true", "null", "[]", "{}", "ARKit", "jawOpen", "viseme_aa", "0" * 32,
    "f" * 32, "F" * 32, "g" * 32, "0" * 31 + "\n", "\uff10" * 32,
)  # fmt: skip


def mutated(dice, data):
    """`data` with some bytes flipped, cut out, doubled, overwritten, or its end missing."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        at = dice.randrange(len(out)) if out else 0
        match dice.randrange(7):
            case 0 if out:
                out[at] ^= 1 << dice.randrange(8)
            case 1 if out:
                out[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, dice.randrange(256)))
            case 2:
                del out[at : at + dice.randrange(1, 9)]
            case 3:
                out[at:at] = dice.randbytes(dice.randrange(1, 9))
            case 4:
                out[at:at] = out[at : at + dice.randrange(1, 65)] * dice.randrange(1, 4)
            case 5:
                out[at : at + 4] = dice.choice(_INTERESTING).to_bytes(4, dice.choice(("big", "little")))
            case _:
                del out[at:]
    return bytes(out)


def scrambled(dice, text):
    """`text` with characters exchanged, cut out and put in."""
    out = list(text)
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        at = dice.randrange(len(out) + 1)
        piece = dice.choice((*TEXTS[:20], *"\"'=[]{}#.,:/@-\\~\n\t \0é名", "0" * 50, "9" * 5000, "[" * 3000))
        match dice.randrange(3):
            case 0:
                out[at:at] = piece
            case 1:
                del out[at : at + dice.randrange(1, 12)]
            case _:
                out[at : at + 1] = dice.choice((piece[:1], chr(dice.randrange(0xD800)), "\udcff"))
    return "".join(out)


def varint(value):
    """A number as protobuf writes it; a negative one in ten bytes."""
    value %= 2**64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(number, value):
    """A field as protobuf writes it: bytes and texts with their length, numbers as they are."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def png_part(name, data):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, *, parts=b"", depth=8, colour=2, interlace=0, data=bytes(99)):
    """A PNG file that claims whatever it is told to."""
    header = struct.pack(">IIBBBBB", width % 2**32, height % 2**32, depth, colour, 0, 0, interlace)
    body = png_part(b"IHDR", header) + parts + png_part(b"IDAT", zlib.compress(data)) + png_part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def request(dice):
    """A request that is well-formed, mostly, and makes sense, sometimes."""

    def wild():
        return dice.choice((*TEXTS, *NUMBERS, dice.randbytes(dice.randrange(40))))

    resume = b"".join(field(n, wild()) for n in dice.choices((1, 1, 2, 3, 3, 7), k=dice.randrange(4)))
    known = {1: "a man", 2: b"\x89PNG", 3: 7, 4: b"\x03\x02", 5: 1, 6: 1, 7: "jawOpen", 8: 2048, 9: resume, 10: 1024}
    numbers = dice.choices((*known, 1, 1, 7, 11, 2**29 - 1), k=dice.randrange(7))
    fields = [field(n, known.get(n, b"")) if dice.random() < 0.6 else field(n, wild()) for n in numbers]
    return b"".join(fields)


def pictures():
    """A small file of every kind."""
    noise = np.random.default_rng(0).integers(0, 256, (24, 33, 4), np.uint8)
    picture = Image.fromarray(noise)
    exif = Image.Exif()
    exif[0x0112] = 6
    wanted = [("PNG", mode, {}) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")]
    wanted += [("PNG", "RGBA", {"exif": exif}), ("PNG", "P", {"transparency": 0})]
    wanted += [("JPEG", mode, {"progressive": mode == "RGB", "exif": exif}) for mode in ("RGB", "L", "CMYK")]
    wanted += [("WEBP", "RGBA", {"lossless": lossless, "exif": exif}) for lossless in (False, True)]
    files = []
    for kind, mode, more in wanted:
        file = io.BytesIO()
        grey = picture.convert("L") if mode == "I;16" else picture
        grey.convert(mode).save(file, kind, **more)
        files.append(file.getvalue())
    return files


SECRETS = (
    f'store = "s3://user:{SECRET}@bucket/folder?secret_key={SECRET}&x=1"',
    f'traces = "grpc://user:{SECRET}/@host:1"',
    f'traces = "http://host/?api_key={SECRET}"',
    f'store = "s3://{SECRET}/{SECRET}@bucket"',
    f'listen = "http://{SECRET}@host:1"',
)
GOOD = """listen = "127.0.0.1:1"
http = "off"
data_dir = "~/avatars"
engine = "auto"
workers = 2
batch_wait = 0.002
rate = 1.5
burst = 20
insecure = true
tls_key = '''key'''
drain = 1e1
log_format = "json"
"""


def values(dice):
    """What somebody may give to an option."""
    text = dice.choice((*TEXTS, *map(str, NUMBERS), "9" * 5000, "-inf", "1e-320", "~nobody-at-all/x", "a" * 5000))
    text = dice.choice((text, text, "0.0.0.0:1", "[::1]:0", "a..b:1", "\udcff:1", "127.0.0.1:65536", "x/y:1", "off"))
    return scrambled(dice, text) if dice.random() < 0.5 else text


def toml(dice):
    """A file of options that is nearly right."""
    lines = GOOD.splitlines()
    for _ in range(dice.randrange(3)):
        at = dice.randrange(len(lines))
        lines[at] = scrambled(dice, lines[at])
    if dice.random() < 0.3:
        name = dice.choice(list(Config.__dataclass_fields__))
        odd = ("1979-05-27", "[1]", "{a=1}", "0x" + "f" * 5000, "9" * 5000, "nan", '"\\u0000"', "[" * 9999, "0o7", "-0")
        lines.append(f"{name} = {dice.choice(odd)}")
    lines[dice.randrange(len(lines)) : 0] = dice.choices(SECRETS, k=dice.randrange(2))
    return "\n".join(lines).encode(errors="surrogatepass")


def http_request(dice, secret):
    """A request that is nearly right."""
    path = dice.choice(
        ("/metrics", "/healthz", "/", "*", "//evil.example/x", "/metrics/../../etc/passwd", "/%2e%2e/%00",
         f"/?token={secret} x", "/healthz?" + "a" * 99, "http://x/metrics", "/" + "a" * 70_000, "/\xff", "")
    )  # fmt: skip
    method = dice.choice(
        ("GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "PRI", "__init__")
    )
    version = dice.choice(("HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1.1", "HTTP/9999999999.1", "x", ""))
    headers = dice.choices(
        (f"Authorization: Bearer {secret}", "Authorization: Basic eDp5", "Host: x", "Content-Length: 999999999999",
         "Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: h2c", ": x", "x", " folded",
         "A: " + "b" * 70_000, "Connection: keep-alive", "\xff: \xfe"),
        k=dice.choice((0, 1, 2, 5, 150 if dice.random() < 0.05 else 1)),
    )  # fmt: skip
    return "\r\n".join((f"{method} {path} {version}", *headers, "", dice.choice(("", "body", "\0" * 99)))).encode(
        "latin-1"
    )
