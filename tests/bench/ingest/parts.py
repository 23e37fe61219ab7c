"""How many parts the embedded store's partitions have, read from the names of its folders."""

import os
import re
from collections import defaultdict

# Partition (retention class and day), first and last block, merge level, mutation.
PART = re.compile(r"^(\d+-\d{8})_(\d+)_(\d+)_(\d+)(?:_\d+)?$")


def part_folders(folder):
    """Folder of the table and name of each part; does not look inside parts."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:  # A merge removed it meanwhile.
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            continue
        if PART.match(entry.name):
            yield folder, entry.name
        elif entry.name != "detached":
            yield from part_folders(entry.path)


def active(blocks):
    """How many of the (first, last) ranges no other one covers: merged parts stay for minutes."""
    count = 0
    furthest = -1
    for first, last in sorted(set(blocks), key=lambda block: (block[0], -block[1])):
        if last > furthest:
            count += 1
            furthest = last
    return count


def most_parts(store):
    """Parts of the partition that has most, over all tables."""
    blocks = defaultdict(list)
    for table, name in part_folders(store):
        partition, first, last, _ = PART.match(name).groups()
        blocks[table, partition].append((int(first), int(last)))
    return max((active(ranges) for ranges in blocks.values()), default=0)
