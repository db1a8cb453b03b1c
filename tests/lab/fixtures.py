"""Pytest fixtures of the lab; tests/conftest.py loads them by ``pytest_plugins = ["tests.lab.fixtures"]``.

``CCOPS_LAB_VERSIONS=22`` narrows the versions, ``CCOPS_REQUIRE_LAB=1`` makes a missing lab a failure instead of a skip.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache

import pytest

from tests.lab.build import SUITES, ensure
from tests.lab.pbx import Lab
from tests.lab.root import LabUnavailable, Root
from tests.lab.scenario import Scene

FIXTURES = {"labs", "asterisk", "asterisk22", "scene", "scene22"}


def versions() -> list[str]:
    """The Asterisk versions that tests run on."""
    return os.environ.get("CCOPS_LAB_VERSIONS", ",".join(SUITES)).replace(",", " ").split()


@lru_cache
def _root(version: str) -> Root | str:
    """The root of a version, or why there is none; asked once a process, as a failed build takes long."""
    try:
        return ensure(version)
    except LabUnavailable as reason:
        return str(reason)


class Labs:
    """The running labs of this test process: one for each version, started when it is first wanted."""

    def __init__(self) -> None:
        self._scenes: dict[str, Scene] = {}

    def scene(self, version: str) -> Scene:
        """The lab of a version with its driver, as after a fresh start."""
        if version not in self._scenes:
            root = _root(version)
            if isinstance(root, str):
                self._missing(f"no Asterisk {version}: {root}")
            else:
                self._scenes[version] = Scene(Lab(root).start())
        scene = self._scenes[version]
        scene.reset()
        return scene

    def _missing(self, reason: str) -> None:
        if os.environ.get("CCOPS_REQUIRE_LAB", "") not in {"", "0"}:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    def close(self) -> None:
        """Stop every lab."""
        for scene in self._scenes.values():
            scene.close()
            scene.lab.close()


@pytest.fixture(scope="session")
def labs() -> Iterator[Labs]:
    """Labs by version, for tests that want more than one."""
    running = Labs()
    yield running
    running.close()


@pytest.fixture(params=versions())
def scene(request: pytest.FixtureRequest, labs: Labs) -> Scene:
    """A driver of a lab, on every version in turn; ``scene.lab`` is the lab."""
    return labs.scene(request.param)


@pytest.fixture
def asterisk(scene: Scene) -> Lab:
    """A real Asterisk, on every version in turn. Ask for ``scene`` as well to make calls in it."""
    return scene.lab


@pytest.fixture
def scene22(labs: Labs) -> Scene:
    """A driver of the lab of the newest version alone."""
    return labs.scene("22")


@pytest.fixture
def asterisk22(scene22: Scene) -> Lab:
    """A real Asterisk of the newest version alone."""
    return scene22.lab


@pytest.hookimpl(tryfirst=True)  # before -m selects by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the lab, so that ``-m 'not asterisk'`` leaves them out."""
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.asterisk)
