"""How much is taken of one mail, whichever way it comes in."""

from typing import Final

# SES takes mails of 40 MB; what is longer came by another way, and is read up to here.
MAX_MAIL_BYTES: Final = 41 * 1024 * 1024
