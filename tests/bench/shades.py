"""Pure. The colours of the plots, and how a picture follows the reader's light or dark scheme."""

from __future__ import annotations

PAPER, INK, FAINT = "#fdfefe", "#1d2b2e", "#8b989b"
# Each carries white figures, and stands out from light paper and from dark.
LAYERS = ("#0e7a80", "#3d6fb6", "#b4641a", "#7a56a8", "#b23a55", "#55772a", "#7b6247", "#586c78")
DARK = {PAPER: "#12191b", INK: "#e6eeee", FAINT: "#6d7a7d"}


def in_both_schemes(svg: str) -> str:
    """The same picture with a style sheet: where the reader prefers dark, paper and ink change and the rest stays.

    A viewer without style sheets shows the light one, with its paper.
    """
    rules = "".join(
        f' [style*="{name}: {light}"] {{ {name}: {dark} !important; }}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
    )
    head, mark, rest = svg.partition("<defs>")
    return f"{head}<style>@media (prefers-color-scheme: dark) {{{rules} }}</style>\n {mark}{rest}"
