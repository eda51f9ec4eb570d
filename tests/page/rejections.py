"""What rejections mean to a customer, as the page in the browser says it: made from core's table, so that it is written
once. Run as a program, this writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from polyproof.liabilities.rejections import REJECTIONS

WRITTEN = Path(__file__).parents[2] / "web" / "src" / "page" / "rejections.ts"


def module() -> str:
    """The text of the module."""
    entries = []
    for item in REJECTIONS:
        said = {"title": item.title, "checks": list(item.checks), "meaning": item.meaning, "advice": item.advice}
        lines = [f"    {key}: {json.dumps(value, ensure_ascii=False)}," for key, value in said.items()]
        entries.append("\n".join(["  {", *lines, "  },"]))
    head = (
        "// Written by tests/page/rejections.py from core's table, which commands and the documentation show too.\n\n"
        "/** Checks whose failure means the same to a customer. A name that ends in a star stands for any ending. */\n"
        "export interface RejectionText {\n"
        "  readonly title: string;\n"
        "  readonly checks: readonly string[];\n"
        "  readonly meaning: string;\n"
        "  readonly advice: string;\n"
        "}\n\n"
        "export const REJECTION_TEXTS: readonly RejectionText[] = [\n"
    )
    return head + "\n".join(entries) + "\n];\n"


if __name__ == "__main__":
    WRITTEN.write_text(module(), encoding="utf-8")
