#!/usr/bin/env python3
"""Checks the expectations in the vector files, or rewrites them.

    regenerate.py            check every file; exit status 1 if one differs
    regenerate.py --write    replay the operations and rewrite what follows from them

The model below knows docs/dump-format.md and nothing else: it derives the shape from the contents
each time, with none of the steps that the C and Java sources take. The build doesn't need it.
"""

import pathlib
import sys

MASK = (1 << 64) - 1
FLAT_LIMIT = 32
LEVELS = 13


def mix(key):
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & MASK
    return key ^ (key >> 31)


class Map:
    """Contents and the hash in use: all that the canonical shape depends on."""

    def __init__(self, raw, entries=()):
        self.raw = raw
        self.entries = dict(entries)

    def hash(self, key):
        return key >> 4 if self.raw else mix(key)

    def dump(self):
        size = len(self.entries)
        flat = size <= FLAT_LIMIT
        lines = [f"{'flat' if flat else 'tree'} {size}{' raw' if self.raw else ''}"]
        if flat:
            lines += [f"  {key:016x} {self.entries[key]:016x}" for key in sorted(self.entries)]
        else:
            self._node(lines, 1, 0, list(self.entries))
        return lines

    def _node(self, lines, depth, level, keys):
        indent = "  " * depth
        if level == LEVELS:
            lines.append(f"{indent}collision {len(keys)}")
            lines += [f"{indent}  {key:016x} {self.entries[key]:016x}" for key in sorted(keys)]
            return
        slots = {}
        for key in keys:
            slots.setdefault(self.hash(key) >> (5 * level) & 31, []).append(key)
        data = sum(1 << slot for slot, below in slots.items() if len(below) == 1)
        nodes = sum(1 << slot for slot, below in slots.items() if len(below) > 1)
        lines.append(f"{indent}node data={data:08x} nodes={nodes:08x}")
        for slot in sorted(slots):
            below = slots[slot]
            if len(below) == 1:
                lines.append(f"{indent}  {slot:02d} {below[0]:016x} {self.entries[below[0]]:016x}")
            else:
                lines.append(f"{indent}  {slot:02d}")
                self._node(lines, depth + 2, level + 1, below)


def merge(base, over):
    if not base.entries and not base.raw:
        return over
    if not over.entries and not over.raw:
        return base
    assert base.raw == over.raw, "maps that hash differently don't merge"
    return Map(base.raw, {**base.entries, **over.entries})


def number(word):
    value = int(word, 0)
    assert 0 <= value <= MASK
    return value


def replay(text):
    """The same text with every expectation as the model has it."""
    current = Map(False)
    saved = {}
    out = []
    for line in text.splitlines():
        if line.startswith("| "):
            continue
        out.append(line)
        word, *args = line.split("#")[0].split() or [""]
        if word == "map":
            current = Map(args == ["raw"])
        elif word == "put":
            current = Map(current.raw, {**current.entries, number(args[0]): number(args[1])})
        elif word == "del":
            current = Map(current.raw, current.entries)
            current.entries.pop(number(args[0]), None)
        elif word in ("fill", "clear"):
            first, count, stride = map(number, args)
            keys = [(first + i * stride) & MASK for i in range(count)]
            current = Map(current.raw, current.entries)
            for key in keys:
                if word == "fill":
                    current.entries[key] = (key * 3 + 1) & MASK
                else:
                    current.entries.pop(key, None)
        elif word == "merge":
            current = merge(current, saved[number(args[0])])
        elif word == "save":
            saved[number(args[0])] = current
        elif word == "dump":
            out += ["| " + dumped for dumped in current.dump()]
        elif word == "size":
            out[-1] = f"size {len(current.entries)}"
        elif word == "get":
            value = current.entries.get(number(args[0]))
            out[-1] = f"get {args[0]} {'absent' if value is None else hex(value)}"
        else:
            assert word == "", f"unknown operation: {line}"
    return "\n".join(out) + "\n"


def main():
    write = sys.argv[1:] == ["--write"]
    stale = False
    for path in sorted(pathlib.Path(__file__).parent.glob("*.txt")):
        text = path.read_text()
        expected = replay(text)
        if text != expected:
            stale = True
            print(f"{path.name}: {'rewritten' if write else 'differs from the model'}")
            if write:
                path.write_text(expected)
    return 1 if stale and not write else 0


if __name__ == "__main__":
    sys.exit(main())
