"""What runs out: the disk, and descriptors.

The disk is a small tmpfs in a mount namespace of our own, so this part runs
again as a child of unshare (root only).
"""

import collections
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from hub import GUARD, Fault, Hub
from kill import settle_and_compare
from ledger import Cut, Ledger, Lines, Load, Reader, Refused, Sender
from appending import log_in

MIB = 1 << 20
ACCOUNTS = ("ann", "bob")


def fill(folder):
    """Write until there is no byte left; the file's path."""
    path = os.path.join(folder, "filler")
    with open(path, "ab", buffering=0) as file:
        for size in (MIB, 65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return path


def first_told(sender, ledger, size):
    """The hub's words to one message to ann."""
    sender.send(["ann"], size)
    return ledger.told[ledger.last, "ann"], ledger.answer[ledger.last, "ann"]


def expect_452(sender, ledger, size):
    word, answer = first_told(sender, ledger, size)
    if word != "refused" or "452 4.3.1" not in answer:
        raise Fault("a full disk, and the sender is told: %s (%s)"
                    % (word, answer))


def save(hub, size):
    """A large letter into Drafts; the first words to it, and the last."""
    box = log_in(hub)
    box.send(b"f APPEND Drafts {%d}\r\n" % size)
    first = last = box.readline()
    if first.startswith(b"+"):
        box.send(b"x" * size + b"\r\n")
        last = box.readline()
    if box.noop()[0] != "OK":
        raise Fault("the connection does not go on")
    count = int(box.select("Drafts", readonly=True)[1][0])
    box.logout()
    return first, last, count


def expect_no_room(hub):
    """It is said before the message is sent, and nothing of it is kept."""
    first, _, count = save(hub, 200000)
    if not first.startswith(b"f NO [UNAVAILABLE]") or count != 0:
        raise Fault("a full disk, and %d letters: %r" % (count, first))


def disk(context, folder):
    hub = Hub(context.bin, ACCOUNTS, folder=folder, config={
        "ballast_bytes": "2MiB", "free_bytes": "6MiB",
        "letters_segment_bytes": "1MiB"})
    try:
        ledger = Ledger(context.seed)
        rng = random.Random(context.seed)
        hub.start()
        sender = Sender(hub, ledger, rng)
        # the first login makes Drafts, if there is room for it
        log_in(hub).logout()
        # by mail, until it is no longer taken
        for _ in range(2000):
            word, answer = first_told(sender, ledger, rng.choice(
                (2000, 40000, 120000, 200000)))
            if word != "taken":
                break
        if word != "refused" or "452 4.3.1" not in answer:
            raise Fault("the disk fills, and the sender is told: %s (%s)"
                        % (word, answer))
        hub.wait_settled()
        ledger.compare(hub)
        # then by somebody else, to the last byte: what settles gives room
        filler = fill(hub.folder)
        expect_452(sender, ledger, 2000)
        expect_no_room(hub)
        ledger.compare(hub)             # login and RETR of all
        reader = Reader(hub, ledger, "ann")
        if reader.delete(lambda number: number % 5 == 0) == 0:
            raise Fault("DELE and QUIT do not work on a full disk")
        expect_452(sender, ledger, 2000)
        expect_no_room(hub)
        ledger.compare(hub)
        # room again: noticed without a restart
        os.unlink(filler)
        reader.delete(lambda number: number % 2 == 0)
        for path in hub.pids("queue"):
            context.note("queue %d" % path)
        hub.wait_for(lambda: sender.send(["ann"], 2000),
                     "room again, and no mail is taken", GUARD / 2)
        hub.wait_for(lambda: save(hub, 200000)[2] == 1,
                     "room again, and nothing can be saved")
        settle_and_compare(hub, ledger)
        sender.close()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.kill()


def disk_inside(context):
    """We are in the namespace: mount, and go."""
    folder = tempfile.mkdtemp(prefix="postroom-fault-disk-")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs",
                        folder], check=True)
        try:
            disk(context, folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def disk_outside(context):
    if os.geteuid() != 0 or shutil.which("unshare") is None or \
            subprocess.run(["unshare", "--mount", "true"],
                           stderr=subprocess.DEVNULL,
                           check=False).returncode != 0:
        raise context.Skip("needs root and a mount namespace")
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", sys.executable,
         os.path.join(os.path.dirname(__file__), "run.py"),
         "--bin", context.bin, "--results", "/dev/null", "--seed",
         str(context.seed), "--inside", "--only", "full/disk"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=5 * GUARD, check=False)
    if done.returncode != 0:
        raise Fault(done.stdout.decode("utf-8", "replace").strip()
                    .replace("fail full/disk: ", "", 1))


def descriptors(context):
    """64 descriptors for each role, and 300 clients."""
    hub = Hub(context.bin, ACCOUNTS, config={
        "connections_per_address": "1000"})
    hub.limits = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    connections = []
    try:
        ledger = Ledger(context.seed)
        hub.start()
        roles = {role: hub.pids(role) for role in (
            "door", "queue", "keeper", "judge", "console")}
        greetings = {"220": 0, "421": 0, "+OK": 0, "-ER": 0, "cut": 0}
        for i in range(300):
            connection = hub.connect(("smtp", "pop3")[i % 2], 1.0)
            connections.append(connection)
            try:
                line = Lines(connection).line()[:3].decode()
            except Cut:
                line = "cut"
            except Fault:
                line = "waits"  # in the backlog, until a descriptor is free
            greetings[line] = greetings.get(line, 0) + 1
            if line == "waits":
                break
        context.note(greetings)
        if greetings["220"] == 0 or greetings["220"] + greetings["+OK"] > 290:
            raise Fault("no limit was met: %s" % greetings)
        for connection in connections:
            connection.close()
        sender = Sender(hub, ledger, random.Random(context.seed))
        hub.wait_for(lambda: sender.send(list(ACCOUNTS), 2000),
                     "the clients are gone, and no mail is taken", GUARD / 2)
        sender.close()
        with Load(hub, ledger, context.seed, senders=30, readers=2):
            before = ledger.count("taken")
            hub.wait_for(lambda: ledger.count("taken") > before + 100,
                         "no mail is taken under load", GUARD / 2)
        for role, pids in roles.items():
            if hub.pids(role) != pids:
                raise Fault("%s has crashed" % role)
        settle_and_compare(hub, ledger)
    except BaseException:
        context.note(collections.Counter(
            word + " " + re.sub("received as .*", "",
                                ledger.answer[key].split("; ")[-1])
            for key, word in ledger.told.items()).most_common(6))
        context.keep(hub)
        raise
    finally:
        for connection in connections:
            connection.close()
        hub.remove()


def tests(context):
    yield "full/disk", lambda: (disk_inside if context.inside else
                                disk_outside)(context)
    yield "full/descriptors", lambda: descriptors(context)
