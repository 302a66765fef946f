"""The plugins of the suite, each after those it builds on; what each is for stands in its own first line."""

pytest_plugins = [
    "fixtures.scheduling",
    "fixtures.plans",
    "fixtures.backups",
    "fixtures.inventory",
    "fixtures.controls",
    "fixtures.evidence",
    "fixtures.answers",
    "fixtures.recording",
    "fixtures.targets",
]
