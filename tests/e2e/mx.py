"""The recipients' mail server: answers RCPT by the recipient's local part."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.endpoint import require_free

ANSWERS: Final = {
    "gone": "550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table",
    "full": "452 4.2.2 <{address}>: The recipient's mailbox is full, try again later",
    "busy": "451 4.3.2 <{address}>: System not accepting network messages, try again later",
}


class _Recipients:
    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        for start, answer in ANSWERS.items():
            if address.startswith(start):
                return answer.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"


@contextmanager
def mx() -> Iterator[int]:
    """Run the server until left, and yield its port."""
    controller = Controller(_Recipients(), hostname="127.0.0.1", port=require_free(0))
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()
