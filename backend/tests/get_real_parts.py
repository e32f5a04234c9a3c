"""One try to get what the tests need beside Python packages: a browser and Redis; says what it does.

The tests themselves say what is still missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from browser import find_browser
from redis_binaries import find_server

PATIENCE_S = 300


def main() -> None:
    not_wanted = os.environ.get("TEST_ALLOW_MISSING", "").split(",")
    if "browser" not in not_wanted:
        get_browser()
    if "redis" not in not_wanted:
        get_redis()


def get_browser() -> None:
    with sync_playwright() as playwright:
        if found := find_browser(playwright.chromium.executable_path):
            say(f"browser: {found}")
            return
    if not attempt("browser", sys.executable, "-m", "playwright", "install", "chromium"):
        install("browser", "chromium")


def get_redis() -> None:
    if found := find_server("redis"):
        say(f"redis: {found.path}")
        return
    install("redis", "redis-tools")  # the server's program without its service: nothing is started


def install(what: str, package: str) -> None:
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        attempt(what, "apt-get", "update", "-qq")
        attempt(what, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package)


def attempt(what: str, *command: str) -> bool:
    say(f"no {what} here, trying `{' '.join(command)}`")
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
