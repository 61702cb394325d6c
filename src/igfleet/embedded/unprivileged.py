"""A program, started by file name: runs the rest of its command line as a user that is not root.

PostgreSQL refuses root. Inside a new user namespace, root outside is user 1000 inside: files stay root's, folders
above the data folder need not be opened to anybody. Imports nothing of igfleet: it is run with `python -I -S`.
"""

import os
import sys

INSIDE = 1000


def enter() -> None:
    """Become user 1000 of a new namespace. Raises OSError where the kernel refuses namespaces."""
    uid, gid = os.getuid(), os.getgid()
    os.unshare(os.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {uid} 1"),
        ("gid_map", f"{INSIDE} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


if __name__ == "__main__":
    try:
        enter()
    except OSError as refused:
        sys.exit(f"user namespaces are refused here ({refused.strerror})")
    os.execv(sys.argv[1], sys.argv[1:])  # the very purpose
