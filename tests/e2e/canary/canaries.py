"""Values that must not turn up anywhere, and the search for them.

A canary is looked for by its first, middle and last bytes, each as it is and in every writing that a program could give
it on its way into a text: base64 at any offset, hexadecimal, escaped for a URL or for JSON.
"""
import base64
import json
import random
import re
import string
import urllib.parse

PIECE = 8  # bytes; base64 of it still has ten characters that no neighbour changes
JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}")
_dice = random.SystemRandom()


def text(length=32, alphabet=string.ascii_letters + string.digits):
    return "".join(_dice.choice(alphabet) for _ in range(length))


def awkward():
    """Text that looks different in JSON, in a URL and in a shell, in each of its pieces."""
    return "".join(text(3) + end + text(3) + other for end, other in (('"<', "/"), ("&+", "%"), ("\\'", "\u00e9"), (" {", "}")))


def _base64_forms(piece):
    """The characters of it that are the same whatever stands before and behind, at offsets 0, 1 and 2."""
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + piece)
        first, end = -(-8 * offset // 6), 8 * (offset + len(piece)) // 6
        yield coded[first:end]
        yield coded[first:end].translate(bytes.maketrans(b"+/", b"-_"))


def _text_forms(piece):
    try:
        words = piece.decode()
    except UnicodeDecodeError:
        return
    for quoted in (urllib.parse.quote(words, safe=""), urllib.parse.quote_plus(words)):
        yield quoted.encode()
        yield re.sub("%..", lambda m: m.group(0).lower(), quoted).encode()
    yield "".join(f"%{b:02X}" for b in piece).encode()
    for ascii_only in (True, False):
        escaped = json.dumps(words, ensure_ascii=ascii_only)[1:-1]
        yield escaped.encode()
        for c in "<>&":
            escaped = escaped.replace(c, f"\\u{ord(c):04x}")
        yield escaped.encode()
        yield json.dumps(escaped, ensure_ascii=ascii_only)[1:-1].encode()  # JSON in JSON


def forms(piece):
    """{writing of the piece: what it is called}; of two names for the same writing the first stays."""
    found = {piece: "plain"}
    for coded in _base64_forms(piece):
        found.setdefault(coded, "base64")
    for coded in (piece.hex(), piece.hex().upper(), piece.hex(":"), piece.hex(" ")):
        found.setdefault(coded.encode(), "hex")
    # fmt's %v of bytes, and the order of bytes of a big number
    found.setdefault(" ".join(map(str, piece)).encode(), "decimal")
    found.setdefault(piece[::-1], "reversed")
    for coded in _text_forms(piece):
        found.setdefault(coded, "escaped")
    return found


def pieces(value):
    """First, middle and last; of text, no character is cut."""
    if len(value) <= 2 * PIECE:
        return {value[:PIECE], value[-PIECE:]}
    middle = (len(value) - PIECE) // 2
    cut = {value[:PIECE], value[middle:middle + PIECE], value[-PIECE:]}
    return {piece.decode(errors="ignore").encode() if len(piece.decode(errors="ignore").encode()) >= PIECE - 2 else piece for piece in cut}


class Canaries:
    """Names and values. homes: pairs (namespace, name) of the Secrets that may hold it."""

    def __init__(self):
        self.values = {}
        self.homes = {}
        self._forms = []  # (writing, what)

    def add(self, name, value=None, *homes):
        """Gives the value back; a random one if none is given."""
        value = text() if value is None else value
        data = value if isinstance(value, bytes) else value.encode()
        assert len(data) >= PIECE, name
        self.values[name] = data
        self.homes[name] = set(homes)
        for piece in pieces(data):
            self._forms += [(written, (name, form)) for written, form in forms(piece).items()]
        return value

    def find(self, data, skip=(), only=None):
        """[(name, writing, offset)] of all that is found; tokens of any kind are found as "JWT". only: names to look for,
        for a large haystack."""
        data = data if isinstance(data, bytes) else data.encode(errors="surrogateescape")
        hits = {}
        for written, (name, form) in self._forms:
            if name in skip or (only and name not in only) or (name, form) in hits:
                continue
            at = data.find(written)
            if at >= 0:
                hits[name, form] = at
        found = [(name, form, at) for (name, form), at in hits.items()]
        if "JWT" not in skip and (only is None or "JWT" in only):
            found += [("JWT", "plain", m.start()) for m in JWT.finditer(data)]
        return found

    def absent(self, data, where, skip=()):
        data = data if isinstance(data, bytes) else data.encode(errors="surrogateescape")
        found = self.find(data, skip)
        shown = "\n".join(f"  {name} ({form}): ...{data[max(0, at - 200):at + 60]!r}..." for name, form, at in found)
        assert not found, f"in {where}:\n{shown}"
