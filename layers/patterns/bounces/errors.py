"""Every error that this package raises.

    BouncesError
    |-- RecordError            a report, a verdict or a queue message that cannot be read
    |   `-- UnknownVersion     it was written by a version that this one does not know
    |-- PushError              a pushed body that cannot be read as a whole
    |   |-- UnknownMediaType     its content type or encoding is none that is read (HTTP 415)
    |   |-- PushTooLarge         it is beyond a limit; fewer records at once are taken (HTTP 413)
    |   `-- UnreadablePush       it is not what its type says (HTTP 400)
    |-- NotificationError      a queue message that is no receipt notification of SES
    |-- MailGone               the mail that a notification names is no longer in the bucket
    |-- RecipientError         a verdict whose recipient is no mail address
    |-- UnknownReport          a report that the history of its address does not remember
    |-- LimitError             more at once than an operation takes
    |-- PatternError           an operator's pattern, a policy or a built-in rule that cannot be used
    |-- PatternSetDamaged      a stored set of patterns that is not whole, or not as it was saved
    |-- EditConflict           an edit of a set of patterns that another one came before
    |-- ReviewError            a decision about what waits for review that cannot be made
    |   |-- ReviewDecided        it was decided before, and otherwise
    |   `-- ReviewGone           there is no such item, or no more
    |-- SettingError           a setting that is missing or cannot be used
    |-- CredentialError        a request without a valid token (HTTP 401)
    |-- QueueError             a queue that does not take messages; worth another try
    |-- MailboxError           a mailbox that cannot be scanned
    |   |-- MailboxRefused         it refuses the login, the folder or the certificate; another try does not help
    |   |-- Disconnected           it is not there, or no longer; worth another try
    |   |-- MailUnavailable        one mail of it cannot be had
    |   |-- MailVanished           one mail of it is no longer there
    |   |-- MailboxBusy            another scan of it is under way
    |   `-- LeaseLost              another scan has taken over
    |-- Unavailable            what a request needs did not answer in time; worth another try (HTTP 503)
    `-- ContentionError        an item that others kept changing; worth another try

Each message says what was wrong, with which value, and what to do. None holds more of a stranger's text than
`shown` lets through.
"""

SHOWN_CHARACTERS = 120


def shown(value: object) -> str:
    """Return `value` as an error message may show it: quoted, escaped, at most `SHOWN_CHARACTERS` long."""
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


class BouncesError(Exception):
    """The root of this package's errors."""


class RecordError(BouncesError):
    """A report, a verdict or a queue message that cannot be read."""


class UnknownVersion(RecordError):
    """A record or message of a version that this one does not know."""


class PushError(BouncesError):
    """A pushed body that cannot be read as a whole; nothing of it was taken."""


class UnknownMediaType(PushError):
    """A pushed body of a content type or encoding that is not read."""


class PushTooLarge(PushError):
    """A pushed body beyond a limit; fewer records at once are taken."""


class UnreadablePush(PushError):
    """A pushed body that is not what its content type says."""


class NotificationError(BouncesError):
    """A queue message that is no receipt notification of SES."""


class MailGone(BouncesError):
    """The mail that a notification names is no longer in the bucket."""


class RecipientError(BouncesError):
    """A verdict whose recipient is no mail address."""


class UnknownReport(BouncesError):
    """A report that the history of its address does not remember."""


class LimitError(BouncesError):
    """More at once than an operation takes."""


class PatternError(BouncesError):
    """An operator's pattern or a built-in rule that cannot be used."""


class PatternSetDamaged(BouncesError):
    """A stored set of patterns that is not whole, or not as it was saved."""


class EditConflict(BouncesError):
    """An edit of a set of patterns that another one came before."""


class ReviewError(BouncesError):
    """A decision about what waits for review that cannot be made."""


class ReviewDecided(ReviewError):
    """A decision about what was decided before, and otherwise."""


class ReviewGone(ReviewError):
    """There is no such item or group in the review, or no more."""


class SettingError(BouncesError):
    """A setting that is missing or cannot be used."""


class CredentialError(BouncesError):
    """A request without a valid token."""


class Unavailable(BouncesError):
    """What a request needs did not answer in time; worth another try."""


class QueueError(BouncesError):
    """A queue that does not take messages; worth another try."""


class ContentionError(BouncesError):
    """An item that others kept changing; worth another try."""


class MailboxError(BouncesError):
    """A mailbox that cannot be scanned, or a mail in it that cannot be had."""


class MailboxRefused(MailboxError):
    """A mailbox that refuses the login, the folder or the certificate; another try does not help."""


class Disconnected(MailboxError):
    """A mailbox that is not there, or no longer; worth another try."""


class MailUnavailable(MailboxError):
    """A mail that its mailbox does not give out, or not within bounds."""


class MailVanished(MailboxError):
    """A mail that is no longer in its mailbox."""


class MailboxBusy(MailboxError):
    """A mailbox that another scan is going through."""


class LeaseLost(MailboxError):
    """A mailbox that another scan has taken over; nothing further may be done with it."""
