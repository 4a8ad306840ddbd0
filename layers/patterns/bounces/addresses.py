"""Mail addresses: telling one from other text, and the key under which one is stored.

The stdlib's `email.utils.parseaddr` takes almost any text for an address, and an RFC 5322 parser refuses what real
mail systems write. What counts here is narrower than both: could a message have been sent to this text by SMTP?
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

# RFC 5321 4.5.3.1: a path is at most 256 octets with its angle brackets, a local part 64.
# Longer local parts exist in the wild (some return paths), so only the whole is bounded here.
MAX_ADDRESS: Final = 254
MAX_LABEL: Final = 63

# First and last characters: what nobody sees (Unicode's Cf) but for the two joiners, which some scripts need in a
# domain; and what stands for bytes that are no text. Who has them in an address is not who seems to be written there.
_UNSEEN: Final = (
    *((0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
    *((0xE0001, 0xE007F),),
)
_NO_TEXT: Final = ((0xFFFC, 0xFFFD), (0xD800, 0xDFFF))
_JOINERS: Final = "\u200c\u200d"

# \s and \x7f-\x9f: RFC 6531 lets white space and controls beyond ASCII in, but text that has them is prose.
_LABEL: Final = r"[^\x00-\x20\s\x7f-\x9f()<>\[\]:;@\\,\"'`|!{}=?*&%$#^~/+.]{1,63}"
_LITERAL: Final = r"\[[0-9A-Za-z:.\-]{3,45}\]"
_DOT_STRING: Final = r"[^\x00-\x20\s\x7f-\x9f()<>\[\]:;@\\,\"]+"
_QUOTED_STRING: Final = r"\"(?:[^\x00-\x1f\x7f-\x9f\"\\]|\\[\x20-\x7e])+\""
# What nearly all addresses are; the others are held against all of the rules.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.+=-]+@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}")
_ADDRESS: Final = re.compile(rf"(?:{_DOT_STRING}|{_QUOTED_STRING})@(?:(?:{_LABEL}\.)*{_LABEL}\.?|{_LITERAL})")


@lru_cache(maxsize=64)  # a mail names few, and each is looked at in several places
def is_address(text: str) -> bool:
    """Say whether `text`, whole, is an address that a message could have been sent to (RFC 5321 4.1.2).

    Stricter than the RFC's grammar about quoted local parts' control characters, more lenient about what real
    systems write: non-ASCII (RFC 6531), dots at either end of a local part, a domain of one label. Characters that
    nobody sees are in no address, but for joiners in a domain where its script has them (RFC 5892 appendix A).
    """
    if len(text) > MAX_ADDRESS:
        return False
    if _PLAIN.fullmatch(text) is not None:
        return True
    if len(text.encode("utf-8", "replace")) > MAX_ADDRESS:
        return False
    if _ADDRESS.fullmatch(text) is None:
        return False
    return text.isascii() or _is_seen(text)


def bare(text: str) -> str:
    """Return `text` without white space, angle brackets, an RFC 5321 source route and a `mailto:` around it.

    What nobody sees is taken off likewise: the mark at a file's beginning, spaces without width of a spreadsheet.
    """
    text = _trimmed(text)
    if text.startswith("<") and text.endswith(">"):
        text = _trimmed(text[1:-1].strip())
    if text[:7].lower() == "mailto:":
        text = _trimmed(text[7:])
    if text.startswith("@") and ":" in text:  # <@relay.example:user@example.com>, RFC 5321 appendix C
        text = _trimmed(text.rpartition(":")[2])
    return text


def domain_of(address: str) -> str:
    """Return the domain of `address` in lower case, as an A-label where it has one; "" where it has no domain."""
    return _a_label(address.rpartition("@")[2]) if "@" in address else ""


def key(address: str) -> str:
    """Return the key under which `address` is stored and compared: trimmed, lower case, domain as A-label.

    Local parts may differ by case only (RFC 5321 2.4), but no large provider lets them, and one person must
    not be two subscribers. Nor by how an accent is written (NFC, RFC 6532 3.1), nor by quotes and backslashes that
    nothing asks for (RFC 5321 4.1.2).
    """
    local, at, domain = bare(address).rpartition("@")
    return f"{_local_part(local)}{at}{_a_label(domain)}"


def _trimmed(text: str) -> str:
    return text.strip(" \t\r\n") if text.isascii() else text.strip(_around())


def _is_seen(text: str) -> bool:
    """Say whether the address `text`, beyond ASCII, has no character that nobody sees, at a place where none may be."""
    if not _unseen().isdisjoint(text) or not _no_text().isdisjoint(text):
        return False
    local, _, domain = text.rpartition("@")
    if any(joiner in local for joiner in _JOINERS):
        return False
    return not any(joiner in domain for joiner in _JOINERS) or _a_label(domain).isascii()


@cache
def _unseen() -> frozenset[str]:
    return _characters(_UNSEEN)


@cache
def _no_text() -> frozenset[str]:
    return _characters(_NO_TEXT)


@cache
def _around() -> str:
    """Return what is taken off around an address: white space (any of Unicode's), and what nobody sees."""
    spaces = [character for character in map(chr, range(0x3001)) if character.isspace()]
    return "".join((*spaces, *_JOINERS, *_unseen()))


def _characters(ranges: Iterable[tuple[int, int]]) -> frozenset[str]:
    return frozenset([chr(code) for first, last in ranges for code in range(first, last + 1)])


def _local_part(local: str) -> str:
    local = local.lower() if local.isascii() else _composed(local)
    if not local.startswith('"') or re.fullmatch(_QUOTED_STRING, local) is None:
        return local
    said = re.sub(r"\\(.)", r"\1", local[1:-1])
    if re.fullmatch(_DOT_STRING, said) is not None:
        return said
    said = said.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'


def _composed(text: str) -> str:
    """Return `text` in lower case and in Unicode's form NFC."""
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _a_label(domain: str) -> str:
    if domain.isascii():
        return domain.rstrip(".").lower()
    return _a_label_beyond_ascii(domain)


def _a_label_beyond_ascii(domain: str) -> str:
    """Return `domain` as IDNA2008 has it, mapped as UTS #46 says: `ß` and `ς` are letters of their own there.

    `idna` is imported here, since nearly no domain needs it. Lower case is part of the mapping, and not that of `str`,
    which makes a Σ at the end of a word a ς.
    """
    import idna

    try:
        mapped = idna.uts46_remap(domain, False, False)
    except UnicodeError:  # a character that no domain has
        return _composed(domain).rstrip(f".{_around()}")  # a dot may stand before what nobody sees
    return ".".join([_a_label_of(label) for label in mapped.rstrip(".").split(".")])


def _a_label_of(label: str) -> str:
    """Return the A-label of `label`, which is mapped; as it is where it can have none.

    IDNA2008 refuses symbols, and registries sell them: an emoji gets the A-label that browsers give it. Joiners at a
    place where no script has them, and what is longer than a label, get none.
    """
    import idna

    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except UnicodeError:
        pass
    if "\u200c" in label or "\u200d" in label:
        return label
    try:
        made = "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return label
    return made if len(made) <= MAX_LABEL else label
