"""Reads every stable code and its sentence out of the sources; `python -m tests.docs.codes` writes them into docs/outcomes.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.docs import remedies

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "outcomes.md"
BEGIN, END = "<!-- codes: begin -->", "<!-- codes: end -->"
_CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+\Z")
# These take names and sentences that are no errors: options of commands, and metrics.
_NO_ERRORS = {"option", "argument", "Counter", "Gauge", "Histogram", "GaugeMetricFamily", "CounterMetricFamily"}
_ERRORS = {"ContractError", "OperatorError"}
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")
_IN_THE_MESSAGE = "The message itself names what is wrong and what to mend."
_PACKAGES = ("firmware_bridge", "kiosk", "edge")


def sentence(node: ast.expr) -> str | None:
    """The text of a string or f-string, with `...` where a value is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "..." for part in node.values)  # type: ignore[misc]
    return None


def called(call: ast.Call) -> str:
    """Last name of what is called: `option` of `click.option(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def by_name(call: ast.Call, tree: ast.AST) -> str | None:
    """The sentence of an error whose last argument is a name, where a text is given to that name in the same file."""
    name = getattr(call.args[-1], "id", None) if call.args else None
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and node.lineno <= call.lineno]
    texts = [
        sentence(node.value)
        for node in sorted(given, key=lambda node: node.lineno)
        if any(getattr(target, "id", None) == name for target in node.targets)
    ]
    return next((text for text in reversed(texts) if text), None)


def own_words(call: ast.Call) -> str | None:
    """The code of an error that is made with it as its first word."""
    code = sentence(call.args[0]) if call.args and called(call) in _ERRORS else None
    return code if code and _WORD.match(code) else None


def codes_in(tree: ast.AST) -> dict[str, str]:
    """code -> the sentence that says what to do, for every call that names both."""
    found: dict[str, str] = {}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) not in _NO_ERRORS):
        texts = [sentence(argument) for argument in [*call.args, *(keyword.value for keyword in call.keywords)]]
        codes = [text for text in texts if text and _CODE.match(text)]
        hints = [text for text in texts if text and " " in text and text[0].isupper() and len(text) > 12]
        if len(codes) == 1 and hints:
            found.setdefault(codes[0], hints[-1])
        elif code := own_words(call):
            found.setdefault(code, hints[-1] if hints else by_name(call, tree) or _IN_THE_MESSAGE)
    return found


def table() -> str:
    """Markdown: code, what to do, which part says it; a code that two packages use has a row for each."""
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    hints: dict[tuple[str, str], str] = {}
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for code, hint in codes_in(ast.parse(path.read_text())).items():
                hints.setdefault((code, package), " ".join(hint.split()).replace("|", "\\|"))
                places[code, package].add("/".join(path.relative_to(ROOT).parts[:2]).removesuffix(".py"))
    rows = [
        f"| `{code}` | {hints[code, package]} | {', '.join(sorted(places[code, package]))} |" for code, package in sorted(hints)
    ]
    return "\n".join(["| code | what to do | said by |", "|---|---|---|", *rows])


def write() -> None:
    before, _, rest = DOC.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOC.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


if __name__ == "__main__":
    write()
    remedies.write()
