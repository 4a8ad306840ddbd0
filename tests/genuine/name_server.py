"""The name server of the recipients' side: MX, addresses, a null MX, a name without records, names that are not.

Answers over UDP only, and only A, MX and PTR; every other type has no records (RFC 1035).
"""

import asyncio
import struct
from ipaddress import IPv4Address
from typing import Final

from tests.genuine.world import NAME_SERVER, SENDER_ADDRESS, SENDER_HOST, World

_A, _SOA, _PTR, _MX, _CLASS_IN = 1, 6, 12, 15, 1
_NO_SUCH_NAME: Final = 3
_SECONDS: Final = 60


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, world: World) -> None:
        self._records, self._names = _records(world)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, query: bytes, sender: tuple[str, int]) -> None:
        name, end = _name_at(query, 12)
        (kind,) = struct.unpack("!H", query[end : end + 2])
        found = self._records.get((name, kind), [])
        code = 0 if name in self._names else _NO_SUCH_NAME
        authority = b"" if found else _record("example.net", _SOA, _soa())
        # A response, authoritative, recursion as asked for and had; one question.
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found), 0 if found else 1, 0)
        answers = b"".join(_record(name, kind, content) for content in found)
        self._transport.sendto(head + query[12 : end + 4] + answers + authority, sender)  # type: ignore[attr-defined]


async def serve(world: World) -> None:
    """Serve on the name server's address until the loop ends."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: _Answers(world), local_addr=(NAME_SERVER, 53))


def _records(world: World) -> tuple[dict[tuple[str, int], list[bytes]], set[str]]:
    addresses = {SENDER_HOST: SENDER_ADDRESS, "ns.example.net": NAME_SERVER}
    exchanges = {domain: b"\0\0" + _packed(".") for domain, what in world.domains.items() if what == "null MX"}
    names = {domain for domain, what in world.domains.items() if what != "no such name"}
    for domain, host in world.hosts.items():
        addresses[f"mx.{domain}"] = host.address
        exchanges[domain] = struct.pack("!H", 10) + _packed(f"mx.{domain}")
    records = {(name, _A): [IPv4Address(address).packed] for name, address in addresses.items()}
    records |= {(domain, _MX): [content] for domain, content in exchanges.items()}
    records |= {(IPv4Address(a).reverse_pointer, _PTR): [_packed(name)] for name, a in addresses.items()}
    return records, names | {name for name, _ in records} | {"example", "sender.example", "example.com"}


def _record(name: str, kind: int, content: bytes) -> bytes:
    return _packed(name) + struct.pack("!HHIH", kind, _CLASS_IN, _SECONDS, len(content)) + content


def _soa() -> bytes:
    return _packed("ns.example.net") + _packed("hostmaster.example.net") + struct.pack("!IIIII", 1, 60, 60, 60, 60)


def _packed(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _name_at(query: bytes, at: int) -> tuple[str, int]:
    labels = []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    return ".".join(labels), at + 1
