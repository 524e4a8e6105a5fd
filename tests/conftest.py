"""One torch thread for every test: faster for small networks, and the same bits on every machine."""

import torch

torch.set_num_threads(1)
