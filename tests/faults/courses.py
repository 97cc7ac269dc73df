"""The lives that the single faults are tried on: what the account echoes, how late it shows things, how it ends."""

from typing import Any

from faults.harness.life import Course

_QUICK: dict[str, Any] = {
    **dict.fromkeys(("create_seconds", "delete_seconds", "node_seconds", "resize_seconds", "power_seconds"), 20.0)
}

COURSES = (
    Course("names echoed, no lag", {**_QUICK, "name_echo": "top"}, thorough=True),
    Course("conf name echoed, all lags", {**_QUICK, "name_echo": "conf", "list_lag": 30.0, "log_lag": 30.0}),
    Course("nothing echoed, list lags", {**_QUICK, "name_echo": "none", "list_lag": 30.0}),
    Course(
        "retained, password given, log lags, meddled with",
        {**_QUICK, "name_echo": "top", "log_lag": 30.0},
        {"passwordSecretRef": {"name": "given", "key": "password"}, "deletionPolicy": "Retain"},
        retained=True,
        meddled=True,
    ),
)
