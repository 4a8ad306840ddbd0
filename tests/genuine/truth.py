"""What we answered, set beside the mails that were written of it: mails/SERVER/truth.json.

Made without the reader. The stdlib's parser splits a mail; the recipients are known from the return path; and whether
the mail still has our code or words is a search for them in its text.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Final

from tests.genuine.world import Case, World, cases, world

MAILS: Final = Path(__file__).parent / "mails"
MAX_OF_A_CASE: Final = 2
MAX_WARNINGS: Final = 2
_ENHANCED: Final = re.compile(r"(?:\d{3}[ -])?([245]\.\d{1,3}\.\d{1,3})(?: |$)")
_STATUS: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_CODES: Final = re.compile(r"^\d{3}(?:[ -]|$)(?:[245]\.\d{1,3}\.\d{1,3}(?: |$))?")
_RETURNED: Final = re.compile(r"^(?:Received: |Return-Path: )", re.MULTILINE | re.IGNORECASE)
_EVENTS: Final = {"delayed": "warning", "delivered": "success", "relayed": "success"}
_WORDS: Final = 24  # characters of our text that a mail must still have


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient in one mail: what we answered, and what of it the mail still says."""

    address: str
    event: str  # failure, warning or success, as the mail has it
    refused: str  # for good, for now, never
    stage: str  # banner, helo, mail, rcpt, data, dot; host or domain where nobody answered; "" where never refused
    answer: list[str]
    reply_code: str | None  # ours, where the mail has it
    status: str | None  # ours, where the mail has it, else the Status field's
    status_is: str  # ours, invented (the server's own), absent
    written: list[str]  # every status that the mail has beside this address
    words: str | None  # the start of our text, where the mail has it
    shared: bool  # the server wrote one reply for all, also for those who were never refused, and it does not say whose
    dead: bool | None  # whether the answer says that the address is dead; None where it can be read either way


def write(name: str, version: str, answers: list[dict[str, Any]], mails: Sequence[tuple[str, bytes]]) -> int:
    """Write the mails of one server, at most so many of a case and of warnings, and the truth. Returns how many."""
    folder = MAILS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    there, known = world(), {case.return_path: case for case in cases()}
    kept: Counter[str] = Counter()
    truths = []
    for return_path, mail in mails:
        case = known[return_path]
        recipients = truth_of(mail, case, answers, there)
        event = recipients[0].event if recipients else "failure"
        stem = case.name if event == "failure" else f"{case.name}-{event}"
        if kept[stem] == MAX_OF_A_CASE or (event == "warning" and kept["warnings"] == MAX_WARNINGS):
            continue
        kept[stem] += 1
        kept["warnings"] += event == "warning"
        file = f"{stem}.eml" if kept[stem] == 1 else f"{stem}-{kept[stem]}.eml"
        (folder / file).write_bytes(mail)
        truths.append({"file": file, "case": case.name, "recipients": [asdict(each) for each in recipients]})
    truths.sort(key=lambda truth: str(truth["file"]))
    text = json.dumps({"server": version, "mails": truths}, indent=1, ensure_ascii=False)
    (folder / "truth.json").write_text(text + "\n", "utf-8")
    return len(truths)


def truth_of(mail: bytes, case: Case, answers: list[dict[str, Any]], there: World) -> list[Recipient]:
    """Return what is true of each recipient that `mail` speaks of."""
    said = own_words(mail)
    groups = _groups(said)
    found = []
    for address in case.to:
        if address in said:
            group = next((fields for fields in groups if address in fields.get("final-recipient", "")), {})
            found.append(_recipient(address, group, said, answered(case, address, answers), there))
    replies = {group.get("diagnostic-code", "") for group in groups}
    if len(found) > 1 and len(replies) == 1 and any(each.refused == "never" for each in found):
        (reply,) = replies
        found = [replace(each, shared=True, dead=False) if each.address not in reply else each for each in found]
    return found


def own_words(mail: bytes) -> str:
    """Return what the server itself wrote into the mail's body, without the message that it returned."""
    parts = _parts(message_from_bytes(mail))
    text = "\n\n".join(parts)
    returned = _RETURNED.search(text)
    return text[: returned.start()] if returned else text


def _parts(message: Message) -> list[str]:
    kind = message.get_content_type()
    if kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
        return []
    if kind in ("message/delivery-status", "message/global-delivery-status"):
        payload = message.get_payload()
        blocks = payload if isinstance(payload, list) else [message]
        written = [block.as_bytes() if isinstance(block, Message) else str(block).encode() for block in blocks]
        return [b"\n\n".join(written).decode("utf-8", "replace")]
    if message.is_multipart():
        return [text for part in message.get_payload() if isinstance(part, Message) for text in _parts(part)]
    content = message.get_payload(decode=True)
    return [content.decode("utf-8", "replace")] if isinstance(content, bytes) else []


def _groups(text: str) -> list[dict[str, str]]:
    """Return the fields of each recipient of a delivery status."""
    blocks = re.split(r"\n\s*\n", re.sub(r"\r?\n[ \t]+", " ", text.replace("\r\n", "\n")))
    groups = [dict(re.findall(r"^([A-Za-z-]+): *(.*)$", block, re.MULTILINE)) for block in blocks]
    return [{name.lower(): value for name, value in group.items()} for group in groups if "Final-Recipient" in group]


def answered(case: Case, address: str, answers: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    """Return the last refusal of `address` in the mail of `case`, None where nobody refused it."""
    rewritten = f"fwd_from={case.return_path.replace('@', '=')}@"  # chasquid's way with senders of other domains
    ours = [
        each
        for each in answers
        if each["recipient"] == address and (each["sender"] == case.return_path or rewritten in (each["sender"] or ""))
    ]
    domain = address.partition("@")[2]
    of_host = [each for each in answers if each["host"] == domain and each["recipient"] is None]
    found = ours or of_host
    return found[-1] if found else None


def _recipient(
    address: str, group: Mapping[str, str], said: str, answer: Mapping[str, Any] | None, there: World
) -> Recipient:
    local, _, domain = address.partition("@")
    lines = list(answer["lines"]) if answer else []
    event = _EVENTS.get(group.get("action", "").partition(" ")[0], "failure")
    if not group and "still undelivered" in said:
        event = "warning"
    stage, refused = (answer["stage"], _refused(lines)) if answer else _unanswered(domain, there)
    where = group.get("diagnostic-code") or said
    code = lines[0][:3] if lines else None
    given = _ENHANCED.match(lines[0]) if lines else None
    words = _CODES.sub("", lines[0])[:_WORDS].strip() if lines else ""
    has_status = given is not None and _has(where, given.group(1))
    written = _STATUS.match(group.get("status", ""))
    status = given.group(1) if given and has_status else written.group() if written else None
    return Recipient(
        address=address,
        event=event,
        refused=refused if event != "success" else "never",
        stage=stage,
        answer=lines if len(lines) != 1 or len(lines[0]) < 200 else [lines[0][:200] + "..."],
        reply_code=code if code and _has(where, code) else None,
        status=status,
        status_is="ours" if has_status else "invented" if written else "absent",
        written=sorted(set(_STATUS.findall("\n".join([*group.values(), *lines, *_lines_with(address, said)])))),
        words=words if words and words in " ".join(where.split()) else None,
        shared=False,
        dead=there.dead(local, domain, stage, refused) if event == "failure" else False,
    )


def _lines_with(address: str, said: str) -> list[str]:
    return [line for line in said.splitlines() if address in line]


def _refused(lines: list[str]) -> str:
    return "for good" if lines and lines[0].startswith("5") else "for now"


def _unanswered(domain: str, there: World) -> tuple[str, str]:
    if domain in there.domains:
        return "domain", "for good"
    host = there.hosts[domain]
    reached = host.exists and host.listening and not host.mute
    return ("", "never") if reached else ("host", "for now")


def _has(text: str, code: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(code)}(?![\d.]\d|\d)", text) is not None
