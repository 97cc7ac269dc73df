"""A stage for end-to-end tests: operator, simulator and proxies as real processes on real sockets, put away after.

Tests of this folder import from here. Nothing of the operator is imported: it is only ever met from outside.
"""

from stage.kube import Kube
from stage.operators import SHORT, Operator
from stage.proxy import Hold, Proxy, Seen
from stage.setting import Stage
from stage.simulator import Simulator
from stage.waiting import until, until_served

__all__ = ["SHORT", "Hold", "Kube", "Operator", "Proxy", "Seen", "Simulator", "Stage", "until", "until_served"]
