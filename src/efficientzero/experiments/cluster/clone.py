"""How a module that is run in a clone takes its order, tells how far it is, and ends (see `node.run_in_clone`)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from efficientzero.experiments.cluster.node import ORDER
from efficientzero.experiments.cluster.sharing import Meeting


def take_order() -> tuple[Meeting, dict[str, Any]]:
    """The meeting and all of the order. From now on this process ends when whoever started it ends."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    order: dict[str, Any] = json.loads(os.environ.pop(ORDER))  # what runs under this does not see it
    return Meeting(order["git"], order["commit"], order["remote"], order["settings"]), order


def tell(**facts: Any) -> None:
    """Prints a line of JSON, which the machine that handed the task out gets to see."""
    print(json.dumps(facts), flush=True)


@contextmanager
def repeated(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Calls `action` every so many seconds beside what is done meanwhile, and once more at its end.

    What fails is tried again: only an error of the last call is raised, where nothing else is.
    """
    over, errors = threading.Event(), list[Exception]()

    def work() -> None:
        last = False
        while not last:
            last = over.wait(seconds)
            errors.clear()
            try:
                action()
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if errors:
        raise errors[0]


def _end_with_starter() -> None:
    while os.read(0, 1):  # unbuffered: a buffer's lock would be held when the interpreter ends
        pass
    os._exit(1)  # what runs under it ends as well, by the guards of its experiments
