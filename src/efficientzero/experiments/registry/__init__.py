"""Finished agents as versioned DVC artifacts: a Git tag for each version, a folder that `dvc artifacts get` downloads.

A version is a commit of its own on top of the one whose results it holds, and only its tag points there: it adds the
artifact's entry to dvc.yaml and a folder ``models/<name>/`` with the parameters and the network. So nothing in the
workspace or on a branch changes, and the results of an experiment that was never applied can be registered as well.
"""

from efficientzero.experiments.registry.model import Model, find_model
from efficientzero.experiments.registry.push import push_version
from efficientzero.experiments.registry.register import Version, register_model
from efficientzero.experiments.registry.revision import RegistrationError

__all__ = ["Model", "RegistrationError", "Version", "find_model", "push_version", "register_model"]
