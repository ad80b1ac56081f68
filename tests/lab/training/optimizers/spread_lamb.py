"""Steps of LAMB by one of two processes: `spread_lamb.py FILE RANK WORLD`.

FILE is where they meet. Prints as JSON what a matrix ends as that they have spread by its rows, and
one that each of them has whole.
"""

from __future__ import annotations

import json
import sys

import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor

from lab.training.optimizers import get_optimizer

ROWS = 9
PARTS = (1, 3)
"""Nine rows in three parts: two processes meet in the middle one."""


def main(file: str, rank: int, world: int) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{file}", rank=rank, world_size=world
    )
    mesh = init_device_mesh("cpu", (world,))
    torch.manual_seed(0)
    found = []
    for parts in PARTS:
        start = torch.randn(ROWS, 4) * torch.arange(1.0, ROWS + 1).unsqueeze(1)
        whole = nn.Parameter(start)
        spread = nn.Parameter(distribute_tensor(start.clone(), mesh, [Shard(0)]))
        made = [
            get_optimizer("lamb", [{"params": [one], "parts": parts}], lr=0.1)
            for one in (whole, spread)
        ]
        for _ in range(3):
            gradient = torch.randn(ROWS, 4)
            whole.grad = gradient
            spread.grad = distribute_tensor(gradient.clone(), mesh, [Shard(0)])
            for optimizer in made:
                optimizer.step()
        found.append([spread.full_tensor().tolist(), whole.tolist()])
    distributed.destroy_process_group()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
