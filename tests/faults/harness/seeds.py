"""Which pairs of faults a run plays of those that are too many for every run: others each day, so that in time all are.

`SEED=…` plays the sample of another day again; the summary of each run names its own. Where `CI` is set every run plays
the same, as Hypothesis does there: what turns red is the change, not the day.
"""

import os
from datetime import UTC, datetime

_FIXED = "pairs" if "CI" in os.environ else ""  # noqa: TID251 - chance is an input of tests
SEED = os.environ.get("SEED") or _FIXED or datetime.now(UTC).date().isoformat()  # noqa: TID251
