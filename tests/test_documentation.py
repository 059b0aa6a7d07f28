"""What the pages show is what happens: their Python blocks run in order, and print what stands below them."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.running import REPOSITORY

BLOCKS = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```$)?", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "docs/estimator.md"])
def test_the_code_of_a_page_prints_what_the_page_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCKS.finditer((REPOSITORY / page).read_text(encoding="utf-8")))
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(block["code"], page, "exec"), names)
        assert printed.getvalue() == (block["output"] or ""), block["code"]
