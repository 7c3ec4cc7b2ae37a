"""What end-to-end tests and benches share: a real cluster, its API, Pawl and the emulator as processes.

    from pawltest import Cluster, Kube, Pawl, Emulator, Checks, wait_for

Only the standard library is used. Everything that is started is stopped on exit, also when interrupted.
"""
from .checks import Checks, wait_for
from .cluster import Cluster
from .kube import ApiError, Kube
from .programs import Emulator, Pawl

__all__ = ["ApiError", "Checks", "Cluster", "Emulator", "Kube", "Pawl", "wait_for"]
