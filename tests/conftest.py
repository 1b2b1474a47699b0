"""For all tests: examples of Hypothesis may take as long as a busy machine needs; no test asserts a time."""

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

pytest_plugins = ["real_postgres", "both_databases"]
