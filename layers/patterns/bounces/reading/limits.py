"""What the reader looks at of one mail. Whatever is beyond a limit is cut, and the cut is noted on the report."""

from typing import Final

# Bytes of a mail. SES stores mails of up to 40 MB; other ways in may bring more.
MAX_MAIL: Final = 64 * 1024 * 1024
# Bytes and lines of a header section. Real ones have below 100 lines.
MAX_HEADER_SECTION: Final = 256 * 1024
MAX_HEADERS: Final = 1000
# Lines that begin like a boundary.
MAX_BOUNDARIES: Final = 10_000
# Levels of parts within parts, and parts of one level, that are looked at.
MAX_DEPTH: Final = 12
MAX_PARTS: Final = 1000
# For the parser of malformed mails, which needs nine times a mail's size and calls itself for each level.
MAX_SLOW_MAIL: Final = 4 * 1024 * 1024
MAX_NESTED: Final = 20
MAX_SLOW_LINES: Final = 20_000
# Bytes of a part of prose: it holds the explanation first, and what a person is to read is never longer.
MAX_TEXT: Final = 256 * 1024
# Likewise of a mail that only its sender or only its subject makes look like a bounce.
MAX_DOUBTFUL_TEXT: Final = 16 * 1024
# Bytes of a delivery status: room for the recipients below.
MAX_STATUS: Final = 32 * 1024 * 1024
# Characters of one field of a delivery status, unfolded.
MAX_STATUS_FIELD: Final = 8 * 1024
# Characters of what is said of one recipient, in which its codes are looked for.
MAX_SAID: Final = 16 * 1024
# Characters of a returned message's header section, where it stands in the explanation's own text.
MAX_HEADER_TEXT: Final = 64 * 1024
# Recipients of one mail.
MAX_RECIPIENTS: Final = 50_000
# Of a delivery status's recipients without words, as many are looked for in the explanation.
MAX_EXPLAINED: Final = 200
# A bounce that was forwarded in a mail that was forwarded, and so on.
MAX_FORWARDS: Final = 3
# Addresses that are taken from an address header.
MAX_MAILBOXES: Final = 20
# Characters of the headers that tell the bounce's own parties.
MAX_OWN: Final = 4 * 1024
# Encoded words (RFC 2047) of a mail: a parser's cost grows with the square of them.
MAX_ENCODED_WORDS: Final = 2000
# Bytes from which on a mail's encoded words are counted.
MANY_ENCODED_WORDS: Final = 16 * 1024
