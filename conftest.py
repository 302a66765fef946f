"""The plugins of the suite, each after those it builds on; what each is for stands in its own first line."""

from importlib import import_module

import pytest

PLUGINS = (
    "fixtures.scheduling",
    "fixtures.plans",
    "fixtures.manifests",
    "fixtures.backups",
    "fixtures.inventory",
    "fixtures.series",
    "fixtures.controls",
    "fixtures.evidence",
    "fixtures.results",
    "fixtures.answers",
    "fixtures.recording",
    "fixtures.references",
    "fixtures.precedents",
    "fixtures.personas",
    "fixtures.targets",
    "fixtures.access",
    "fixtures.moments",
    "fixtures.platform",
    "fixtures.lints",
    "fixtures.scenarios",
    "fixtures.recoveries",
    "fixtures.failovers",
    "fixtures.runbooks",
)


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register them, before any option is read.

    Of each name in ``pytest_plugins``, pytest asks every installed package whether it is one of its entry
    points, which takes a tenth of its start.
    """
    for name in PLUGINS:
        pluginmanager.register(import_module(name), name)
