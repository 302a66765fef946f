"""The plugins of the suite, each after those it builds on; what each is for stands in its own first line."""

pytest_plugins = [
    "fixtures.scheduling",
    "fixtures.plans",
    "fixtures.manifests",
    "fixtures.backups",
    "fixtures.inventory",
    "fixtures.series",
    "fixtures.controls",
    "fixtures.evidence",
    "fixtures.answers",
    "fixtures.recording",
    "fixtures.references",
    "fixtures.personas",
    "fixtures.targets",
    "fixtures.access",
    "fixtures.moments",
    "fixtures.platform",
    "fixtures.lints",
    "fixtures.scenarios",
    "fixtures.failovers",
    "fixtures.runbooks",
]
