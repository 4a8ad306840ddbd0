"""The reply code and the enhanced status code in a server's words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from bounces.reading.limits import MAX_SAID

# RFC 5321 4.2.1, a reply code of three digits, or RFC 3463 2, class "." subject "." detail.
_TOKEN: Final = re.compile(r"[245](?:[0-5]\d(?![\d.]\d|\d)|\.\d{1,2}\.\d{1,3}(?!\w|\.\d))")
# What may not stand before a code: it would be part of a number, an address, a version or a name.
_NOT_BEFORE: Final = frozenset("0123456789.@_-/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_AFTER_REPLY: Final = frozenset(" \t-:;,)]\"'#_<.")
_BETWEEN: Final = frozenset(" \t-:#'\"(;<[")  # between a reply code and the status that belongs to it (RFC 2034 4)
_MAX_BETWEEN: Final = 6
_CODE_WORD: Final = " code"  # Zoho writes `ERROR_CODE :550, ERROR_CODE :5.1.1`
# A reply code elsewhere than at the start counts after a word or a sign by which systems introduce a reply.
_BEFORE: Final = 24
_INTRODUCTION: Final = re.compile(
    r"(?:^|\W)(?:said|says|replied|responded|responds|response|reply|returned|answered|error|problem|code|responsecode|smtp|status|was|"
    r"failed|rejected|message|diagnostic|reason|command|data|server|host|with|transcript|got|received|deferred|rcpt|closing|me)[\s\-]{0,6}$"
    r"|[:\uff1a;><(\[\"'#][\s:;><(\[\"'#-]{0,6}$|\],\s$",
    re.IGNORECASE,
)
_START: Final = re.compile(r"\s*(?:<<<\s*|smtp;\s*|[\"'(\[<#]\s*)?$", re.IGNORECASE)
_USUAL: Final = re.compile(r"([45][0-5]\d)[ -]([45]\.\d{1,2}\.\d{1,3})\s")
_SUCCESS: Final = re.compile(r"\s*(?:smtp;\s*)?(2[0-5]\d)[\s-]")


def codes_in(text: str) -> tuple[str, str]:
    """Return the reply code and the enhanced status code in `text`, each "" where there is none.

    Of several, the pair that says most: servers quote other servers, and the innermost knows.
    """
    if not text:
        return "", ""
    usual = _USUAL.match(text)
    if usual and not is_vague(usual.group(2)):
        return usual.group(1), usual.group(2)
    every = _tokens(text)
    tokens = [token for token in every if token[1][0] != "2"]
    best: tuple[str, str] | None = None
    for (place, reply), (after, status) in pairwise(tokens):
        if len(reply) != 3 or len(status) == 3 or not _belong(text[place + 3 : after]):
            continue
        if not is_vague(status):
            return reply, status
        best = best or (reply, status)
    if best is not None:
        return best[0], _best_status(tokens) or best[1]
    return _reply_code(text, tokens) or "", _best_status(tokens) or _best_status(every) or ""


def status_in(text: str) -> str | None:
    """Return the first enhanced status code of a failure in `text`, else one of a success; the vague last."""
    found = _tokens(text)
    return _best_status([(p, t) for p, t in found if t[0] != "2"]) or _best_status(found)


def reply_code_in(text: str) -> str | None:
    """Return the SMTP reply code (RFC 5321 4.2.1) in `text`, or None where there is none.

    A number counts where a server's reply starts: at the start, before an enhanced status code, or after a word or
    sign by which systems introduce the reply. A success code counts at the start only, where no failure is told.
    """
    return _reply_code(text, [token for token in _tokens(text) if token[1][0] != "2"])


def is_vague(status: str) -> bool:
    """Say whether the enhanced status code `status` tells nothing but the class, or that time ran out."""
    return status.endswith((".0.0", ".4.7"))


def _tokens(text: str) -> list[tuple[int, str]]:
    """Return each reply code and enhanced status code in `text` with its place, from the left.

    Of a text beyond `MAX_SAID` the first characters are looked at: nobody's answer is as long.
    """
    tokens: list[tuple[int, str]] = []
    for found in _TOKEN.finditer(text, 0, MAX_SAID):
        place, end = found.span()
        token = found.group()
        if place and text[place - 1] in _NOT_BEFORE and (len(token) == 3 or text[place - 1] not in "_"):
            continue
        if len(token) == 3 and end < len(text) and text[end] not in _AFTER_REPLY and not text[end].isspace():
            continue
        tokens.append((place, token))
    return tokens


def _belong(between: str) -> bool:
    if len(between) <= _MAX_BETWEEN and between and all(character in _BETWEEN for character in between):
        return True
    return len(between) <= 16 and between.lower().replace("_", " ").strip(" ,:").endswith(_CODE_WORD)


def _best_status(tokens: list[tuple[int, str]]) -> str | None:
    vague: str | None = None
    for _, token in tokens:
        if len(token) > 3:
            if not is_vague(token):
                return token
            vague = vague or token
    return vague


def _reply_code(text: str, tokens: list[tuple[int, str]]) -> str | None:
    for place, token in tokens:
        if len(token) == 3:
            before = text[max(0, place - _BEFORE) : place]
            if _INTRODUCTION.search(before) or (place < _BEFORE and _START.match(before)):
                return token
    success = _SUCCESS.match(text)
    return success.group(1) if success else None
