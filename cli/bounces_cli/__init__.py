"""The `bounces` command: what each mail says and what would be done, from a shell."""
