"""What a process may tell the kernel about itself: die with your parent, be somebody else.

Linux only where it says so; elsewhere those calls change nothing. Sources: prctl(2), capabilities(7), capget(2).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import stat
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 4
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def die_with_parent(parent: int, death: signal.Signals) -> None:
    """Ask to receive `death` when process `parent` ends, however it ends (Linux).

    Call it in the child, after any change of user (which forgets the wish). Exits at once when the
    parent is gone already.
    """
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def server_user(folder: Path) -> pwd.struct_passwd | None:
    """Who must run a server that refuses root: nobody else (None) unless we are root.

    As root: the owner of its folder, so that a `var/` made by an ordinary user stays usable; for a
    new folder the system's `nobody`, which every distribution has.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    return pwd.getpwnam("nobody")


def can_reach(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether every folder above `path` lets that user through."""
    return all(_lets_through(folder.stat(), user) for folder in path.resolve().parents)


def _lets_through(mode: os.stat_result, user: pwd.struct_passwd) -> bool:
    if mode.st_uid == user.pw_uid:
        return bool(mode.st_mode & stat.S_IXUSR)
    if mode.st_gid == user.pw_gid:
        return bool(mode.st_mode & stat.S_IXGRP)
    return bool(mode.st_mode & stat.S_IXOTH)


def become(user: pwd.struct_passwd, *, through_closed_folders: bool) -> None:
    """Turn this root process into `user`, for good.

    With `through_closed_folders` (Linux) it may still pass folders closed to that user: root's home
    is, and opening it for everybody (what other starters do) would be a worse answer.
    """
    libc = _libc()
    keep = through_closed_folders and sys.platform == "linux"
    if keep:
        # Not PR_SET_KEEPCAPS: PostgreSQL asks access(2), which drops capabilities unless this bit is set.
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    if keep and not any(_keep_capability(libc, one) for one in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)):
        raise PermissionError("root may not pass closed folders here; move the project out of them")


def _keep_capability(libc: ctypes.CDLL, capability: int) -> bool:
    """Keep one of root's capabilities across exec; False when this root (a container's) never had it."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    mask = 1 << capability
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, sets) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
