"""The reply code and the enhanced status code in a server's words."""

from __future__ import annotations

import re
from typing import Final

# RFC 3463 2: class "." subject "." detail, not a part of an IP address, a version or a name.
_STATUS: Final = re.compile(r"(?<![\d.\w-])([245])\.(\d{1,2})\.(\d{1,3})(?![\d\w]|\.\d)")
# RFC 5321 4.2: a reply is a code, a space or hyphen, and text; here followed by an enhanced status code (RFC 2034 4).
_PAIR: Final = re.compile(
    r"(?<![\d.])([245][0-5]\d)[\s\-:#'\"(;<\[]{1,6}([245]\.\d{1,2}\.\d{1,3})(?!\d|\.\d)"
    r"|(?<![\d.])([245][0-5]\d)\W{1,4}code ?:? ?([245]\.\d{1,2}\.\d{1,3})(?!\d|\.\d)"
)
_CODE: Final = re.compile(r"(?<![\d.@])([45][0-5]\d)(?=$|[\s\-:;,)\]\"'#_<]|\.\s)")
# A code elsewhere than at the start counts after a word or a sign by which systems introduce a reply.
_BEFORE_CODE: Final = 24
_INTRODUCTION: Final = re.compile(
    r"(?:^|\W)(?:said|says|replied|responded|responds|response|reply|returned|answered|error|code|smtp|status|was|failed|"
    r"rejected|message|diagnostic|reason|command|data|server|host|with|transcript|got|received|deferred|me)[\s\-]{0,6}$"
    r"|[:;><(\[\"'#][\s:;><(\[\"'#-]{0,6}$",
    re.IGNORECASE,
)
_START: Final = re.compile(r"\s*(?:<<<\s*|smtp;\s*|[\"'(\[<#]\s*)?$", re.IGNORECASE)
_SUCCESS: Final = re.compile(r"\s*(?:smtp;\s*)?(2[0-5]\d)[\s-]")
# What says only that time ran out, or nothing: another code in the same words says more.
_VAGUE: Final = re.compile(r"[245]\.(?:0\.0|4\.7)")


def codes_in(text: str) -> tuple[str, str]:
    """Return the reply code and the enhanced status code in `text`, each "" where there is none.

    Of several, the pair that says most: servers quote other servers, and the innermost knows.
    """
    best: tuple[str, str] | None = None
    for found in _PAIR.finditer(text):
        pair = (found.group(1) or found.group(3), found.group(2) or found.group(4))
        if pair[1][0] == "2":
            continue
        if not _VAGUE.fullmatch(pair[1]):
            return pair
        best = best or pair
    if best is not None:
        return best[0], status_in(text) or best[1]
    return reply_code_in(text) or "", status_in(text) or ""


def status_in(text: str) -> str | None:
    """Return the first enhanced status code of a failure in `text`, else one of a success; the vague last."""
    vague: str | None = None
    success: str | None = None
    for found in _STATUS.finditer(text):
        status = found.group()
        if status[0] == "2":
            success = success or status
        elif not _VAGUE.fullmatch(status):
            return status
        else:
            vague = vague or status
    return vague or success


def reply_code_in(text: str) -> str | None:
    """Return the SMTP reply code (RFC 5321 4.2.1) in `text`, or None where there is none.

    A number counts where a server's reply starts: at the start, before an enhanced status code, or after a word or
    sign by which systems introduce the reply. A success code counts at the start only, where no failure is told.
    """
    for found in _CODE.finditer(text):
        place = found.start()
        before = text[max(0, place - _BEFORE_CODE) : place]
        if _INTRODUCTION.search(before) or (place < _BEFORE_CODE and _START.match(before)):
            return found.group()
    success = _SUCCESS.match(text)
    return success.group(1) if success else None


def is_vague(status: str) -> bool:
    """Say whether the enhanced status code `status` tells nothing but the class, or that time ran out."""
    return _VAGUE.fullmatch(status) is not None
