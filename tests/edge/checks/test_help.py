"""Every command of `shopbell`, and every command below it, explains itself when asked with -h or --help."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from edge.command import COMMANDS


def entry_of(module: str) -> click.Command:
    """What `python -m MODULE` runs: of the commands made in that file, the one that stands below no other."""
    place = importlib.import_module(module)
    if hasattr(place, "__path__"):
        place = importlib.import_module(f"{module}.__main__")
    made = [one for one in vars(place).values() if isinstance(one, click.Command) and one.callback.__module__ == place.__name__]
    below = [one for group in made if isinstance(group, click.Group) for one in group.commands.values()]
    [top] = [one for one in made if one not in below]
    return top


def ways(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of a command and of all below it."""
    yield words
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from ways(below, (*words, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    command = entry_of(COMMANDS[name][0])
    for words in ways(command):
        said = [CliRunner().invoke(command, [*words, option]) for option in ("-h", "--help")]
        assert [result.exit_code for result in said] == [0, 0], (words, said[0].output)
        assert said[0].output == said[1].output and said[0].output.startswith("Usage:")
