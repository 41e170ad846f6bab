"""The commands, one group a file, each with the callbacks of its buttons."""
