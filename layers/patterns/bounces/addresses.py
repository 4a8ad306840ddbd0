"""Mail addresses: telling one from other text, and the key under which one is stored.

The stdlib's `email.utils.parseaddr` takes almost any text for an address, and an RFC 5322 parser refuses what real
mail systems write. What counts here is narrower than both: could a message have been sent to this text by SMTP?
"""

import re

# RFC 5321 4.5.3.1: a path is at most 256 octets with its angle brackets, a local part 64.
# Longer local parts exist in the wild (some return paths), so only the whole is bounded here.
MAX_ADDRESS = 254

# \s and \x7f-\x9f: RFC 6531 lets white space and controls beyond ASCII in, but text that has them is prose.
_LABEL = r"[^\x00-\x20\s\x7f-\x9f()<>\[\]:;@\\,\"'`|!{}=?*&%$#^~/+.]{1,63}"
_LITERAL = r"\[[0-9A-Za-z:.\-]{3,45}\]"
_DOT_STRING = r"[^\x00-\x20\s\x7f-\x9f()<>\[\]:;@\\,\"]+"
_QUOTED_STRING = r"\"(?:[^\x00-\x1f\x7f\"\\]|\\[\x20-\x7e])+\""
# What nearly all addresses are; the others are held against all of the rules.
_PLAIN = re.compile(r"[A-Za-z0-9_.+=-]+@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}")
_ADDRESS = re.compile(rf"(?:{_DOT_STRING}|{_QUOTED_STRING})@(?:(?:{_LABEL}\.)*{_LABEL}\.?|{_LITERAL})")


def is_address(text: str) -> bool:
    """Say whether `text`, whole, is an address that a message could have been sent to (RFC 5321 4.1.2).

    Stricter than the RFC's grammar about quoted local parts' control characters, more lenient about what real
    systems write: non-ASCII (RFC 6531), dots at either end of a local part, a domain of one label.
    """
    if len(text) > MAX_ADDRESS:
        return False
    if _PLAIN.fullmatch(text) is not None:
        return True
    if len(text.encode("utf-8", "replace")) > MAX_ADDRESS:
        return False
    return _ADDRESS.fullmatch(text) is not None


def bare(text: str) -> str:
    """Return `text` without white space, angle brackets, an RFC 5321 source route and a `mailto:` around it."""
    text = text.strip(" \t\r\n")
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if text.startswith("@") and ":" in text:  # <@relay.example:user@example.com>, RFC 5321 appendix C
        text = text.rpartition(":")[2]
    return text


def domain_of(address: str) -> str:
    """Return the domain of `address` in lower case, as an A-label where it has one; "" where it has no domain."""
    return _a_label(address.rpartition("@")[2]) if "@" in address else ""


def key(address: str) -> str:
    """Return the key under which `address` is stored and compared: trimmed, lower case, domain as A-label.

    Local parts may differ by case only (RFC 5321 2.4), but no large provider lets them, and one person must
    not be two subscribers.
    """
    local, at, domain = bare(address).rpartition("@")
    return f"{local.lower()}{at}{_a_label(domain)}"


def _a_label(domain: str) -> str:
    domain = domain.rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
