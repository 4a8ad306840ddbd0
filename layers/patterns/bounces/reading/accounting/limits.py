"""What is taken of one pushed body. A body beyond a limit is refused whole; a record beyond one is set aside alone."""

from typing import Final

# Bytes of a body after gzip is undone, and records in it.
MAX_UNPACKED: Final = 32 * 1024 * 1024
MAX_RECORDS: Final = 20_000
# Bytes of a record. A longer one is read with its values cut, and is to be kept beside its reports.
MAX_RECORD: Final = 64 * 1024
# Bytes of the longest record that is still read: KumoMTA puts the whole message into a feedback record.
MAX_READABLE: Final = 4 * 1024 * 1024
# Characters of one value: more than twice what a report holds of any.
MAX_VALUE: Final = 8 * 1024
# Columns of an accounting file. PowerMTA has about 40, and one for each header that is logged.
MAX_COLUMNS: Final = 500
# Recipients of one record, and reports of one body: records of KumoMTA name several recipients.
MAX_RECIPIENTS: Final = 1_000
MAX_REPORTS: Final = 2 * MAX_RECORDS
# Levels of objects in a JSON record. Neither MTA goes beyond 5.
MAX_DEPTH: Final = 64
# Strings and brackets of one JSON record, and of all in a body: what bounds a parser's time and memory, where length
# does not. A record of KumoMTA has about 100.
MAX_RECORD_TOKENS: Final = 20_000
MAX_TOKENS: Final = 2_000_000
# Characters of a value in which addresses are looked for, and of a returned message its header section.
MAX_ADDRESSES: Final = 2 * 1024
MAX_MESSAGE: Final = 32 * 1024
# Members of a gzip body (RFC 1952 2.2), and gzip within gzip: a rotated file is often packed already.
MAX_MEMBERS: Final = 1_000
MAX_LAYERS: Final = 2
# Characters of a reason.
MAX_REASON: Final = 255
