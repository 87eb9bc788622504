"""Lines in this hub's name that a collected message brings are cut out (A67).

What the provider says in its own name stays, and the message is known as the
one that was collected: it does not come again.
"""

from either import both
from harness import letter

HUB = b"mail.office.test"
THEIRS = b"Authentication-Results: mx.provider.example; spf=pass"
OURS = (b"Authentication-Results: (a) \"" + HUB.upper() + b"\" 1;\r\n spf=pass",
        b"X-Postroom-Spam: no")


def without(message):
    """As it is taken on."""
    for line in OURS:
        message = message.replace(line + b"\r\n", b"", 1)
    return message


@both("A67/what-a-collected-message-forges-is-cut-out-and-it-comes-once")
def forged(t, kind):
    # the big one is a file of its own
    came = [letter(kind.mark + "forged-%d" % size, size,
                   b"\r\n".join((OURS[0], THEIRS, OURS[1])))
            for size in (600, 200000)]
    t.add(t.provider(kind.session, kind.box(t, came)))
    for _ in range(2):
        t.now()
        t.here([without(message) for message in came])
