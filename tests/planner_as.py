"""A process of the console whose person is somebody else: `python -m tests.planner_as UID MODULE`.

It goes to the daemon's socket as that user, whom the kernel then names, as it would where they had started it.
"""

import os
import socket
import sys
from importlib import import_module

from ccops.desk.planning.away import Away
from tests.daemons import NOBODY


def main() -> None:
    """Run the module's main as that user."""
    uid, module = int(sys.argv[1]), sys.argv[2]
    reach = Away._reach

    def reached(self: Away) -> socket.socket:
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(uid)
        try:
            return reach(self)
        finally:
            os.seteuid(0)
            os.setegid(0)

    Away._reach = reached  # type: ignore[method-assign]
    import_module(module).main()


if __name__ == "__main__":
    main()
