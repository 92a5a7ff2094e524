"""Health: checks of each thing that can go wrong by itself, for `fileq doctor` and for notifications."""

from fileq.health.check import CheckResult, CheckState
from fileq.health.run import database_exists, run_checks

__all__ = ["CheckResult", "CheckState", "database_exists", "run_checks"]
