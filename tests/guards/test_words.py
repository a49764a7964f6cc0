"""Every refusal has words: each error code that the code can raise is in the catalogues."""

import ast
from pathlib import Path

from feedback_app import errors, texts

ROOT = Path(errors.__file__).parent.parent
KINDS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.FeedbackError)
}


def raised_codes() -> dict[str, str]:
    """Code -> the file that raises it, for every literal code in the program."""
    found: dict[str, str] = {}
    for package in ("feedback_app", "bots", "qr"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS):
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    found[str(node.args[0].value)] = str(file.relative_to(ROOT))
    return found


def test_every_code_that_can_be_raised_has_words() -> None:
    codes = raised_codes()
    assert len(codes) > 10
    known = texts.catalogue("zh")
    missing = {code: file for code, file in codes.items() if f"{code.replace('.', '.errors.', 1)}" not in known}
    assert missing == {}
