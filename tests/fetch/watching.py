"""IDLE: new mail is here within a second or two, and nobody asked for it."""

import time

from harness import Fault, ImapSession, letter
from imap_provider import until
from killing import Remote, Scene, judge, until_done

SOON = 120.0            # seconds; the schedule would come tomorrow
WATCHED = {"fetch_watch": "yes", "settle_seconds": "1s"}


class Idles(ImapSession):
    idle = True



def join(remote):
    remote.join()
    remote.case.fetch("now", remote.label)


def watchers(remote):
    """Its sessions that wait for new mail now."""
    return [session for session in remote.provider.sessions
            if session.is_idle.is_set() and not session.over.is_set()]


def wait_watched(remote, count=1):
    if not until(lambda: len(watchers(remote)) == count, SOON):
        raise Fault("%d watch, not %d" % (len(watchers(remote)), count))


def comes_soon(remote, seconds=SOON):
    """One more message is carried, without a word from us."""
    remote.more(1)
    uidl = remote.mails[-1].uidl
    began = time.monotonic()
    if not until(lambda: remote.box.sent[uidl] == 1, seconds):
        raise Fault("a message was not collected by itself: %s; %s" % (
            dict(remote.box.sent), [s.lines[-3:] for s in
                                    remote.provider.sessions]))
    if time.monotonic() - began > seconds:
        raise Fault("it came after %.1f s" % (time.monotonic() - began))


def arrives_while_it_idles(args):
    with Scene(args, {"ann": True, "bob": False}, config=WATCHED,
               session=Idles, join=False) as scene:
        for remote in scene.remotes:
            join(remote)
        for remote in scene.remotes:
            wait_watched(remote)
            comes_soon(remote)
            wait_watched(remote)
        # one after another, however fast they come
        for remote in scene.remotes:
            remote.more(3)
            time.sleep(0.5)
            remote.more(2)
            if not until(lambda remote=remote: sum(
                    remote.box.sent.values()) == 6, 30.0):
                raise Fault("not all were collected: %s" % remote.box.sent)
            wait_watched(remote)
            words = watchers(remote)[0].words()
            if "SELECT" in words or "UID FETCH" in words:
                raise Fault("who watches collects: %s" % words)
            if remote.box.most_together > 2:
                raise Fault("%d at once" % remote.box.most_together)
        judge(scene.place, scene.remotes)


def what_came_before_it_idles(args):
    """Between the listing of a collection and the beginning of the watch."""
    late = []

    class Late(Idles):
        def do_LOGOUT(self, rest):
            if not late:
                late.append(letter("late"))
                remote.put(late[0])
            super().do_LOGOUT(rest)
    with Scene(args, {"ann": True}, config=WATCHED, session=Late,
               join=False) as scene:
        remote = scene.remotes[0]
        remote.more(1)
        join(remote)
        if not until(lambda: remote.box.sent[b"u2"] == 1, 15.0):
            raise Fault("what came meanwhile waits: %s" % remote.box.sent)
        wait_watched(remote)
        judge(scene.place, scene.remotes)


def ends_with_the_account(args):
    with Scene(args, {"ann": False}, config=WATCHED, session=Idles,
               join=False) as scene:
        remote = scene.remotes[0]
        join(remote)
        for words in (("set", "--disable"), ("set", "--enable"),
                      ("set", "--largest", "1MiB"), ("remove", "--yes")):
            remote.case.fetch("now", remote.label)
            wait_watched(remote)
            old = watchers(remote)[0]
            status, text, complaints = remote.case.command(
                "fetch", words[0], "ann@office.test", "--label",
                remote.label, *words[1:])
            if status != 0:
                raise Fault(text + complaints)
            if words[1] == "--enable":
                continue
            if not old.over.wait(60.0):
                raise Fault("%s, and it is watched on" % " ".join(words))
            if words[1] == "--disable":
                status, text, complaints = remote.case.command(
                    "fetch", "set", "ann@office.test", "--label",
                    remote.label, "--enable")
        time.sleep(1.0)
        if watchers(remote):
            raise Fault("it is removed, and watched")


def limits(args):
    """At most half of a host's connections wait, and all are collected."""
    owners = {name: False for name in ("ann", "bob", "cyn", "dan", "eve")}
    with Scene(args, owners, config=dict(WATCHED, fetch_per_host="4"),
               session=Idles, join=False) as scene:
        for remote in scene.remotes:
            remote.more(2)
            join(remote)
        until_done(scene.remotes)
        time.sleep(1.0)
        count = sum(len(watchers(remote)) for remote in scene.remotes)
        if count != 2:
            raise Fault("%d watch where 4 may be connected" % count)
        judge(scene.place, scene.remotes)


def backs_off(args):
    """A watch that is refused is not begun again and again."""
    class Refuses(Idles):
        def do_IDLE(self, _rest):
            self.no(b"not now")

    class Hangs(Idles):
        def do_IDLE(self, _rest):
            self.hang_up()

    with Scene(args, {"ann": False}, config=WATCHED, session=Refuses,
               join=False) as scene:
        other = Remote(scene.place, "ann", False, Hangs, "hangs")
        scene.remotes.append(other)
        for remote in scene.remotes:
            remote.more(1)
            join(remote)
        time.sleep(8.0)
        for remote in scene.remotes:
            if remote.provider.words()["IDLE"] != 1:
                raise Fault("%d watches in 8 s" %
                            remote.provider.words()["IDLE"])
        # and collecting is none the worse for it
        for remote in scene.remotes:
            remote.more(1)
        until_done(scene.remotes)
        judge(scene.place, scene.remotes)


def killed(args, role):
    """Who watches, or whoever it tells, is killed: it is watched again."""
    with Scene(args, {"ann": True}, config=WATCHED, session=Idles,
               join=False) as scene:
        remote = scene.remotes[0]
        join(remote)
        for _ in range(3):
            wait_watched(remote)
            scene.hub.kill_role(role)
            remote.more(1)
            until_done(scene.remotes)
            wait_watched(remote)
        comes_soon(remote, 10.0)     # not long after the last news
        judge(scene.place, scene.remotes)


def floods(args):
    """EXISTS without end: collected now and then, and others go on."""
    class Cries(Idles):
        def do_IDLE(self, _rest):
            self.say(b"+ idling")
            count = len(self.view)
            for _ in range(1000):
                count += 1
                self.data(b"%d EXISTS" % count)
                self.flush()
                time.sleep(0.01)
            self.hang_up()
    with Scene(args, {"ann": False}, config=WATCHED, session=Cries,
               join=False) as scene:
        remote = scene.remotes[0]
        remote.more(1)
        join(remote)
        time.sleep(11.0)
        count = len(remote.provider.sessions)
        if count > 6:
            raise Fault("%d connections in 11 s" % count)
        scene.all_well()


def tests(args):
    yield "watch/arrives-while-it-idles", lambda: arrives_while_it_idles(args)
    yield "watch/what-came-before-it-idles", \
        lambda: what_came_before_it_idles(args)
    yield "watch/ends-with-the-account", lambda: ends_with_the_account(args)
    yield "watch/at-most-half-of-the-connections", lambda: limits(args)
    yield "watch/one-that-is-refused-waits", lambda: backs_off(args)
    yield "watch/who-cries-without-end", lambda: floods(args)
    for role in ("fetch", "schedule", "queue"):
        yield "watch/killed/" + role, lambda role=role: killed(args, role)


