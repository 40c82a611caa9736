"""The house of docs/walk.md, held by tools: who imports whom, types, lint, format, and what must not stand in a file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("firmware_bridge", "kiosk", "edge")
BIN = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [("lint-imports", "--no-cache"), ("mypy", "--no-error-summary"), ("ruff", "check", "."), ("ruff", "format", "--check", ".")],
    ids=lambda command: " ".join(command[:2]),
)
def test_tool_is_content(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_broken_wall_is_noticed(tmp_path: Path) -> None:
    """The import contracts themselves can fail: the same file, against a copy in which the bridge imports the edge."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / ".importlinter").write_text((ROOT / ".importlinter").read_text())
    frame = tmp_path / "firmware_bridge" / "card_read.py"
    frame.write_text(frame.read_text() + "\nimport edge.contracts.names\n")
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run([sys.executable, "-c", program, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode != 0 and "imports nothing of ours" in result.stdout


def test_importing_any_module_opens_nothing() -> None:
    """Every module imports with sockets, files for writing, databases and threads refused."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in python_files()
        if path.name != "__main__.py" and "migrations" not in path.parts and "board" not in path.parts
    ]
    program = f"""
import sys, threading
def hook(event, args):
    if event in ('socket.bind', 'socket.connect', 'sqlite3.connect', 'subprocess.Popen', 'os.system'):
        raise RuntimeError(f'{{event}} {{args}} while importing')
    if event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+') and '__pycache__' not in str(args[0]):
        raise RuntimeError(f'open {{args}} while importing')
sys.dont_write_bytecode = True
sys.addaudithook(hook)
before = threading.active_count()
for name in {modules!r}:
    __import__(name)
assert threading.active_count() == before, threading.enumerate()
print(len({modules!r}), 'modules')
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]


def test_no_file_names_a_registry_or_carries_a_lock_address() -> None:
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "files" + r"\.pythonhosted", "registry" + r"\.npmjs", "deb" + r"\.debian\.org"])
    )
    found = [
        str(path) for path in tracked() if path.suffix not in (".png", ".gz") and hosts.search(path.read_text(errors="ignore"))
    ]
    assert found == []
    assert '"resolved"' not in (ROOT / "edge" / "look" / "package-lock.json").read_text()


def test_every_locked_package_has_hashes() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text())
        assert len(blocks) > 0
        bare = [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]
        assert bare == [], lock.name


def test_every_dependency_stands_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + [
        line for name in ("kiosk", "hub", "hq", "demo") for line in project["project"]["optional-dependencies"][name]
    ]
    names = {re.split(r"[\[<>=~! ;]", line)[0].lower() for line in wanted} - {"shopbell"}
    locked = {line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    assert names - locked == set()


def test_thin_init_files() -> None:
    for path in python_files():
        if path.name == "__init__.py" and "migrations" not in path.parts and "data" not in path.parts:
            body = [node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.Expr)]
            assert body == [], f"{path.relative_to(ROOT)} is not thin"


def test_opt_outs_carry_their_reason() -> None:
    """`noqa` and `type: ignore` name a rule and say why, on their line."""
    bare = []
    for path in python_files():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"#\s*(noqa|type: ignore)", line) and not re.search(
                r"#\s*(noqa: ?[A-Z0-9, ]+|type: ignore\[[a-z, -]+\])\s*(#|-)\s*\S+", line
            ):
                bare.append(f"{path.relative_to(ROOT)}:{number}")
    assert bare == []


def test_no_sleep_in_product_code() -> None:
    """A test must never have to wait for product code: durations are waited for on an Event or a Condition."""
    found = [str(path.relative_to(ROOT)) for path in python_files() if re.search(r"\btime\.sleep\(", path.read_text())]
    assert found == []
