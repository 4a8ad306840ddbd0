"""mail-parser's reader without its flattening of the mail, which costs most of its time and is not used.

Not compiled, since the class that it stands on is not.
"""

from __future__ import annotations

import logging
from email.message import Message
from typing import Any

import mailparser

# It logs a warning with a stranger's words for each part that it does not know.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)


class Structure(mailparser.MailParser):  # type: ignore[misc]
    """A mail as mail-parser splits it, and no more."""

    def parse(self) -> Any:
        """Return the mail as it was split; mail-parser would go on to collect what its parts say."""
        return self


def message_of(raw: bytes) -> Message[Any, Any] | None:
    """Return the mail `raw` split into parts. Raises whatever mail-parser does."""
    message: Message[Any, Any] | None = Structure.from_bytes(raw).message
    return message
