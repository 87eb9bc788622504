"""Sessions that idle until no process serves them, and what ends that.

A session rests once the process of its mailbox has gone though its client still
idles.  What wakes it is a letter, another session, its client, or the end of
whoever is left; what the client knows then is what is there.
"""

import json
import random
import socket

from hub import DOMAIN, Fault, Hub
from imap_client import Client
from ledger import Cut, Lines

NAME = "ann"
CONFIG = {"warm_seconds": "1s"}
LETTER = b"Subject: news\r\n\r\nis here\r\n"


def deliver(hub):
    lines = Lines(hub.connect("lmtp"))
    lines.reply()
    for words in (b"LHLO client.test", b"MAIL FROM:<out@side.test>",
                  b"RCPT TO:<%s@%s>" % (NAME.encode(), DOMAIN.encode()),
                  b"DATA"):
        lines.send(words + b"\r\n")
        code, text = lines.reply()
        if code not in (220, 250, 354):
            raise Fault("%r was answered %d %s" % (words, code, text))
    lines.send(LETTER + b".\r\n")
    code, text = lines.reply()
    if code != 250:
        raise Fault("a letter was answered %d %s" % (code, text))
    lines.socket.close()


def open_inbox(hub, name, enable="", how="SELECT"):
    client = Client(hub, name, enable)
    client.run(how + " INBOX").expect("OK")
    if client.places:
        client.run("FETCH 1:* (UID FLAGS)").expect("OK")
    return client


def append(client, count):
    for _ in range(count):
        client.run("APPEND INBOX {}", [LETTER]).expect("OK")


def wait_rest(hub):
    hub.wait_for(lambda: not hub.pids("mailbox", hub.accounts[NAME]),
                 "the mailbox of sessions that idle does not go")


def rest(hub, *clients):
    for client in clients:
        client.idle()
    wait_rest(hub)


def until(client, truth, what):
    while not truth():
        if not client.has_news(120):
            raise Fault("%s hears nothing: %s" % (client.name, what))
        client.take()


def leave(client):
    """In good order."""
    try:
        client.run("LOGOUT")
        raise Fault("%s is not told of the end" % client.name)
    except Cut as cut:
        if "BYE" not in str(cut):
            raise Fault("cut without a word: %s" % cut) from cut


def compare(client):
    """What it knows is what is there."""
    knew = [(place.uid, place.flags) for place in client.places or ()]
    other = [(int(items["UID"]), place.flags) for place, items in
             (client.run("FETCH 1:* (UID FLAGS)").expect("OK").fetched
              if client.places else ())]
    if len(knew) != len(other):
        raise Fault("%s knew of %d letters, %d are there" % (
            client.name, len(knew), len(other)))
    for (uid, flags), (real, marks) in zip(knew, other):
        if uid not in (None, real) or flags not in (None, marks):
            raise Fault("%s knew %s %s, there is %s %s" % (
                client.name, uid, flags, real, marks))


def says(hub, **wanted):
    """`postroom status` knows so many."""
    def told():
        rows = json.loads(hub.run("-c", hub.conf, "status", "--json")[1])
        figures = {row["figure"]: row["value"] for row in rows["result"]
                   if row["part"] == "clients"}
        return all(figures.get(name.replace("_", " ")) == str(count)
                   for name, count in wanted.items())
    hub.wait_for(told, "status does not say %s" % wanted)


def a_letter_wakes(hub):
    one, two = open_inbox(hub, "one"), open_inbox(hub, "two", how="EXAMINE")
    append(one, 2)
    says(hub, connected=2, logged_in=2, parked=0)
    rest(hub, one, two)
    says(hub, connected=2, logged_in=2, parked=2)
    for count in (3, 4):
        deliver(hub)
        for client in (one, two):
            until(client, lambda: len(client.places) == count,
                  "a letter has come")
        wait_rest(hub)
    for client in (one, two):
        client.done()
        compare(client)
    if one.run("STORE 1 +FLAGS (\\Seen)").word != "OK" or \
            two.run("STORE 1 +FLAGS (\\Seen)").word != "NO":
        raise Fault("what was opened to be read is open to be written")


def changed_by_others(hub, rng):
    """Anything, with a process that is killed in between."""
    one = open_inbox(hub, "one")
    append(one, 12)
    for number in range(6):
        rest(hub, one)
        other = open_inbox(hub, "other")
        for _ in range(rng.randint(1, 6)):
            n = rng.randint(1, len(other.places))
            what = rng.choice((
                "STORE %d +FLAGS (\\Seen)", "STORE %d -FLAGS (\\Seen)",
                "STORE %d +FLAGS (Urgent)", "COPY %d INBOX",
                "STORE %d +FLAGS.SILENT (\\Deleted)")) % n
            other.run(what).expect("OK")
            place = other.places[n - 1]
            if "SILENT" in what and place.flags is not None:
                # it is not told what it has said itself
                place.flags |= {"\\deleted"}
        if rng.randint(0, 1):
            other.run("EXPUNGE").expect("OK")
        if number % 2:
            hub.kill_role("mailbox", hub.accounts[NAME])
            # cut, if it was served again just then: it must begin anew
            try:
                one.done()
                compare(one)
            except Cut:
                one = open_inbox(hub, "one")
        else:
            other.run("NOOP").expect("OK")
            one.done()
            compare(one)
            compare(other)
            leave(other)
    append(one, 1)


def killed_while_it_rests(hub):
    """No process of the account is there, nor is one that knows of it."""
    one = open_inbox(hub, "one", "QRESYNC")
    append(one, 6)
    one.run("FETCH 1:* (UID FLAGS)").expect("OK")
    rest(hub, one)
    other = open_inbox(hub, "other")
    hub.kill_role("mailbox", hub.accounts[NAME])
    # it is served again, since nobody can say what that process did not
    hub.wait_for(lambda: hub.pids("mailbox", hub.accounts[NAME]),
                 "the mailbox does not come back")
    wait_rest(hub)
    other = open_inbox(hub, "other")
    other.run("STORE 2:3 +FLAGS (\\Deleted)").expect("OK")
    other.run("EXPUNGE").expect("OK")
    while one.lines.line() != b"* VANISHED 2:3":
        pass
    del one.places[1:3]
    one.done()
    compare(one)


def the_door_is_killed(hub):
    one = open_inbox(hub, "one")
    append(one, 3)
    rest(hub, one)
    hub.kill_role("door")
    try:
        one.take()
        raise Fault("it is not cut")
    except Cut:
        pass
    hub.wait_for(lambda: is_open(hub), "nobody is let in")
    again = open_inbox(hub, "again")
    if len(again.places) != 3:
        raise Fault("%d letters are left" % len(again.places))


def is_open(hub):
    try:
        leave(Client(hub, "look"))
        return True
    except (Cut, OSError):
        return False


def hostile(hub):
    """Whatever it says, it is answered or cut; the others are served."""
    ways = (b"DONE\r\n", b"DO", b"\0\r\n", b"x" * 70000 + b"\r\n",
            b"DONE\r\n" + b"n NOOP\r\n" * 3000, b"\r\n", b"IDLE\r\n", b"")
    good = open_inbox(hub, "good")
    append(good, 1)
    clients = []
    for number in range(len(ways)):
        clients.append(open_inbox(hub, "c%d" % number))
    rest(hub, good, *clients)
    for number, (client, words) in enumerate(zip(clients, ways)):
        try:
            client.lines.send(words)
            if number % 2:
                client.lines.socket.shutdown(socket.SHUT_WR)
        except (Cut, OSError):
            pass
    deliver(hub)
    until(good, lambda: len(good.places) == 2, "a letter has come")
    # at once, again and again: said before it can rest, and while it does
    quick = open_inbox(hub, "quick")
    for _ in range(200):
        quick.idle()
        quick.done()
    good.done()
    compare(good)


def the_end(hub):
    one = open_inbox(hub, "one")
    rest(hub, one)
    hub.stop()
    try:
        one.take()
        raise Fault("it does not end")
    except Cut as cut:
        if "BYE" not in str(cut):
            raise Fault("cut without a word: %s" % cut) from cut
    hub.start()


def play(context, act):
    hub = Hub(context.bin, (NAME,), CONFIG)
    try:
        hub.start()
        act(hub)
        hub.wait_settled()
        hub.stop()
        hub.check()
        if "is ended" in hub.log():
            raise Fault("a role broke the table: " + hub.log()[-1000:])
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    yield "resting/letter", lambda: play(context, a_letter_wakes)
    for seed in range(context.seed, context.seed + (10 if context.long
                                                    else 2)):
        yield ("resting/others/%d" % seed, lambda seed=seed: play(
            context, lambda hub: changed_by_others(
                hub, random.Random(seed))))
    yield "resting/killed", lambda: play(context, killed_while_it_rests)
    yield "resting/door", lambda: play(context, the_door_is_killed)
    yield "resting/hostile", lambda: play(context, hostile)
    yield "resting/end", lambda: play(context, the_end)
