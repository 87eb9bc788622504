"""A role that is behind: whom it talks to dies and is back before it looks.

The queue is stopped with a message under way at a judge or a mailbox.  Then
the keeper dies, so that news of the parent is what waits for the queue first,
and the judges or the mailbox die after it.  When the queue goes on it hears of
the new ones before the end of the old ones.  What was under way must go on.
"""

import os
import poplib
import signal
import smtplib
import threading
import time

from hub import DOMAIN, Fault, Hub, PASSWORD

SOON = 0.4              # seconds for a message to get to where it is stopped
GUARD = 60.0            # and until it must be through


class Mail(threading.Thread):
    """One message by SMTP; its reply, or what went wrong."""

    def __init__(self, hub):
        super().__init__()
        self.hub = hub
        self.reply = None
        self.start()

    def run(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.hub.base + 25,
                              timeout=GUARD) as smtp:
                smtp.sendmail("a@sender.example", ["ann@" + DOMAIN],
                              "From: a@sender.example\r\n"
                              "Subject: behind\r\n\r\nhello\r\n")
                self.reply = "taken"
        except (OSError, smtplib.SMTPException) as fault:
            self.reply = str(fault)


def say(hub, role, what):
    """That signal to all of them; their numbers."""
    pids = hub.pids(role)
    for pid in pids:
        os.kill(pid, what)
    return pids


def replaced(hub, role, old):
    hub.wait_for(lambda: hub.pids(role) and not set(hub.pids(role)) & set(old),
                 "%s is not begun again" % role)
    time.sleep(SOON)


def count(hub):
    """Messages of ann, in a session of her own."""
    pop3 = poplib.POP3("127.0.0.1", hub.base + 110, timeout=GUARD)
    pop3.user("ann@" + DOMAIN)
    pop3.pass_(PASSWORD)
    found = pop3.stat()[0]
    pop3.quit()
    return found


def behind(context, role, again):
    """`again` has the parent begin that role, if it does not by itself."""
    hub = Hub(context.bin, ("ann",))
    try:
        hub.start()
        count(hub)              # there is a mailbox now
        stopped = say(hub, role, signal.SIGSTOP)
        mail = Mail(hub)
        time.sleep(SOON)
        queue = say(hub, "queue", signal.SIGSTOP)
        keeper = say(hub, "keeper", signal.SIGKILL)
        replaced(hub, "keeper", keeper)
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)
        again(hub)
        replaced(hub, role, stopped)
        for pid in queue:
            os.kill(pid, signal.SIGCONT)
        mail.join()
        if mail.reply != "taken":
            raise Fault("the message: %s" % mail.reply)
        hub.wait_for(lambda: count(hub) == 1, "it is not delivered", GUARD)
        hub.stop()
        hub.check()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def login(hub):
    """Whoever reads wants the mailbox; the queue, which is stopped, cannot."""
    hub.wait_for(lambda: not hub.pids("mailbox"), "it does not die")
    count(hub)


def tests(context):
    yield "behind/judge", lambda: behind(context, "judge", lambda hub: None)
    yield "behind/mailbox", lambda: behind(context, "mailbox", login)
