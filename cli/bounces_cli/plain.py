"""Text of strangers, as it may reach a terminal."""


def plain(text: str) -> str:
    """Return `text` with what a terminal would obey made visible."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
