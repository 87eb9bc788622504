"""Every fault of HARDENING section 3 has a test, over POP3 and over IMAP.

Here is no provider: the names of all tests are held against the rows, so that
one that is taken away is missed.
"""

from harness import Fault

LAST = 55
# faults that only IMAP can have
IMAP_ALONE = {8, 23, 40, 41}
# and those that IMAP can have too
IMAP_TOO = {*range(1, 8), 9, 10, 11, 12, 16, 18, 30, 31, 34, 35, 36, 37, 38,
            39, 44, 45, 46, 47, 48, 49, 50, 51, 53}
# a row that goes by another name here
CALLED = {55: "F38/a-call-fails/queue/openat/EMFILE"}


def every_row(names):
    missing = []
    for row in range(1, LAST + 1):
        called = CALLED.get(row, "F%02d/" % row)
        over = [name.startswith(called + "imap/") for name in names
                if name.startswith(called)]
        if row not in IMAP_ALONE and False not in over:
            missing.append("F%02d over POP3" % row)
        if row in IMAP_ALONE | IMAP_TOO and True not in over:
            missing.append("F%02d over IMAP" % row)
    if missing:
        raise Fault("no test has " + ", ".join(missing))
