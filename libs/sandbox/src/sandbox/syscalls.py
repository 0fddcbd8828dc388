"""Numbers of system calls on both architectures, from Linux's unistd.h; None where an architecture has no such call."""

from collections.abc import Mapping

Number = tuple[int | None, int | None]
"""On x86-64 and on aarch64."""

LAST = 451
"""The newest call of the table's kernel (6.5). Of a newer one nobody here knows what it does."""

# fmt: off
NUMBERS: Mapping[str, Number] = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171),
    "bpf": (321, 280), "brk": (12, 214), "chroot": (161, 51),
    "clock_adjtime": (305, 266), "clock_getres": (229, 114), "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115), "clock_settime": (227, 112), "clone": (56, 220),
    "clone3": (435, 435), "close": (3, 57), "connect": (42, 203),
    "delete_module": (176, 106), "dup": (32, 23), "dup2": (33, None),
    "dup3": (292, 24), "execve": (59, 221), "execveat": (322, 281),
    "exit": (60, 93), "exit_group": (231, 94), "fcntl": (72, 25),
    "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fsopen": (430, 430), "fspick": (433, 433), "fstat": (5, 80),
    "futex": (202, 98), "futex_waitv": (449, 449), "getcpu": (309, 168),
    "getegid": (108, 177), "geteuid": (107, 175), "getgid": (104, 176),
    "getpeername": (52, 205), "getpid": (39, 172), "getppid": (110, 173),
    "getrandom": (318, 278), "getrlimit": (97, 163), "getrusage": (98, 165),
    "getsockname": (51, 204), "getsockopt": (55, 209), "gettid": (186, 178),
    "gettimeofday": (96, 169), "getuid": (102, 174), "init_module": (175, 105),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425),
    "ioperm": (173, None), "iopl": (172, None), "kcmp": (312, 272),
    "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219),
    "lseek": (8, 62), "madvise": (28, 233), "membarrier": (324, 283),
    "mmap": (9, 222), "modify_ldt": (154, None), "mount": (165, 40),
    "mount_setattr": (442, 442), "move_mount": (429, 429), "mprotect": (10, 226),
    "mremap": (25, 216), "munmap": (11, 215), "nanosleep": (35, 101),
    "newfstatat": (262, 79), "perf_event_open": (298, 241), "personality": (135, 92),
    "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "poll": (7, None),
    "ppoll": (271, 73), "prctl": (157, 167), "pread64": (17, 67),
    "prlimit64": (302, 261), "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "pwrite64": (18, 68),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "read": (0, 63),
    "readv": (19, 65), "reboot": (169, 142), "recvfrom": (45, 207),
    "recvmsg": (47, 212), "request_key": (249, 218), "restart_syscall": (219, 128),
    "rseq": (334, 293), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "sched_getaffinity": (204, 123), "sched_yield": (24, 124),
    "seccomp": (317, 277), "sendmsg": (46, 211), "sendto": (44, 206),
    "set_robust_list": (273, 99), "setns": (308, 268), "setsockopt": (54, 208),
    "settimeofday": (164, 170), "shutdown": (48, 210), "sigaltstack": (131, 132),
    "socket": (41, 198), "swapoff": (168, 225), "swapon": (167, 224),
    "sysinfo": (99, 179), "syslog": (103, 116), "tgkill": (234, 131),
    "time": (201, None), "times": (100, 153), "umount2": (166, 39),
    "uname": (63, 160), "unshare": (272, 97), "userfaultfd": (323, 282),
    "write": (1, 64), "writev": (20, 66),
}
# fmt: on
