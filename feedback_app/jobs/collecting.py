"""All there is to do, found by file."""

from feedback_app import registry
from feedback_app.jobs import work
from feedback_app.jobs.duties import Duties


def collected() -> Duties:
    """All of them, in order of the files' names. Raises ValueError when two have the same name."""
    modules = list(registry.discover(work))
    daily = [pair for module in modules for pair in getattr(module, "DAILY", {}).items()]
    minutely = tuple(duty for module in modules for duty in getattr(module, "MINUTELY", ()))
    every_tick = tuple(duty for module in modules for duty in getattr(module, "EVERY_TICK", ()))
    for names in ([name for name, _ in daily], [duty.name for duty in minutely + every_tick]):
        if len(set(names)) < len(names):
            raise ValueError(f"two duties of the worker have the same name: {sorted(names)}")
    return Duties(dict(daily), minutely, every_tick)
