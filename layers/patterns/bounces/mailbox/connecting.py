"""The way to a mailbox's server: a socket, TLS with the certificate verified, and what is said where that fails."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import Final

from bounces.errors import Disconnected, MailboxError, MailboxRefused, SettingError, shown
from bounces.mailbox.mailboxes import IMAP_PORTS, POP3_PORTS, Mailbox, Protocol, Security

# OpenSSL's reasons where what comes is no TLS.
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds are waited for a connection and for each piece of an answer."""

    connect: float = 20.0
    read: float = 60.0


USUAL_TIMEOUTS: Final = Timeouts()


def tls_context(mailbox: Mailbox) -> ssl.SSLContext:
    """Return what verifies the certificate and the name of the server of `mailbox`.

    Raises `SettingError` where its `ca` holds no certificate.
    """
    try:
        return ssl.create_default_context(cadata=mailbox.ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise SettingError(f"ca holds no certificate in PEM: {shown(str(error))}") from error


def connected(mailbox: Mailbox, timeout: float) -> socket.socket:
    """Return a socket to the server of `mailbox`, in TLS where its security is TLS from the first byte.

    Raises `MailboxRefused` where its security is plain and the address is none of this machine's, and `OSError`.
    """
    connection = socket.create_connection((mailbox.host, mailbox.port), timeout)
    try:
        if mailbox.security is Security.PLAIN and not _is_loopback(connection.getpeername()[0]):
            raise MailboxRefused(
                f"security plain is taken of this machine's own addresses only, and {shown(mailbox.host)} is none:"
                " anybody in between could read the password; use tls or starttls"
            )
        if mailbox.security is Security.TLS:
            return tls_context(mailbox).wrap_socket(connection, server_hostname=mailbox.host)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def connection_error(error: OSError, mailbox: Mailbox) -> MailboxError:
    """Return what `error`, of the connection to `mailbox`, means: `MailboxRefused` where it would come again."""
    where = shown(f"{mailbox.host}:{mailbox.port}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailboxRefused(
            f"the certificate of {where} cannot be trusted: {shown(error.verify_message)};"
            " is the host named as in its certificate? A private certificate authority is named by ca"
        )
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        ports = IMAP_PORTS if mailbox.protocol is Protocol.IMAP else POP3_PORTS
        return MailboxRefused(
            f"{where} does not speak TLS from the first byte;"
            f" that is usual on port {ports['tls']}, and security starttls on port {ports['starttls']}"
        )
    if isinstance(error, TimeoutError):
        return Disconnected(f"{where} did not answer in time")
    return Disconnected(f"the connection to {where} failed: {shown(error.strerror or str(error))}")
