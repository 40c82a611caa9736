"""`python -m tests.docs.examples`: put the golden messages into docs/messages.md, under their marks.

A mark is a line `<!-- golden: NAME.json -->` before a fenced block.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "messages.md"
GOLDEN = ROOT / "tests" / "contracts" / "golden" / "1.0"
_MARKED = re.compile(r"(<!-- golden: ([\w.]+) -->\n```json\n)(.*?)(```)", re.DOTALL)
_WIDE = 110


def shown(name: str) -> str:
    """A golden message as the doc shows it: the same values, laid out to be read."""
    return laid_out(json.loads((GOLDEN / name).read_text())) + "\n"


def laid_out(value: object, indent: int = 0) -> str:
    """JSON in as few lines as fit."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= _WIDE or not isinstance(value, dict | list) or not value:
        return flat
    inside = " " * (indent + 2)
    if isinstance(value, list):
        parts, ends = [laid_out(part, indent + 2) for part in value], "[]"
    else:
        parts, ends = [f"{json.dumps(key)}: {laid_out(part, indent + 2)}" for key, part in value.items()], "{}"
    return f"{ends[0]}\n{inside}" + f",\n{inside}".join(parts) + f"\n{' ' * indent}{ends[1]}"


def filled(text: str) -> str:
    """The doc with every example as it is now."""
    return _MARKED.sub(lambda found: f"{found[1]}{shown(found[2])}{found[4]}", text)


def names(text: str) -> list[str]:
    """Golden messages the doc shows."""
    return [found[1] for found in _MARKED.findall(text)]


if __name__ == "__main__":
    DOC.write_text(filled(DOC.read_text()))
