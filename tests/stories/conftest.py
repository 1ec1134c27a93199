"""One running product for all tests that break it: each mends what it broke."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.running_house import RunningHouse, a_running_house


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """Web and workers as processes, with servers of their own."""
    with a_running_house(tmp_path_factory.mktemp("running")) as house:
        yield house
