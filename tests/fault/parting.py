"""Somebody logs in while the process of the mailbox is on its way out.

The client must not notice: it is greeted once, by a process that stays, and
what it said at once is answered.
"""

import os
import select
import signal
import time

from hub import DOMAIN, GUARD, PASSWORD, Fault, Hub
from ledger import Lines

NAME = "ann"
CROSSED = "does not take a session now"
WARM = 1.0              # seconds until a mailbox that nobody uses may go


def say(client, *commands):
    client.send(b"".join(c + b"\r\n" for c in commands))


def log_in(hub, *more):
    """A session that says all this at once; nothing was read yet."""
    client = Lines(hub.connect("imap"))
    say(client, b"a LOGIN %s@%s %s" % (NAME.encode(), DOMAIN.encode(),
                                       PASSWORD.encode()))
    if more:
        say(client, *more)
    return client


def answers(client, *tags):
    """The words of each answer, which come in this order and once."""
    seen, said = [], []
    while len(seen) < len(tags):
        line = client.line()
        tag, _, words = line.partition(b" ")
        if tag in tags:
            seen.append(tag)
            said.append(words)
        elif tag != b"*":
            raise Fault("not asked for: %r" % line)
    if tuple(seen) != tags:
        raise Fault("answered in the order %r" % seen)
    for words in said:
        if not words.startswith(b"OK"):
            raise Fault("answered %r" % words)


def is_served(client):
    return bool(client.buffer or
                select.select([client.socket], [], [], 0.05)[0])


def cross(hub):
    """
    A login that reaches a mailbox between its farewell and its end: the parent
    is stopped, and so does not answer a farewell.  Who comes before it is
    served, and tries again.
    """
    until = time.monotonic() + GUARD
    while time.monotonic() < until:
        mark = hub.log_size()
        client = log_in(hub)
        client.line()           # the greeting, by the door
        while CROSSED not in hub.log(mark):
            if is_served(client):
                break
            if time.monotonic() > until:
                raise Fault("a login is neither served nor put off")
        else:
            return client
        say(client, b"z LOGOUT")
        answers(client, b"a", b"z")
        client.socket.close()
        time.sleep(1.5 * WARM)
    raise Fault("no mailbox says farewell")


def farewell(context):
    hub = Hub(context.bin, (NAME,), {"warm_seconds": "%ds" % WARM})
    try:
        hub.start()
        client = log_in(hub, b"z LOGOUT")
        answers(client, b"a", b"z")
        os.kill(hub.process.pid, signal.SIGSTOP)
        try:
            client = cross(hub)
            say(client, b"b SELECT INBOX", b"c LOGOUT")
        finally:
            os.kill(hub.process.pid, signal.SIGCONT)
        answers(client, b"a", b"b", b"c")
        hub.stop()
        hub.check()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def killed(context):
    """It may have been given to the process that is killed, or not yet."""
    hub = Hub(context.bin, (NAME,))
    try:
        hub.start()
        client = log_in(hub, b"z LOGOUT")
        answers(client, b"a", b"z")
        for wait in (0, 0.01, 0.05, 0.2):
            pids = hub.wait_for(lambda: hub.pids("mailbox", 2),
                                "there is no mailbox")
            os.kill(pids[0], signal.SIGSTOP)
            client = log_in(hub, b"b SELECT INBOX", b"c LOGOUT")
            time.sleep(wait)
            os.kill(pids[0], signal.SIGKILL)
            answers(client, b"a", b"b", b"c")
        hub.stop()
        hub.check()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    yield "parting/farewell", lambda: farewell(context)
    yield "parting/killed", lambda: killed(context)
