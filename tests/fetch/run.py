#!/usr/bin/env python3
"""Collect from providers that do everything wrong, and compare.

usage: run.py --bin DIR --results FILE [--only NAME] [--long] [--seed N]
              [--keep] [--jobs N] [--times]

Most tests share one hub and run side by side; those of OWN have hubs of their
own.  What waits for a limit of the product (60 s of silence) is begun first and
goes on beside the rest.
A line is "pass|fail|skip NAME"; --only takes the name or its beginning.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from harness import PLACES, TESTS, Case, Fault, Place   # noqa: E402
from dns import Names                                   # noqa: E402
import begin                                            # noqa: E402,F401
import carrying                                         # noqa: E402,F401
import listing                                          # noqa: E402,F401
import ending                                           # noqa: E402,F401
import names                                            # noqa: E402,F401
import demand                                           # noqa: E402,F401
import before                                           # noqa: E402,F401
import domain                                           # noqa: E402,F401
import archive                                          # noqa: E402
import imap_begin                                       # noqa: E402,F401
import imap_carrying                                    # noqa: E402,F401
import imap_listing                                     # noqa: E402,F401
import moving                                           # noqa: E402,F401
import again                                            # noqa: E402,F401
import forged                                           # noqa: E402,F401
import disowned                                         # noqa: E402
import wishes                                           # noqa: E402
import lists                                            # noqa: E402
import tokens                                           # noqa: E402,F401
import infected                                         # noqa: E402
import resuming                                         # noqa: E402
import killing                                          # noqa: E402
import kills                                            # noqa: E402
import waiting                                          # noqa: E402
import watching                                         # noqa: E402
import line                                             # noqa: E402
import saving                                           # noqa: E402
import limits                                           # noqa: E402
import sharing                                          # noqa: E402
import telling                                          # noqa: E402
import rebuilt                                          # noqa: E402
import rows                                             # noqa: E402


# with hubs of their own; what takes longest is first
OWN = (killing, kills, resuming, waiting, sharing, watching, saving, limits,
       telling, line, infected, archive, rebuilt,
       disowned, lists, wishes)


class Skip(Exception):
    """Why a test cannot be run here."""


Case.Skip = Skip


class Results:
    def __init__(self, path, times):
        self.times = times
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.failed = 0

    def add(self, word, name, why=""):
        with self.lock:
            first = str(why).splitlines()[0] if why else ""
            self.file.write(" ".join(filter(None, (word, name, first))) + "\n")
            self.file.flush()
            if word != "pass":
                print("%s %s: %s" % (word, name, why), flush=True)
            self.failed += word == "fail"

    def guarded(self, name, function):
        """Run it and say how it went; True when it passed."""
        began = time.monotonic()
        try:
            function()
            return True
        except Skip as why:
            self.add("skip", name, why)
        except (Fault, OSError, subprocess.SubprocessError) as fault:
            self.add("fail", name, fault)
        except Exception:       # a mistake of the test is a failure of it
            self.add("fail", name, "broke off\n" + traceback.format_exc())
        finally:
            if self.times:
                print("%6.1f s  %s" % (time.monotonic() - began, name))
        return False


def owner_of(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-")


def one_hub(args, chosen, results):
    """All of these in one hub; then everything is compared once more."""
    place = None
    passed = []
    resolver = Names()
    try:
        place = Place(args.bin, [owner_of(name) for name, _, _ in chosen], {
            "dns_forward": '"127.0.0.1@%d"' % resolver.port,
            "upstream_hosts": '"127.0.0.0/8"'})
        place.names = resolver
        place.hub.start()

        def run(name, function):
            case = Case(place, name, owner_of(name))
            try:
                if results.guarded(name, lambda: function(case)):
                    passed.append(name)
            finally:
                case.close()
        slow = [(name, function) for name, function, slow in chosen if slow]
        fast = [(name, function) for name, function, slow in chosen
                if not slow]
        with concurrent.futures.ThreadPoolExecutor(len(slow) + 1) as waiting, \
                concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            futures = [waiting.submit(run, *one) for one in slow] + \
                      [pool.submit(run, *one) for one in fast]
            for future in futures:
                future.result()
        faults = place.finish()
        for name in passed:
            if name in faults:
                results.add("fail", name, faults[name])
            else:
                results.add("pass", name)
        passed = []
        results.add("pass", "the-hub-of-all-ends-well")
    except (Fault, OSError, subprocess.SubprocessError) as fault:
        results.add("fail", "the-hub-of-all-ends-well", "%s\n%s" % (
            fault, "\n".join(place.hub.log().splitlines()[-30:])
            if place else ""))
        for name in passed:
            results.add("fail", name, "not compared at the end")
    finally:
        if place is not None:
            place.hub.kill()
            if args.keep and results.failed:
                kept = place.hub.folder + ".kept"
                shutil.copytree(place.hub.folder, kept, symlinks=True,
                                ignore=lambda folder, found: [
                                    n for n in found if n == "control"])
                print("kept: " + kept)
            place.hub.remove()
        resolver.close()


def give_up(*_):
    """Told to end: no hub outlives us."""
    for place in PLACES:
        place.hub.remove()
    os._exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--only")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    args = parser.parse_args()
    args.bin = os.path.abspath(args.bin)
    args.Skip = Skip
    signal.signal(signal.SIGTERM, give_up)
    results = Results(args.results, args.times)

    def wanted(name):
        return not args.only or name.startswith(args.only)
    alone_all = [one for group in OWN for one in group.tests(args)]
    names_all = [one[0] for one in (*TESTS, *alone_all)]
    alone_all.append(("every-row-of-HARDENING-has-a-test",
                      lambda: rows.every_row(names_all)))
    shared = [one for one in TESTS if wanted(one[0])]
    own = [one for one in alone_all if wanted(one[0])]
    if not shared and not own:
        results.add("fail", args.only, "there is no such test")

    def alone(name, function):
        if results.guarded(name, function):
            results.add("pass", name)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        # hubs of their own, while the shared one mostly waits
        futures = [pool.submit(alone, *one) for one in own]
        if shared:
            one_hub(args, shared, results)
        for future in futures:
            future.result()
    return results.failed > 0


if __name__ == "__main__":
    sys.exit(main())
