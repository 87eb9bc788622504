"""What the hub writes on top of a letter when it delivers it.

as_it_came() for those who compare a letter here with the message that was sent.
"""

import re

# Lines that queue/stamp.c writes, in its order, and no others: what a judge
# found is X-Postroom-* and, with `identity = yes`, Authentication-Results.
_TRACE = re.compile(
    rb"\AReturn-Path: [^\r]*\r\n"
    rb"Delivered-To: [^\r]*\r\n"
    rb"(?:(?:X-Postroom-[A-Za-z-]+|Authentication-Results): [^\r]*\r\n)*"
    rb"Received: (?:[^\r]*\r\n\t)+?[^\r]*;\r\n\t[^\r]*\r\n")


def as_it_came(letter):
    """The message below those lines; ValueError when they are not there."""
    trace = _TRACE.match(letter)
    if trace is None:
        raise ValueError("no trace lines: %r" % letter[:300])
    return letter[trace.end():]
