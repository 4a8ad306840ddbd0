"""`bounces push integration`: prints or writes the files of `bounces_cli.integration`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bounces_cli.errors import DONE, CommandError, reason_of
from bounces_cli.integration import TOKEN_VARIABLE, GeneratedFile, Wish, files_for
from bounces_cli.push_run import address_of


def run(arguments: argparse.Namespace) -> int:
    """Print or write the files and return the exit code. Raises `CommandError`."""
    wish = Wish(
        str(address_of(arguments)),
        folder=arguments.folder,
        token_variable=arguments.token_env or TOKEN_VARIABLE,
        token_file=arguments.token_file,
        with_deliveries=arguments.deliveries,
    )
    made = files_for(arguments.mta, arguments.shipper, wish)
    if arguments.out is None:
        for file in made:
            sys.stdout.write(f"==> {file.name}: for {file.place} <==\n{file.text}\n")
        return DONE
    _write(Path(arguments.out), made)
    for file in made:
        print(f"{Path(arguments.out) / file.name}: for {file.place}")
    return DONE


def _write(folder: Path, made: tuple[GeneratedFile, ...]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in made:
            (folder / file.name).write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{folder}: {reason_of(error)}") from error
