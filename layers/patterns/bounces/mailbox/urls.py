"""A mailbox named by a URL, as the command takes it.

imap://bounces%40example.com@mail.example.com/INBOX?security=starttls
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from bounces.errors import SettingError, shown
from bounces.mailbox.json_fields import chosen
from bounces.mailbox.mailboxes import Filing, Folders, Mailbox, Protocol, Security
from bounces.mailbox.settings import check, usual_filing, usual_port

SCHEMES: Final = {
    "imap": Protocol.IMAP,
    "imaps": Protocol.IMAP,
    "pop3": Protocol.POP3,
    "pop3s": Protocol.POP3,
    "pop": Protocol.POP3,
}
_FORM: Final = "imap://USER@HOST/FOLDER"
MAX_URL: Final = 2_000


def mailbox_of_url(
    url: str,
    *,
    security: Security | None = None,
    filing: Filing | None = None,
    folders: Folders = Folders(),  # noqa: B008  # frozen
    ca: str | None = None,
) -> Mailbox:
    """Return the mailbox that `url` names (RFC 5092, RFC 2384), with TLS from the first byte unless it says otherwise.

    The user and the folder are percent-encoded where they hold `/`, `?`, `#` or `%`. `security` comes before what the
    URL says by `?security=`. Raises `SettingError`, also for a URL with a password; it shows no password.
    """
    parts, port = _parts(url)
    protocol = SCHEMES[parts.scheme]
    chosen_security = security or _security(parts.query) or Security.TLS
    if parts.scheme.endswith("s") and chosen_security is not Security.TLS:
        raise SettingError(f"{parts.scheme}:// is TLS from the first byte; for another security, use {protocol}://")
    folder = _decoded("folder", parts.path.removeprefix("/"))
    if protocol is Protocol.POP3 and folder:
        raise SettingError(f"the URL names a folder, {shown(folder)}, and POP3 has none; leave it out")
    mailbox = Mailbox(
        protocol=protocol,
        host=parts.hostname or "",
        port=port or usual_port(protocol, chosen_security),
        security=chosen_security,
        user=_decoded("user", parts.username or ""),
        folder=folder or "INBOX",
        filing=filing or usual_filing(protocol),
        folders=folders,
        ca=ca,
    )
    check(mailbox)
    return mailbox


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """Return the parts of `url` and its port, having looked that what is needed is there and no password is."""
    if len(url) > MAX_URL or any(ord(letter) <= ord(" ") or letter == "\x7f" for letter in url):
        raise SettingError(f"the URL is too long, or holds a space or a control character; its form is {_FORM}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingError(f"the URL's host or port cannot be read; its form is {_FORM}") from None
    if parts.password is not None:
        raise SettingError(
            "the URL holds a password, which every user of this machine can read in the list of processes, and the"
            " shell keeps; take it out, and change it: a password is asked for, or read from where docs/mailbox.md says"
        )
    if parts.scheme not in SCHEMES:
        raise SettingError(f"{shown(parts.scheme)} is no scheme of a mailbox; there are {', '.join(SCHEMES)}")
    if not parts.hostname or not parts.username:
        raise SettingError(f"the URL names no {'user' if parts.hostname else 'host'}; its form is {_FORM}")
    if parts.fragment or port == 0:
        raise SettingError(f"the URL has a # or port 0, which mean nothing here; its form is {_FORM}")
    return parts, port


def _security(query: str) -> Security | None:
    """Return what the URL's query says; it may say the security alone."""
    said = parse_qsl(query, keep_blank_values=True)
    if not said:
        return None
    if len(said) > 1 or said[0][0] != "security":
        raise SettingError(f"the URL says {shown(query)}; behind the ? stands security= alone")
    return chosen("security", said[0][1], Security)


def _decoded(what: str, text: str) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise SettingError(f"the {what} in the URL is no UTF-8 once its percent signs are decoded") from None
    if any(ord(letter) < ord(" ") or letter == "\x7f" for letter in decoded):
        raise SettingError(f"the {what} in the URL holds a control character")
    return decoded
