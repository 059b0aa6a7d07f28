"""How a test opens TensorBoard: its server over the folder, and a browser before it.

The browser is the system's Chromium. Where it is missing a test is skipped with a word on how to get it, but fails in
continuous integration (`CI` is set), where a skipped test would look like a passed one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 60.0
"""Seconds that a page may take on a busy machine; nobody waits longer than the page does."""

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1400,900"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"),
)

VISIBLE_TEXTS = """
const texts = [];
const visit = node => {
  if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) texts.push(node.textContent.trim());
  if (node.nodeType === Node.ELEMENT_NODE && (node.matches("style, script") || !node.checkVisibility())) return;
  if (node.shadowRoot) visit(node.shadowRoot);
  node.childNodes.forEach(visit);
};
visit(document.body);
return texts;
"""
"""Every text on the page, also inside the shadow roots that TensorBoard is made of."""


@contextmanager
def dashboard(logs: Path) -> Iterator[str]:
    """The address of a TensorBoard over `logs`, which runs as long as the block."""
    command = [str(Path(sys.executable).with_name("tensorboard")), "--logdir", str(logs)]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            said = ""
            for line in server.stderr:
                said += line
                if address := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                raise AssertionError(f"TensorBoard ended before it had an address: {said}")
            yield address[0]
        finally:
            server.terminate()


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A browser whose profile is a folder of its own."""
    options = ChromeOptions()
    options.binary_location = _found("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(_found("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def answer(address: str, question: dict[str, Any] | None = None) -> Any:
    """What the server says to a GET, or to the POST of a question."""
    content = None if question is None else json.dumps(question).encode()
    with urlopen(Request(address, content, {"Content-Type": "application/json"}), timeout=PATIENCE) as response:
        return json.load(response)


def texts_when(driver: Chrome, is_there: Callable[[list[str]], bool]) -> list[str]:
    """Every text on the page, once the page has what the test waits for."""

    shown: list[str] = []

    def is_shown(_: object) -> bool:
        shown[:] = driver.execute_script(VISIBLE_TEXTS)
        return is_there(shown)

    try:
        WebDriverWait(driver, PATIENCE).until(is_shown)
    except TimeoutException as error:
        raise AssertionError(f"the page shows only {shown}") from error
    return shown


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        missing = f"no {program} here: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path
