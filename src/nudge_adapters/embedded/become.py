"""Set this process up and become a server: run by `nudge_adapters.embedded.server` as a program of its own.

Between fork and exec a process with threads (numpy, drivers) may deadlock in Python code, so nothing is done there:
this small program does it instead, without any third-party package, and then turns into the server.

    python -I -S become.py SIGNAL PARENT PRIVILEGES COMMAND ...

SIGNAL: number of the signal the kernel sends when the parent ends, SIGKILL included. PARENT: its pid.
PRIVILEGES: `keep` ours; `namespace`: a user namespace in which root is `nobody`, since PostgreSQL refuses root;
`nobody`: the real one, where user namespaces are forbidden.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def become(on_parent_death: int, parent: int, privileges: str, command: list[str]) -> None:
    """Give up privileges as told, tie this process to `parent`, and exec `command`. Does not return."""
    libc, nobody = ctypes.CDLL(None, use_errno=True), pwd.getpwnam("nobody")
    if privileges == "namespace":
        uid, gid = os.geteuid(), os.getegid()
        if libc.unshare(_CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} {gid} 1")
    elif privileges == "nobody":
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    libc.prctl(_PR_SET_PDEATHSIG, on_parent_death)  # after setuid, which clears it
    if os.getppid() != parent:
        sys.exit("the parent ended before its server began")
    os.execv(command[0], command)  # noqa: S606 - a command of ours


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
