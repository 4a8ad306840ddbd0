"""What an expression cannot match without: the literal words that let most expressions be left aside unread.

One automaton finds the words of all patterns in a single pass; an expression is tried only where its words were seen.
"""

from __future__ import annotations

from typing import Final

MIN_ATOM: Final = 4
_QUANTIFIERS_TO_NONE: Final = "*?{"


def required_words(expression: str) -> list[str]:
    """Return runs of ASCII characters, case folded, of which each stands in every text that `expression` matches.

    Reads only what is certain: the level outside groups and classes. Anything unusual ends with no run, never with
    a wrong one.
    """
    if r"\Q" in expression:
        return []
    runs: list[str] = []
    run = ""
    place = 0
    while place < len(expression):
        character, place_after = expression[place], place + 1
        literal: str | None = None
        if character == "|":
            return []
        if character == "\\":
            escaped = expression[place_after : place_after + 1]
            place_after += 1
            if escaped in ("p", "P", "x") and expression[place_after : place_after + 1] == "{":
                place_after = expression.find("}", place_after) + 1 or len(expression)
            elif escaped == "x":
                place_after += 2
            elif escaped in ("p", "P"):
                place_after += 1
            elif escaped.isdigit():
                return []
            elif escaped and not escaped.isalnum():
                literal = escaped
        elif character == "(":
            place_after = _after_group(expression, place)
        elif character == "[":
            place_after = _after_class(expression, place)
        elif character not in ".^$*+?{":
            literal = character
        elif character == "{":
            place_after = expression.find("}", place) + 1 or len(expression)
        following = expression[place_after : place_after + 1]
        if literal is not None and literal.isascii() and following not in tuple(_QUANTIFIERS_TO_NONE):
            run += literal
            if following == "+":
                runs.append(run)
                run = ""
        else:
            runs.append(run)
            run = ""
        place = place_after
    runs.append(run)
    return [found.lower() for found in runs if len(found) >= MIN_ATOM]


def _after_class(expression: str, start: int) -> int:
    place = start + 1
    if expression[place : place + 1] == "^":
        place += 1
    if expression[place : place + 1] == "]":
        place += 1
    while place < len(expression) and expression[place] != "]":
        if expression.startswith("[:", place):
            place = expression.find(":]", place) + 1 or len(expression)
        elif expression[place] == "\\":
            place += 1
        place += 1
    return place + 1


def _after_group(expression: str, start: int) -> int:
    depth, place = 0, start
    while place < len(expression):
        character = expression[place]
        if character == "\\":
            place += 1
        elif character == "[":
            place = _after_class(expression, place) - 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return len(expression)
