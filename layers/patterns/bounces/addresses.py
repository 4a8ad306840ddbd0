"""Mail addresses: telling one from other text, and the key under which one is stored.

The stdlib's `email.utils.parseaddr` takes almost any text for an address, and an RFC 5322 parser refuses what real
mail systems write. What counts here is narrower than both: could a message have been sent to this text by SMTP?
"""

import re

# RFC 5321 4.5.3.1: a path is at most 256 octets with its angle brackets, a local part 64.
# Longer local parts exist in the wild (some return paths), so only the whole is bounded here.
MAX_ADDRESS = 254
MAX_LABEL = 63

# What nobody sees (Unicode's Cf) but for the two joiners, which some scripts need in a domain; and what stands for
# bytes that are no text. Whoever has them in an address is not who seems to be written there.
_UNSEEN = (
    r"\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e007f"
)
_NO_TEXT = r"\ufffc\ufffd\ud800-\udfff"
_JOINERS = r"\u200c\u200d"
_SPACES = r"\t\n\x0b\x0c\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

# \s and \x7f-\x9f: RFC 6531 lets white space and controls beyond ASCII in, but text that has them is prose.
_LABEL = rf"[^\x00-\x20\s\x7f-\x9f{_UNSEEN}{_NO_TEXT}()<>\[\]:;@\\,\"'`|!{{}}=?*&%$#^~/+.]{{1,63}}"
_LITERAL = r"\[[0-9A-Za-z:.\-]{3,45}\]"
_DOT_STRING = rf"[^\x00-\x20\s\x7f-\x9f{_JOINERS}{_UNSEEN}{_NO_TEXT}()<>\[\]:;@\\,\"]+"
_QUOTED_STRING = rf"\"(?:[^\x00-\x1f\x7f-\x9f{_JOINERS}{_UNSEEN}{_NO_TEXT}\"\\]|\\[\x20-\x7e])+\""
# What nearly all addresses are; the others are held against all of the rules.
_PLAIN = re.compile(r"[A-Za-z0-9_.+=-]+@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}")
_ADDRESS = re.compile(rf"(?:{_DOT_STRING}|{_QUOTED_STRING})@(?:(?:{_LABEL}\.)*{_LABEL}\.?|{_LITERAL})")


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
    return ("\u200c" not in text and "\u200d" not in text) or domain_of(text).isascii()


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
    return text.strip(" \t\r\n") if text.isascii() else text.strip(_AROUND)


def _characters(ranges: str) -> str:
    """Return the characters of `ranges`, which are written as within the brackets of an expression."""
    written = ranges.encode("ascii").decode("unicode_escape")
    codes: list[int] = []
    for place, character in enumerate(written):
        if character == "-":
            codes.extend(range(ord(written[place - 1]) + 1, ord(written[place + 1])))
        else:
            codes.append(ord(character))
    return "".join([chr(code) for code in codes])


_AROUND = _characters(_SPACES + _JOINERS + _UNSEEN)


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
        return _composed(domain).rstrip(".")
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
