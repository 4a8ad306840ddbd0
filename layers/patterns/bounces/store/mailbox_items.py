"""The Mailboxes table's items as PynamoDB models.

| part             | item        | holds                                                  | written                    |
|------------------|-------------|--------------------------------------------------------|----------------------------|
| a mailbox's name | `state`     | who scans it until when, and how far it was worked off | by who has the lease alone |
| the same         | `mark#TEXT` | that a mail was taken which stays in its mailbox       | when the mail is safe      |
"""

from __future__ import annotations

from typing import Final, Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.models import Model

STATE: Final = "state"
MARK: Final = "mark#"


class MailboxItem(Model):
    """What every item of the table has: the name of its mailbox (`bounces.mailbox.mailboxes.Mailbox.name`)."""

    part = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)


class ScanItem(MailboxItem):
    """Item `state`: one a mailbox that was ever scanned.

    `owner` and `lease_until` are there while somebody scans it; `cut_off` says that a scan before did not end cleanly,
    and that none since then has got any further. The item never expires: without it a mailbox would be read from its
    beginning.
    """

    epoch = UnicodeAttribute(null=True)
    done = NumberAttribute(null=True)
    missed = NumberSetAttribute(null=True)  # numbers up to `done` of mails that could not be had
    owner = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(null=True)  # seconds since 1970
    cut_off = BooleanAttribute(null=True)


class MarkItem(MailboxItem):
    """Item `mark#TEXT`: a mark that a scan remembers."""

    expires_at = NumberAttribute()  # the table's TTL attribute

    @property
    def mark(self) -> str:
        """The mark itself."""
        return self.item.removeprefix(MARK)

    @classmethod
    def of(cls, mailbox: str, mark: str, expires_at: int) -> Self:
        """Return the item that remembers `mark` until `expires_at`, in seconds since 1970."""
        return cls(mailbox, MARK + mark, expires_at=expires_at)
