"""The line: closed it carries nothing, open no more than it may, and it counts.

Each test has a hub of its own, as the line is the hub's.  Rates are judged by
what was carried in how long it took at least: a slow machine makes that longer,
never shorter.
"""

import json
import threading
import time

from harness import Case, Fault, Place, Session, letters

GUARD = 120.0           # seconds; nothing honest comes near it
SOON = 75.0             # seconds: the clock's first collection is within 62


class Scene:
    """A hub with one owner."""

    def __init__(self, args, config, session=Session):
        self.place = Place(args.bin, ["ann"], dict({
            "fetch_minutes": "1"}, **config))
        self.case = Case(self.place, "line", "ann")
        self.session = session
        self.provider = None
        self.box = None

    def __enter__(self):
        self.place.hub.start()
        return self

    def __exit__(self, *_):
        self.case.close()
        self.place.hub.kill()
        self.place.hub.remove()

    def join(self, datas, *more):
        self.box = self.case.box(datas)
        self.provider = self.case.provider(self.session, self.box)
        self.case.add(self.provider, *more)

    def line(self, *words):
        """The rows of `postroom line WORDS`."""
        status, text, complaints = self.case.command("line", *words, "--json")
        if status != 0:
            raise Fault("line %s: status %d: %s%s" % (
                words[0], status, text, complaints))
        return json.loads(text)["result"]

    def status(self):
        return self.line("status")[0]

    def health(self):
        status, text, _ = self.case.command("fetch", "list", "--json")
        if status != 0:
            raise Fault("fetch list: %s" % text)
        return json.loads(text)["result"][0]

    @staticmethod
    def until(truth, seconds, why):
        end = time.monotonic() + seconds
        while not truth():
            if time.monotonic() > end:
                raise Fault("%s, after %.0f s" % (why, seconds))
            time.sleep(0.1)


def true(truth, *words):
    Case.true(truth, *words)


def carried(rows):
    return {row["cause"]: (row["received"], row["sent"])
            for row in rows if row["what"] == "carried"}


def closed(args):
    """Nothing begins by itself; by the postmaster it does, and by the hand."""
    with Scene(args, {"line_windows": '"never"'}) as scene:
        datas = letters("closed", 3)
        scene.join(datas)
        status = scene.status()
        true(status["state"] == "closed" and status["why"] == "window",
             status)
        true(scene.health()["next"] == 0, scene.health())
        time.sleep(SOON)
        true(not scene.provider.sessions, "it was collected")
        scene.case.now()
        scene.case.here(datas)
        more = letters("closed-more", 2)
        scene.box.add(*scene.case.box(more).mails)
        for mail in scene.box.mails[3:]:
            mail.uidl = b"more-" + mail.uidl
        count = len(scene.provider.sessions)
        time.sleep(5)
        true(len(scene.provider.sessions) == count, "it was collected again")
        status = scene.line("open", "--minutes", "5")[0]
        true(status["state"] == "open" and status["by_hand"] == "yes", status)
        Scene.until(lambda: len(scene.provider.sessions) > count, SOON,
                    "opened, and not collected")
        scene.case.here(datas + more)


def closing(args):
    """The message at hand is finished; the rest comes when it opens again."""
    with Scene(args, {"line_windows": '"never"',
                      "line_bytes_per_second": "16KiB"}) as scene:
        datas = letters("closing", 60, 16384)
        scene.join(datas, "--label", "slow")
        scene.line("open", "--minutes", "60")
        Scene.until(lambda: sum(scene.box.sent.values()) > 3, SOON + 30,
                    "not begun")
        scene.line("open", "--minutes", "0")
        if not scene.provider.calm():
            raise Fault("closed, and the collection goes on")
        Scene.until(lambda: scene.health()["result"] == "line", GUARD,
                    "it ended otherwise")
        count = len(scene.case.letters())
        true(0 < count < len(datas), count, "are here")
        true(scene.health()["failures"] == 0, "that is no failure")
        asked = len(scene.provider.sessions)
        time.sleep(3)
        true(len(scene.provider.sessions) == asked, "it began again")
        row = scene.case.now()
        true(row["taken"] == len(datas) - count, row, count)
        scene.case.here(datas)


def rate(args):
    """So many bytes a second, and not a tenth more."""
    limit = 64 << 10
    with Scene(args, {"line_bytes_per_second": "64KiB"}) as scene:
        datas = letters("rate", 8, 96 << 10)
        scene.join(datas)
        began = time.monotonic()
        scene.case.now()
        seconds = time.monotonic() - began
        scene.case.here(datas)
        sent = sum(one.sent_bytes for one in scene.provider.sessions)
        true(sent > 700 << 10, "it was hardly anything:", sent)
        true(sent / seconds < limit * 1.1, "%.0f bytes a second" % (
            sent / seconds))


def counted(args):
    """Each byte both ways has a cause, and stays counted."""
    with Scene(args, {"fetch_minutes": "1440"}) as scene:
        datas = letters("counted", 20, 3000)
        scene.join(datas)
        scene.case.now()
        scene.case.here(datas)
        sessions = list(scene.provider.sessions)
        there = (sum(one.sent_bytes for one in sessions),
                 sum(len(one.received) for one in sessions))
        Scene.until(lambda: scene.line("report"), GUARD, "nothing is reported")
        found = carried(scene.line("report"))
        here = tuple(sum(one[i] for one in found.values()) for i in (0, 1))
        # TCP has a number for the end of each side
        for i in (0, 1):
            true(0 <= here[i] - there[i] <= 2 * len(sessions), "counted",
                 here, "carried", there)
        wire = sum(len(mail.wire) for mail in scene.box.mails)
        true(wire <= found["mail"][0] <= wire * 1.02, "mail:", found["mail"],
             "of", wire)
        true(found["listing"][0] > 0 and found["session"][1] > 0, found)
        before = scene.status()["carried"]
        true(before == sum(here), before, here)
        scene.place.hub.stop()
        scene.place.hub.start()
        Scene.until(lambda: scene.status()["carried"] >= before, GUARD,
                    "forgotten")
        status, text, _ = scene.case.command("line", "report")
        true(status == 0 and "remote" in text, text)


def budget(args):
    """When the month's bytes are spent, only the postmaster collects."""
    with Scene(args, {"line_month_bytes": "1MiB"}) as scene:
        datas = letters("budget", 3, 500 << 10)
        scene.join(datas)
        Scene.until(lambda: scene.status()["why"] == "spent", SOON + 30,
                    "it is not spent")
        true(scene.status()["carried"] >= 1 << 20, scene.status())
        Scene.until(lambda: scene.provider.calm(), GUARD, "it goes on")
        count = len(scene.provider.sessions)
        time.sleep(5)
        true(len(scene.provider.sessions) == count, "it was collected again")
        scene.case.now()
        scene.case.here(datas)


def health(args):
    """What came of it outlives the hub."""
    class Refuses(Session):
        def let_in(self, box, is_right):
            self.say(b"-ERR [AUTH] wrong")
    with Scene(args, {}, Refuses) as scene:
        scene.join([])
        scene.case.now("refused")
        Scene.until(lambda: scene.health().get("result") == "refused",
                    GUARD, "not known")
        before = scene.health()
        scene.place.hub.stop()
        scene.place.hub.start()
        after = scene.health()
        for name in ("result", "words", "failures", "last", "by_server",
                     "failing_since"):
            true(before[name] == after[name], name, before[name], after[name])
        # half an hour, whatever starts anew
        true(abs(before["next"] - after["next"]) < 5000, before["next"],
             after["next"])


def reading(args):
    """What is collected on reading is there at the login; once in a while."""
    with Scene(args, {"fetch_minutes": "1440",
                      "read_wait_seconds": "20s"}) as scene:
        datas = letters("reading", 20)
        scene.join(datas, "--on-read", "yes", "--every", "1440")
        # the first look, or one by the clock that came before it
        found = scene.case.letters()
        true(len(found) == len(datas), len(found), "are shown at once")
        true(len(scene.provider.sessions) == 1, "it was asked",
             len(scene.provider.sessions), "times")
        # a mail program that looks again and again does not hammer there
        for _ in range(5):
            true(len(scene.case.letters()) == len(datas), "others")
        true(len(scene.provider.sessions) == 1, "it was asked again")
        scene.case.here(datas)


def reading_slowly(args):
    """Who is slow is waited for so long and no longer, and comes later."""
    class Slow(Session):
        def let_in(self, box, is_right):
            gate.wait(60)
            super().let_in(box, is_right)
    gate = threading.Event()
    with Scene(args, {"fetch_minutes": "1440",
                      "read_wait_seconds": "2s"}, Slow) as scene:
        datas = letters("slowly", 3)
        scene.join(datas, "--on-read", "yes", "--every", "1440")
        began = time.monotonic()
        true(scene.case.letters() == [], "that cannot be")
        took = time.monotonic() - began
        true(2 <= took < 50, "it took %.1f s" % took)
        true(scene.provider.sessions, "it was not asked at all")
        # without the one who says when, nobody is kept out either
        scene.place.hub.kill_role("schedule")
        true(scene.case.letters() == [], "that cannot be")
        gate.set()
        Scene.until(lambda: scene.case.command("line", "status")[0] == 0,
                    GUARD, "the schedule does not come back")
        scene.case.now()
        scene.case.here(datas)


def tests(_args):
    for name, function in (
            ("closed-carries-nothing", closed),
            ("closing-finishes-the-message-at-hand", closing),
            ("no-faster-than-it-may", rate),
            ("each-byte-is-counted", counted),
            ("spent-is-spent", budget),
            ("health-outlives-the-hub", health),
            ("who-reads-has-it-collected-and-sees-it", reading),
            ("who-is-slow-is-not-waited-for", reading_slowly)):
        yield ("line/" + name, lambda function=function: function(_args))
