"""What a process that opens untrusted media takes away from itself first: a file that takes it over gets nothing.

In the child, in this order: `limits` (memory, processor, descriptors; ends with its parent), the trusted work (imports,
opening its one file), `lock_down`, and then the untrusted bytes. In the parent: `kernel` finds out at start what this
kernel gives, `report` says it. `filter` (pure), `landlock` and `syscalls` are what `lock_down` is made of.

Linux on x86-64 and aarch64. It knows no media library and no service.
"""

from sandbox.layers import Layers
from sandbox.limits import die_with_parent, limit_resources
from sandbox.lock import lock_down

__all__ = ["Layers", "die_with_parent", "limit_resources", "lock_down"]
