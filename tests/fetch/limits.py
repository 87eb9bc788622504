"""What a provider puts up with, what a day and a month give, and the windows.

Each test has a hub of its own.
"""

import concurrent.futures
import json
import re
import time

from demand import Demand
from harness import DOMAIN, Fault, ImapSession, Session, letter, letters
from line import GUARD, SOON, Scene, true

LATE = 2.0              # seconds of the rate, for who hears late of others
DAY_MS = 86400000


def command(scene, *words, status=0):
    found, text, complaints = scene.case.command(*words)
    if found != status:
        raise Fault("%s: status %d: %s%s" % (" ".join(words), found, text,
                                             complaints))
    return text + complaints


def add(scene, *more, status=0):
    return command(scene, "fetch", "add", "ann@%s" % DOMAIN, "--untested",
                   "--password-file", scene.place.secret, "--all", "--keep",
                   *more, status=status)


def accounts(scene):
    text = command(scene, "fetch", "list", "--json")
    return {row["label"]: row for row in json.loads(text)["result"]}


def providers(args):
    """A name, or the address there, says host, port, TLS and what to expect."""
    with Scene(args, {"line_windows": '"never"'}) as scene:
        text = add(scene, "--provider", "google", "--user", "ann",
                   "--label", "named", "--every", "5")
        true("pop.gmail.com, port 995" in text, text)
        true("password of its own" in text, text)
        true("(kept, archived or deleted) is chosen" in text, text)
        true("every 10 minutes" in text and "in a day" in text, text)
        text = add(scene, "--user", "ann@web.de", "--label", "by-address")
        true("pop3.web.de, port 995" in text, text)
        true("minutes" not in text and "in a day" not in text, text)
        text = add(scene, "--user", "ann@icloud.com", "--label", "only-imap")
        true("imap.mail.me.com, port 993" in text, text)
        text = add(scene, "--provider", "gmx", "--host", "mail.other.test",
                   "--user", "ann", "--label", "said")
        true("This is" not in text, text)
        found = accounts(scene)
        for label, protocol, host, port in (
                ("named", "pop3", "pop.gmail.com", 995),
                ("by-address", "pop3", "pop3.web.de", 995),
                ("only-imap", "imap", "imap.mail.me.com", 993),
                ("said", "pop3", "mail.other.test", 995)):
            row = found[label]
            true((row["protocol"], row["host"], row["port"], row["tls"]) ==
                 (protocol, host, port, "implicit"), row)
        text = add(scene, "--provider", "hotgoogle", "--user", "ann",
                   "--label", "wrong", status=2)
        true("google, microsoft, yahoo" in text, text)
        text = add(scene, "--user", "ann@unknown.test", status=2)
        true("--host" in text, text)
        text = command(scene, "fetch", "set", "ann@%s" % DOMAIN, "--label",
                       "by-address", "--every", "3")
        true("every 12 minutes" in text, text)
        text = command(scene, "fetch", "set", "ann@%s" % DOMAIN, "--label",
                       "by-address", "--every", "30")
        true("more often" not in text, text)


def day(args):
    """A large first collection is spread over days, and says so."""
    with Scene(args, {"fetch_daily_bytes": "1MiB", "fetch_minutes": "1440",
                      "line_bytes_per_second": "1MiB"}) as scene:
        datas = letters("day", 16, 200 << 10)
        scene.join(datas)
        row = scene.case.now("day")
        Scene.until(lambda: scene.health()["result"] == "day", GUARD, "no end")
        row = scene.health()
        count = len(scene.case.letters())
        true(5 <= count <= 12, count, "are here")
        true(row["waiting"] == len(datas) - count and row["failures"] == 0,
             row, count)
        left = row["next"] - time.time() * 1000
        true(DAY_MS - 120000 < left <= DAY_MS, "next in", left / 1000)
        text = command(scene, "fetch", "list")
        true("waits" in text and "following days, by itself" in text, text)
        asked = len(scene.provider.sessions)
        scene.case.now("day")
        scene.place.hub.stop()
        scene.place.hub.start()
        Scene.until(lambda: "next" in scene.health(), GUARD, "no health")
        row = scene.health()
        true(row["result"] == "day" and row["waiting"] == len(datas) - count,
             row)
        true(row["next"] - time.time() * 1000 > DAY_MS / 2, row)
        scene.case.now("day")
        true(len(scene.provider.sessions) == asked, "it was collected again")
        # whether the login works may be asked
        scene.case.now(verb="test")


def raised(args):
    """When the month's bytes are spent it says why; with more it goes on."""
    with Scene(args, {"line_month_bytes": "1MiB", "line_spent": "nothing",
                      "line_bytes_per_second": "1MiB"}) as scene:
        datas = letters("raised", 16, 200 << 10)
        scene.join(datas)
        scene.case.now("line")
        Scene.until(lambda: scene.status()["why"] == "spent", GUARD,
                    "not spent")
        text = command(scene, "line", "status")
        true("bytes" in text, text)
        row = scene.health()
        true(row["result"] == "line" and "spent" in row["words"] and
             row["waiting"] > 0, row)
        count = len(scene.case.letters())
        true(0 < count < len(datas), count)
        asked = len(scene.provider.sessions)
        scene.case.now("line")
        true(len(scene.provider.sessions) == asked, "it was collected")
        scene.place.hub.stop()
        with open(scene.place.hub.conf, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"line_month_bytes = \S+", "line_month_bytes = 1GiB",
                      text)
        with open(scene.place.hub.conf, "w", encoding="utf-8") as file:
            file.write(text)
        scene.place.hub.start()
        # by itself
        Scene.until(lambda: len(scene.provider.sessions) > asked, SOON,
                    "raised, and not collected")
        scene.case.here(datas)


def parallel(args):
    """Several together carry so many bytes a second, and not a tenth more."""
    limit, each = 96 << 10, 300 << 10
    with Scene(args, {"line_bytes_per_second": "96KiB"}) as scene:
        datas, sessions = [], []
        for i in range(4):
            own = letters("parallel-%d" % i, 6, each // 6)
            datas += own
            provider = scene.case.provider(
                Session, scene.case.box(own, user="user-%d" % i))
            sessions.append(provider)
            scene.case.add(provider, label="p%d" % i, user="user-%d" % i)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: scene.case.now(label="p%d" % i),
                          range(4)))
        seconds = time.monotonic() - began
        scene.case.here(datas)
        sent = sum(one.sent_bytes for provider in sessions
                   for one in provider.sessions)
        true(sent > 4 * each * 0.95, "it was hardly anything:", sent)
        speed = sent / seconds
        print("four at once: %.0f of %d bytes a second" % (speed, limit))
        # that another begins or ends is heard late on a busy machine
        true(sent < limit * (seconds * 1.1 + LATE), "%.0f bytes a second" %
             speed)
        starts = [provider.sessions[0] for provider in sessions]
        true(len(starts) == 4, "they were not together")


def windows(args):
    """IDLE and ATRN obey the windows as whatever collects does."""
    class Idles(ImapSession):
        idle = True

    with Scene(args, {"line_windows": '"never"', "fetch_watch": "yes"},
               Idles) as scene:
        def watching():
            return [one for one in scene.provider.sessions
                    if one.is_idle.is_set() and not one.over.is_set()]
        scene.box = scene.case.imap_box(letters("windows", 2))
        scene.provider = scene.case.provider(Idles, scene.box)
        scene.case.add(scene.provider)
        asks = scene.case.provider(Demand, scene.case.box())
        command(scene, "fetch", "add", "ann@%s" % DOMAIN, "--label", "atrn",
                "--protocol", "atrn", "--host", "127.0.0.1", "--port",
                str(asks.port), "--tls", "none", "--untested", "--queue",
                DOMAIN, "--user", "ann", "--password-file",
                scene.place.secret)
        time.sleep(5)
        true(not scene.provider.sessions and not asks.sessions,
             "the line is closed")
        scene.line("open", "--minutes", "30")
        Scene.until(lambda: asks.sessions and watching(), SOON + 30,
                    "open, and nobody asks or watches")
        scene.line("open", "--minutes", "0")
        Scene.until(lambda: not watching(), GUARD, "closed, and it watches on")
        true(scene.provider.calm() and asks.calm(), "closed, and it goes on")
        asked = len(scene.provider.sessions), len(asks.sessions)
        time.sleep(SOON)
        true((len(scene.provider.sessions), len(asks.sessions)) == asked,
             "closed, and it began again")


def tests(_args):
    for name, function in (
            ("a-provider-is-known-by-name-or-address", providers),
            ("a-large-first-collection-takes-days", day),
            ("a-budget-that-is-raised-goes-on", raised),
            ("several-together-keep-the-rate", parallel),
            ("watches-and-atrn-obey-the-windows", windows)):
        yield ("limits/" + name, lambda function=function: function(_args))
