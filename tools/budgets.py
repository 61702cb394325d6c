"""Size budgets: small files and small functions keep the house readable.

Modules: at most 400 lines, 95 % of them at most 300, the median at most 100. Functions: at most 50 lines, 95 % at
most 30, the median at most 8 (docstrings do not count). Templates: at most 80 lines.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Budget:
    """Limits of one sort of thing, in lines."""

    noun: str
    most: int
    p95: int
    median: int

    def broken(self, sizes: dict[str, int]) -> list[str]:
        """What is over the budget, one sentence each."""
        found = [f"{where}: {size} lines, a {self.noun} has at most {self.most}"
                 for where, size in sizes.items() if size > self.most]  # fmt: skip
        if len(sizes) >= 20:
            p95 = statistics.quantiles(sizes.values(), n=20)[-1]
            median = statistics.median(sizes.values())
            if p95 > self.p95:
                found.append(f"95 % of all {self.noun}s should have at most {self.p95} lines, now {p95:.0f}")
            if median > self.median:
                found.append(f"the median {self.noun} should have at most {self.median} lines, now {median:.0f}")
        return found


MODULE = Budget("module", 400, 300, 100)
FUNCTION = Budget("function", 50, 30, 8)
TEMPLATE = Budget("template", 80, 80, 80)


def broken(root: Path) -> list[str]:
    """Everything that is over its budget below `root`."""
    modules = {str(path.relative_to(root)): path.read_text() for path in sorted((root / "src").rglob("*.py"))}
    templates = {str(path.relative_to(root)): len(path.read_text().splitlines())
                 for path in sorted((root / "templates").rglob("*.html"))}  # fmt: skip
    functions = {where: size for name, text in modules.items() for where, size in _functions(name, text)}
    sizes = {name: len(text.splitlines()) for name, text in modules.items()}
    return MODULE.broken(sizes) + FUNCTION.broken(functions) + TEMPLATE.broken(templates)


def _functions(module: str, text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}:{node.lineno} {node.name}", _body_lines(node)


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0


if __name__ == "__main__":
    over = broken(ROOT)
    print("\n".join(over), file=sys.stderr)
    sys.exit(bool(over))
