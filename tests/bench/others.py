"""The other collectors: fetchmail, getmail6, mpop, fdm and mbsync.

fetchmail gives each message to `cat >/dev/null`; the others write a maildir.
mpop pipelines; mbsync speaks IMAP and compresses, unless it is told not to; the
rest speak POP3.  Each takes all there is, leaves it there, and begins without
any memory.
"""

import collections
import os
import shutil
import subprocess
import tempfile
import time

import servers

GUARD = 400.0           # fdm takes 180 s for 2,000 messages at 40 ms
SAMPLE = 200            # messages, for who takes one round trip for each
USER = "mail"           # getmail forks for each message where it is root


class Failed(Exception):
    """It has ended without what was to be had, or not in time."""


# `boxes`: how many of each
Run = collections.namedtuple("Run", "port boxes folder")


def put(path, text):
    servers.write(path, text)
    os.chmod(path, 0o600)


def timed(words, folder, statuses=(0,)):
    """(seconds, CPU seconds) of a program and all it has waited for."""
    before = os.times()
    with open(os.path.join(folder, "said"), "wb") as said:
        began = time.monotonic()
        try:
            done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL,
                                  stdout=said, stderr=said, timeout=GUARD,
                                  check=False,
                                  env=dict(os.environ, HOME=folder,
                                           FETCHMAILHOME=folder))
        except subprocess.TimeoutExpired as fault:
            raise Failed("not at an end after %.0f s" % GUARD) from fault
        seconds = time.monotonic() - began
    after = os.times()
    if done.returncode not in statuses:
        with open(os.path.join(folder, "said"), encoding="utf-8",
                  errors="replace") as said:
            raise Failed("status %d: %s" % (done.returncode, " ".join(
                said.read()[-300:].split())))
    return seconds, max(0.0, after.children_user - before.children_user +
                        after.children_system - before.children_system)


def maildir(run, box):
    path = os.path.join(run.folder, box)
    for part in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(path, part))
    return path


def counted(run, figures, *parts):
    """The figures, if all has come."""
    got = sum(len(os.listdir(os.path.join(run.folder, box, part)))
              for box in run.boxes for part in parts)
    if got != sum(run.boxes.values()):
        raise Failed("it has %d of %d" % (got, sum(run.boxes.values())))
    return figures


def fetchmail(run):
    put(run.folder + "/rc", "set no bouncemail\npoll 127.0.0.1 port %d "
        "proto POP3 auth password timeout 60\n" % run.port +
        "".join('  user "%s@mdbox" password "%s" sslproto "" keep fetchall '
                'fetchlimit %d mda "/bin/cat >/dev/null"\n' % (
                    box, servers.PASSWORD, n)
                for box, n in run.boxes.items()))
    # 13: the limit of messages was reached
    return timed(["fetchmail", "-f", run.folder + "/rc", "--nodetach",
                  "--silent", "--pidfile", run.folder + "/pid", "--idfile",
                  run.folder + "/ids"], run.folder, (0, 13))


def getmail(run):
    words = []
    for box, n in run.boxes.items():
        put("%s/rc.%s" % (run.folder, box),
            "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\n"
            "port = %d\nusername = %s@mdbox\npassword = %s\n"
            "[destination]\ntype = Maildir\npath = %s/\n[options]\n"
            "read_all = true\ndelete = false\nverbose = 0\n"
            "delivered_to = false\nmax_messages_per_session = %d\n" % (
                run.port, box, servers.PASSWORD, maildir(run, box), n))
        words.append("--rcfile=rc." + box)
    if os.getuid() == 0:
        for top, folders, names in os.walk(run.folder):
            for name in (".", *folders, *names):
                shutil.chown(os.path.join(top, name), USER, USER)
        words = ["setpriv", "--reuid", USER, "--regid", USER,
                 "--clear-groups", "getmail", "--getmaildir=" + run.folder,
                 *words]
    else:
        words = ["getmail", "--getmaildir=" + run.folder, *words]
    return counted(run, timed(words, run.folder), "new")


def mpop(run):
    text = "defaults\nhost 127.0.0.1\nport %d\ntls off\nauth user\nkeep on\n" \
           "pipelining on\npassword %s\nuidls_file %s/uidls_%%U\n" % (
               run.port, servers.PASSWORD, run.folder)
    for box in run.boxes:
        text += "account %s\nuser %s@mdbox\ndelivery maildir %s\n" % (
            box, box, maildir(run, box))
    put(run.folder + "/rc", text)
    return counted(run, timed(["mpop", "-C", run.folder + "/rc", "-Q",
                               *run.boxes], run.folder), "new")


def fdm(run):
    text = 'set lock-file "%s/lock"\nset maximum-size 50M\n' % run.folder
    if os.getuid() == 0:
        text += 'set default-user "root"\n'
    for box in run.boxes:
        text += 'account "%s" pop3 server "127.0.0.1" port %d user ' \
                '"%s@mdbox" pass "%s" keep\naction "%s" maildir "%s"\n' \
                'match account "%s" action "%s"\n' % (
                    box, run.port, box, servers.PASSWORD, box,
                    maildir(run, box), box, box)
    put(run.folder + "/rc", text)
    return counted(run, timed(["fdm", "-f", run.folder + "/rc", "-q",
                               "fetch"], run.folder), "new")


def mbsync(run, extra=""):
    text = ""
    for box in run.boxes:
        os.makedirs("%s/%s" % (run.folder, box))
        text += "IMAPAccount %s\nHost 127.0.0.1\nPort %d\nUser %s@mdbox\n" \
                "Pass %s\nSSLType None\nAuthMechs LOGIN\nTimeout 120\n%s\n" \
                "IMAPStore %s-far\nAccount %s\n\nMaildirStore %s-near\n" \
                "Path %s/%s/\nInbox %s/%s/INBOX\n\nChannel %s\n" \
                "Far :%s-far:INBOX\nNear :%s-near:INBOX\nSync Pull\n" \
                "Create Near\nSyncState *\n\n" % (
                    box, run.port, box, servers.PASSWORD, extra, box, box,
                    box, run.folder, box, run.folder, box, box, box, box)
    put(run.folder + "/rc", text)
    return counted(run, timed(["mbsync", "-q", "-c", run.folder + "/rc",
                               "-a"], run.folder), "INBOX/new", "INBOX/cur")


def mbsync_clear(run):
    return mbsync(run, "DisableExtension COMPRESS=DEFLATE\n")


# `has_limit`: it takes a round trip for each message, and can be told to take
# a few: over a long line they show the rate of all.  `kind` is that of Row.
Other = collections.namedtuple("Other", "run kind has_limit program",
                               defaults=(None,))
OTHERS = {
    "fetchmail": Other(fetchmail, "pop3", True),
    "getmail": Other(getmail, "pop3", True),
    "mpop": Other(mpop, "pop3", False),
    "fdm": Other(fdm, "pop3", False),
    "mbsync": Other(mbsync, "imap", False),
    "mbsync, clear": Other(mbsync_clear, "compress", False, "mbsync"),
}


def those(kinds):
    """Those of them that are here."""
    return [name for name, other in OTHERS.items()
            if other.kind in kinds and shutil.which(other.program or name)]


def sample(boxes):
    """The first SAMPLE messages of them."""
    left, some = SAMPLE, {}
    for box, n in boxes.items():
        if left > 0:
            some[box] = min(n, left)
            left -= some[box]
    return some


def measured(name, port, boxes, is_far, folder):
    """(messages, seconds, CPU seconds) of one run."""
    other = OTHERS[name]
    if other.has_limit and is_far:
        boxes = sample(boxes)
    scratch = tempfile.mkdtemp(dir=folder)
    os.chmod(scratch, 0o755)
    try:
        seconds, cpu = other.run(Run(port, boxes, scratch))
    finally:
        shutil.rmtree(scratch)
    return sum(boxes.values()), seconds, cpu
