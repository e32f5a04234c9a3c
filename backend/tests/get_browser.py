"""One try to get a browser for the tests; says what it does. The tests themselves say what is still missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from browser import find_browser

PATIENCE_S = 300


def main() -> None:
    if "browser" in os.environ.get("TEST_ALLOW_MISSING", "").split(","):
        return
    with sync_playwright() as playwright:
        if found := find_browser(playwright.chromium.executable_path):
            say(f"browser: {found}")
            return
    if attempt(sys.executable, "-m", "playwright", "install", "chromium"):
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        attempt("apt-get", "update", "-qq")
        attempt("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def attempt(*command: str) -> bool:
    say(f"no browser here, trying `{' '.join(command)}`")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environ, timeout=PATIENCE_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def say(text: str) -> None:
    sys.stderr.write(f"[test] {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
