"""Plug-ins found by file: one new file in the right package is the whole registration."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

Plugin = TypeVar("Plugin")


def discover(package: ModuleType) -> Iterator[ModuleType]:
    """Import and yield every public module directly inside ``package``, in name order.

    Modules whose name starts with an underscore are private to the package and left out.
    """
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def discover_one(package: ModuleType, attribute: str, kind: type[Plugin]) -> dict[str, Plugin]:
    """Map plug-in name to the object each module calls ``attribute``.

    Raises TypeError when a module of the package lacks it, so that a half-written plug-in fails at start-up.
    """
    found: dict[str, Plugin] = {}
    for module in discover(package):
        name = module.__name__.rpartition(".")[2]
        plugin = getattr(module, attribute, None)
        if not isinstance(plugin, kind):
            raise TypeError(f"{module.__name__} must define {attribute}: {kind.__name__}")
        found[name] = plugin
    return found
