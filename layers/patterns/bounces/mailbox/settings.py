"""The settings of a mailbox: from the JSON of a secret."""

from __future__ import annotations

import re
from typing import Any, Final

from bounces.errors import SettingError, shown
from bounces.knowledge import read_table
from bounces.mailbox.connecting import tls_context
from bounces.mailbox.json_fields import MAX_CERTIFICATES, JsonFields
from bounces.mailbox.mailboxes import (
    IMAP_PORTS,
    POP3_PORTS,
    Credential,
    Filing,
    Folders,
    Mailbox,
    Password,
    Protocol,
    RefreshToken,
    Security,
)
from bounces.mailbox.oauth import token_host

PROVIDERS: Final = "mailbox/providers.toml"
_TENANT: Final = re.compile(r"[A-Za-z0-9.-]{1,253}")


def read_mailbox(text: str) -> tuple[Mailbox, Credential]:
    """Return the mailbox that the JSON `text` of a secret describes, and what logs in to it.

    Raises `SettingError`, which names the key and shows neither a password nor a token.
    """
    fields = JsonFields.of(text)
    oauth = fields.optional_object("oauth")
    protocol = fields.choice("protocol", Protocol, Protocol.IMAP)
    security = fields.choice("security", Security, Security.TLS)
    provider = _provider(oauth.text("provider")) if oauth else {}
    host = fields.text("host") or provider.get("hosts", {}).get(protocol)
    if host is None:
        raise SettingError("host is missing; it is the name of the mailbox's server")
    mailbox = Mailbox(
        protocol=protocol,
        host=host,
        port=fields.port("port", usual_port(protocol, security)),
        security=security,
        user=fields.needed("user"),
        folder=_folder(fields, "folder", "INBOX"),
        filing=fields.choice("filing", Filing, usual_filing(protocol)),
        folders=_folders(fields.object("folders")),
        ca=fields.text("ca", MAX_CERTIFICATES, with_lines=True),
    )
    credential = _credential(fields, oauth, provider, protocol)
    fields.done()
    check(mailbox)
    return mailbox, credential


def usual_port(protocol: Protocol, security: Security) -> int:
    """Return the port of `protocol` with `security` (RFC 8314 7.3)."""
    return (IMAP_PORTS if protocol is Protocol.IMAP else POP3_PORTS)[security]


def usual_filing(protocol: Protocol) -> Filing:
    """Return what is done with mails where nothing is said: by POP3 nothing can be moved."""
    return Filing.MOVE if protocol is Protocol.IMAP else Filing.LEAVE


def check(mailbox: Mailbox) -> None:
    """Raise `SettingError` where settings of `mailbox` do not go together."""
    if mailbox.protocol is Protocol.POP3 and mailbox.filing not in (Filing.LEAVE, Filing.DELETE):
        raise SettingError(f"filing is {mailbox.filing}, which POP3 cannot do; it is leave or delete")
    if mailbox.ca is not None:
        tls_context(mailbox)
    folders = mailbox.folders
    for key in ("processed", "unrecognised", "failed"):
        name = getattr(folders, key)
        if name.lower() == mailbox.folder.lower():
            raise SettingError(f"folders.{key} is {shown(name)}, the folder that is scanned; name another one")
        if "*" in name or "%" in name:  # LIST's wildcards (RFC 3501 6.3.8)
            raise SettingError(f"folders.{key} is {shown(name)}; a name holds neither * nor %")


def _folder(fields: JsonFields, key: str, default: str) -> str:
    return fields.text(key, most=500) or default


def _folders(fields: JsonFields) -> Folders:
    usual = Folders()
    folders = Folders(
        processed=_folder(fields, "processed", usual.processed),
        unrecognised=_folder(fields, "unrecognised", usual.unrecognised),
        failed=_folder(fields, "failed", usual.failed),
    )
    fields.done()
    return folders


def _provider(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    providers = read_table(PROVIDERS)
    if name not in providers:
        raise SettingError(f"oauth.provider is {shown(name)}; it is one of {', '.join(sorted(providers))}, or missing")
    provider: dict[str, Any] = providers[name]
    return provider


def _credential(
    fields: JsonFields, oauth: JsonFields | None, provider: dict[str, Any], protocol: Protocol
) -> Credential:
    password = fields.text("password")
    if (password is None) == (oauth is None):
        raise SettingError("either password or oauth is there, and not both")
    if oauth is None:
        return Password(password or "")
    credential = RefreshToken(
        token_url=_token_url(oauth, provider),
        client_id=oauth.needed("client_id"),
        refresh_token=oauth.needed("refresh_token"),
        client_secret=oauth.text("client_secret"),
        scope=oauth.text("scope") or provider.get("scopes", {}).get(protocol),
    )
    oauth.done()
    return credential


def _token_url(oauth: JsonFields, provider: dict[str, Any]) -> str:
    tenant = oauth.text("tenant") or provider.get("tenant", "")
    if tenant and not _TENANT.fullmatch(tenant):
        raise SettingError(f"oauth.tenant is {shown(tenant)}; it is a tenant's id or domain")
    given = oauth.text("token_url")
    if given is None and not provider:
        raise SettingError("oauth.provider or oauth.token_url is missing")
    url: str = given or provider["token_url"].format(tenant=tenant)
    token_host(url)
    return url
