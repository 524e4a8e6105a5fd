"""One torch thread for every test: faster for small networks, and the same bits on every machine."""

import torch

torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Files with slow tests go first: begun last, one of them would keep one process busy when the others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
