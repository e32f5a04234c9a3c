"""Find a real browser for Playwright: its own, a system Chromium or Chrome, or Edge, which Windows has."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
REMEDY = "run `python -m playwright install chromium`, or install chromium, Chrome or Edge, or set TEST_BROWSER"


def find_browser(playwright_path: str | None = None) -> str | None:
    """Path of a browser that Playwright can drive; ``TEST_BROWSER`` is taken at its word."""
    if chosen := os.environ.get("TEST_BROWSER"):
        return chosen
    if playwright_path and Path(playwright_path).exists():
        return playwright_path
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return next((str(path) for path in _usual_places() if path.exists()), None)


def _usual_places() -> list[Path]:
    if sys.platform == "darwin":
        return [Path(path) for path in MAC]
    if os.name == "nt":
        roots = [os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA")]
        return [Path(root, path) for root in roots if root for path in WINDOWS]
    return []
