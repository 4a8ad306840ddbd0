"""What the reader looks at of one mail. Whatever is beyond a limit is cut, and the cut is noted on the report."""

from typing import Final

# SES stores mails of up to 40 MB; other ways in may bring more.
MAX_MAIL: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 12
MAX_PARTS: Final = 1000
MAX_HEADERS: Final = 1000
MAX_HEADER: Final = 16 * 1024
# A text part holds the explanation first; prose for a person is never longer than this.
MAX_TEXT: Final = 256 * 1024
# A returned message's header section, where it stands in the explanation's own text.
MAX_HEADER_TEXT: Final = 64 * 1024
MAX_RECIPIENTS: Final = 50_000
MAX_STATUS_FIELD: Final = 8 * 1024
# A bounce that was forwarded in a mail that was forwarded, and so on.
MAX_FORWARDS: Final = 3
# Of a delivery status's recipients without words, as many are looked for in the explanation.
MAX_EXPLAINED: Final = 200
