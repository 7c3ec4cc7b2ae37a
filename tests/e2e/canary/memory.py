"""The memory of a running process, as a debugger or a core dump would see it."""
import re


class Mapping:
    def __init__(self, start, end, mode, name):
        self.start, self.end, self.mode, self.name = start, end, mode, name
        self.flags = set()

    def __str__(self):
        return f"{self.start:x}-{self.end:x} {self.mode} {self.name or 'anonymous'} [{' '.join(sorted(self.flags))}]"

    def is_guarded(self):
        """Left out of dumps, kept out of swap."""
        return {"dd", "lo"} <= self.flags


def mappings(pid):
    """From smaps, which says what the kernel was told about each."""
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as lines:
        for line in lines:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$", line)
            if head:
                found.append(Mapping(int(head[1], 16), int(head[2], 16), head[3], head[4]))
            elif line.startswith("VmFlags:"):
                found[-1].flags = set(line.split()[1:])
    return found


def read(pid):
    """[(mapping, bytes)] of all that can be read and has been written to."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            if not mapping.mode.startswith("rw") or mapping.name.startswith(("[v", "/dev/")):
                continue
            chunks = []
            memory.seek(mapping.start)
            left = mapping.end - mapping.start
            while left > 0:
                chunk = memory.read(min(left, 1 << 20))
                if not chunk:
                    break
                chunks.append(chunk)
                left -= len(chunk)
            parts.append((mapping, b"".join(chunks)))
    return parts
