"""The `bounces` command and its verbs."""

import click

from bounces_cli.inspect import inspect


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bounce-processing")
def main() -> None:
    """Read bounces, decide hard or soft, and say why."""


main.add_command(inspect)


if __name__ == "__main__":
    main()
