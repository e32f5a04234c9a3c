"""What users install comes in wheels alone, wherever Dozor runs: nobody needs a compiler. Read from ``uv.lock``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

LOCK = tomllib.loads((Path(__file__).parents[3] / "uv.lock").read_text("utf-8"))
PACKAGES: list[dict[str, Any]] = LOCK["package"]
PYTHONS = [(3, 11), (3, 12), (3, 13), (3, 14)]
SYSTEMS = {
    # name: (sys_platform, platform_system, os_name, platform_machine)
    "linux-x64": ("linux", "Linux", "posix", "x86_64"),
    "linux-arm64": ("linux", "Linux", "posix", "aarch64"),
    "macos-arm64": ("darwin", "Darwin", "posix", "arm64"),
    "macos-x64": ("darwin", "Darwin", "posix", "x86_64"),
    "windows-x64": ("win32", "Windows", "nt", "AMD64"),
}
OLDEST_GLIBC = 28  # 2.28: Debian 10, Ubuntu 18.10, RHEL 8
OLDEST_MACOS = (11, 0)


@pytest.mark.parametrize("python", PYTHONS, ids=lambda version: f"{version[0]}.{version[1]}")
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_package_of_the_application_has_a_wheel(system: str, python: tuple[int, int]) -> None:
    installed = list(application(environment(system, python)))
    fitting = tags(system, python)
    without = [
        f"{package['name']} {package['version']}"
        for package in installed
        if not any(fitting & tags_of(wheel) for wheel in package.get("wheels", []))
    ]
    assert not without
    names = {package["name"] for package in installed}
    assert {"aiohttp", "hiredis", "rapidfuzz"} <= names, "packages of packages and extras are looked at too"
    assert ("winloop" in names, "uvloop" in names) == (system == "windows-x64", system != "windows-x64")


def application(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What is installed with Dozor in this environment; no group of its developers."""
    waiting, seen = [("dozor", "")], set()
    while waiting:
        name, extra = wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        package = locked(name, environment)
        if name != "dozor" and not extra:
            yield package
        needs = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        for need in needs:
            if "marker" not in need or Marker(need["marker"]).evaluate(environment):
                waiting += [(need["name"], each) for each in ["", *need.get("extra", [])]]


def locked(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """The one version that the lock has for this environment."""
    versions = [package for package in PACKAGES if package["name"] == name]
    if len(versions) > 1:
        versions = [
            package
            for package in versions
            if any(Marker(marker).evaluate(environment) for marker in package["resolution-markers"])
        ]
    (package,) = versions
    return package


def environment(system: str, python: tuple[int, int]) -> dict[str, str]:
    sys_platform, platform_system, os_name, machine = SYSTEMS[system]
    version = f"{python[0]}.{python[1]}"
    return {
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "os_name": os_name,
        "platform_machine": machine,
        "python_version": version,
        "python_full_version": f"{version}.4",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }


def tags(system: str, python: tuple[int, int]) -> set[Tag]:
    machine = SYSTEMS[system][3]
    match SYSTEMS[system][0]:
        case "linux":
            named = [f"manylinux_2_{minor}_{machine}" for minor in range(OLDEST_GLIBC, 4, -1)]
            platforms = [*named, f"manylinux2014_{machine}", f"linux_{machine}"]
        case "darwin":
            platforms = list(mac_platforms(OLDEST_MACOS, machine))
        case _:
            platforms = ["win_amd64"]
    return {*cpython_tags(python, platforms=platforms), *compatible_tags(python, platforms=platforms)}


def tags_of(wheel: dict[str, str]) -> frozenset[Tag]:
    return parse_wheel_filename(wheel["url"].rpartition("/")[2])[3]
