#!/usr/bin/env python3
"""Mail for other hosts waits for the line, and leaves when it opens.

usage: windows.py --bin DIR --folder DIR --results FILE

People submit it; what has left is what smtp-sink was given, by subject.
One line of FILE for each test: "pass windows/NAME" or "fail windows/NAME".
"""

import argparse
import json
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import time
import traceback

from relay import Sink as OneFile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))

# pylint: disable=wrong-import-position
from hub import Fault, Hub, PASSWORD                    # noqa: E402

GUARD = 60.0            # seconds; nothing honest comes near it
STAYS = 2.0             # nothing has left after these
ANN = "ann@office.test"


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))


class Scene:
    """A hub with that line, its sink, and ann who sends."""

    def __init__(self, args, folder, windows="never", **more):
        self.sink = OneFile(folder)
        self.hub = Hub(args.bin, ("ann",), dict({
            "smarthost": '"127.0.0.1:%d"' % self.sink.port,
            "smarthost_tls": '"none"', "hosts_file": '""',
            "outbound_first_seconds": '"1s"',
            "outbound_retry_seconds": '"1s"',
            "line_windows": '"%s"' % windows}, **more))

    def __enter__(self):
        self.hub.start()
        return self

    def __exit__(self, *_):
        self.hub.remove()
        self.sink.stop()

    def send(self, subject, size=0, **fields):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        lines = ["From: " + ANN, "To: zoe@far.test", "Subject: " + subject]
        lines += ["%s: %s" % (name.replace("_", "-"), value)
                  for name, value in fields.items()]
        lines += ["", "x" * 70] + ["y" * 70] * (size // 72)
        with smtplib.SMTP_SSL("127.0.0.1", self.hub.base + 465,
                              timeout=GUARD, context=context) as client:
            client.login(ANN, PASSWORD)
            client.sendmail(ANN, ["zoe@far.test"], "\r\n".join(lines))

    def left(self):
        """The subjects that the sink has."""
        try:
            with open(self.sink.path, "rb") as file:
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        return sorted(line[9:].strip().decode() for line in lines
                      if line.startswith(b"Subject: "))

    def wait_left(self, *subjects):
        self.hub.wait_for(lambda: self.left() == sorted(subjects),
                          "not left: %r" % (subjects,), GUARD)

    def stays(self, *subjects):
        time.sleep(STAYS)
        true(self.left() == sorted(subjects), self.left())

    def cli(self, *words, check=True):
        return self.hub.run("-c", self.hub.conf, *words, check=check)[1]

    def open(self, minutes):
        self.cli("line", "open", "--minutes", str(minutes))

    def trace(self, subject):
        return self.cli("trace", subject, check=False)


def opened(args, folder):
    """It waits, says so, and leaves when the line is opened."""
    with Scene(args, folder) as scene:
        scene.send("one")
        scene.send("two")
        scene.send("now", Importance="high")
        scene.wait_left("now")
        scene.stays("now")
        scene.hub.wait_for(lambda: "waits for the line" in
                           scene.trace("one"), "the trail does not say it")
        true("waits for the line" not in scene.trace("now"),
             scene.trace("now"))
        scene.open(5)
        scene.wait_left("one", "two", "now")
        scene.send("three")
        scene.wait_left("one", "two", "three", "now")
        scene.open(0)
        scene.send("four")
        scene.stays("one", "two", "three", "now")
        scene.hub.stop()
        scene.hub.check()


def listed(args, folder):
    """The list says what it waits for, until when, and retry sends it."""
    now = time.time()
    begins, ends = (time.strftime("%H:%M", time.localtime(now + hours * 3600))
                    for hours in (3, 4))
    with Scene(args, folder, "daily %s-%s" % (begins, ends)) as scene:
        def rows():
            return json.loads(scene.cli("--json", "queue", "list"))["result"]
        scene.send("one")
        scene.hub.wait_for(lambda: rows()[0]["waits"] == "line",
                           "the list does not say it")
        row, = rows()
        true(row["reason"].startswith("waits for the line, which opens at ")
             and row["reason"].endswith(begins), row)
        true(0 < row["next_try"] / 1000 - now < 4 * 3600, row)
        true("waits for the line" in scene.cli("queue", "list"),
             scene.cli("queue", "list"))
        scene.cli("queue", "retry", row["id"])
        scene.wait_left("one")
        scene.hub.wait_for(lambda: rows() == [], "it stays in the list")
        scene.hub.stop()
        scene.hub.check()


def killed(args, folder):
    """Queue and schedule are killed: it waits, and the urgent one leaves."""
    with Scene(args, folder) as scene:
        scene.send("one")
        scene.hub.kill_role("queue")
        scene.stays()
        scene.hub.kill_role("schedule")
        scene.stays()
        scene.send("now", Priority="urgent")
        scene.wait_left("now")
        scene.open(5)
        scene.wait_left("now", "one")
        scene.hub.stop()
        scene.hub.check()


def window(args, folder):
    """A window of the calendar opens, some seconds from now."""
    now = time.localtime(time.time() + 60)
    begins = time.strftime("%H:%M", now)
    ends = time.strftime("%H:%M", time.localtime(time.time() + 7200))
    with Scene(args, folder, "daily %s-%s" % (begins, ends),
               time_zone='"%s"' % os.environ.get("TZ", "UTC")) as scene:
        if time.strftime("%H:%M") == begins:
            return              # it began while the hub did
        scene.send("one")
        true(scene.left() == [] or time.strftime("%H:%M") >= begins,
             scene.left())
        scene.hub.wait_for(lambda: scene.left() == ["one"],
                           "the window has opened", 90)
        true(time.strftime("%H:%M") >= begins, "before its time")
        scene.hub.stop()
        scene.hub.check()


def many(args, folder):
    """Three that wait leave a closed line; so does one that has for long."""
    with Scene(args, folder, line_send_messages="3",
               line_send_seconds='"6s"') as scene:
        scene.send("one")
        scene.send("two")
        scene.stays()
        scene.send("three")
        scene.wait_left("one", "two", "three")
        began = time.monotonic()
        scene.send("four")
        scene.stays("one", "two", "three")
        scene.wait_left("one", "two", "three", "four")
        true(time.monotonic() - began > 5, "it left too soon")
        scene.hub.stop()
        scene.hub.check()


def large(args, folder):
    """What is large waits for the night, by day and in a queue of its own."""
    hour = time.localtime().tm_hour
    night = "daily 00:00-24:00; daily %02d:00-%02d:00 night" % (
        (hour + 3) % 24, (hour + 4) % 24 or 24)
    with Scene(args, folder, night, line_send_bytes="8KiB") as scene:
        scene.send("large", 16384)
        scene.send("small")
        scene.wait_left("small")
        scene.stays("small")
        scene.hub.wait_for(lambda: "waits for the night" in
                           scene.trace("large"), "the trail does not say it")
        scene.send("large now", 16384, X_Priority="1 (Highest)")
        scene.wait_left("small", "large now")
        scene.open(5)
        scene.wait_left("small", "large now", "large")
        scene.hub.stop()
        scene.hub.check()


def counted(args, folder):
    """What was sent is of the month; when that is spent only urgent leaves."""
    with Scene(args, folder, "", line_month_bytes="1MiB") as scene:
        def status():
            return json.loads(scene.cli("--json", "line", "status"))[
                "result"][0]
        scene.hub.wait_for(lambda: status()["state"] == "open",
                           "the month is not known")
        scene.send("one", 100000)
        scene.wait_left("one")
        scene.hub.wait_for(lambda: 100000 < status()["carried"] < 140000,
                           "what was sent is not counted", GUARD)
        scene.send("two", 1000000)
        scene.wait_left("one", "two")
        scene.hub.wait_for(lambda: status()["why"] == "spent",
                           "the month is not spent", GUARD)
        scene.send("three")
        scene.send("now", Importance="high")
        scene.wait_left("one", "two", "now")
        scene.stays("one", "two", "now")
        true("are spent" in scene.trace("three"), scene.trace("three"))
        scene.hub.stop()
        scene.hub.start()
        report = json.loads(scene.cli("--json", "line", "report"))["result"]
        rows = [row for row in report if row["cause"] == "sending"]
        true(len(rows) == 1 and rows[0]["id"] == 0 and
             rows[0]["sent"] > 1100000 and rows[0]["received"] > 100, report)
        true("mail sent" in scene.cli("line", "report"),
             scene.cli("line", "report"))
        scene.stays("one", "two", "now")
        scene.hub.stop()
        scene.hub.check()


def rate(args, folder):
    """A quarter of the line's bytes a second, and not more."""
    with Scene(args, folder, "", line_bytes_per_second="64KiB") as scene:
        scene.send("one", 163840)
        began = time.monotonic()
        scene.wait_left("one")
        true(time.monotonic() - began > 5, time.monotonic() - began)
        scene.hub.stop()
        scene.hub.check()


TESTS = [("counted", counted), ("rate", rate), ("opened", opened), ("listed", listed),
         ("killed", killed), ("window", window),
         ("many", many), ("large", large)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--results", required=True)
    args = parser.parse_args()
    worst = 0
    only = os.environ.get("ONLY", "")
    os.chmod(args.folder, 0o755)
    for name, test in TESTS:
        if not name.startswith(only):
            continue
        folder = os.path.join(args.folder, name)
        os.mkdir(folder)
        began = time.monotonic()
        try:
            test(args, folder)
            line = "pass windows/" + name
        except (Fault, OSError, smtplib.SMTPException, json.JSONDecodeError,
                subprocess.SubprocessError):
            traceback.print_exc()
            line = "fail windows/" + name
            worst = 1
        print("%s (%.1f s)" % (line, time.monotonic() - began))
        with open(args.results, "a", encoding="ascii") as file:
            file.write(line + "\n")
        shutil.rmtree(folder, ignore_errors=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
