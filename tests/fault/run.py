#!/usr/bin/env python3
"""Hurt a hub while it works, and see whether it keeps its word.

usage: run.py --bin DIR --results FILE [--relaxed DIR] [--shim FILE]
              [--long] [--only NAME] [--seed N] [--keep] [--times]

A test's name holds all that is needed to repeat it: the seed, or the call, the
fault and N.  --only takes the name, or its beginning.
"""

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from hub import Fault                                   # noqa: E402
import kill                                             # noqa: E402
import full                                             # noqa: E402
import sweep                                            # noqa: E402
import power                                            # noqa: E402
import finding                                          # noqa: E402
import flood                                            # noqa: E402
import cheap                                            # noqa: E402
import guess                                            # noqa: E402
import heaps                                            # noqa: E402
import behind                                           # noqa: E402
import appending                                        # noqa: E402
import parting                                          # noqa: E402
import removing                                         # noqa: E402
import resting                                          # noqa: E402
import crowd                                            # noqa: E402
import soak                                             # noqa: E402
import uids                                             # noqa: E402
import views                                            # noqa: E402

PARTS = [kill, behind, uids, views, appending, finding, removing, parting,
         resting, crowd, power, full, flood, cheap, guess, heaps, soak, sweep]


class Skip(Exception):
    """Why a test cannot be run here."""


class Context:
    """What a test may need to know."""

    def __init__(self, args):
        self.bin = os.path.abspath(args.bin)
        self.relaxed = args.relaxed and os.path.abspath(args.relaxed)
        self.shim = args.shim and os.path.abspath(args.shim)
        self.long = args.long
        self.times = args.times
        self.only = args.only
        self.inside = args.inside
        self.seed = args.seed
        self.keep_failed = args.keep
        self.local = threading.local()

    def note(self, words):
        """Said when the test fails."""
        self.local.notes = getattr(self.local, "notes", []) + [str(words)]

    def keep(self, hub):
        """The hub of a test that failed: its end, and its folder if asked."""
        self.note("the end of the log:\n" + "\n".join(
            hub.log().splitlines()[-25:]))
        if self.keep_failed:
            kept = hub.folder + ".kept"
            shutil.copytree(hub.folder, kept, symlinks=True,
                            ignore=lambda folder, names: [
                                n for n in names if n == "control"])
            self.note("kept: " + kept)


class Results:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.failed = 0

    def add(self, word, name, why=""):
        with self.lock:
            first = str(why).splitlines()[0] if why else ""
            self.file.write(" ".join(filter(None, (word, name, first))) + "\n")
            self.file.flush()
            if word != "pass" or why:
                print("%s %s: %s" % (word, name, why), flush=True)
            self.failed += word == "fail"


def run_one(context, results, name, function):
    """What a test returns is a figure worth telling."""
    context.local.notes = []
    began = time.monotonic()
    try:
        results.add("pass", name, function() or "")
    except context.Skip as why:
        results.add("skip", name, why)
    except (Fault, OSError, subprocess.SubprocessError) as fault:
        results.add("fail", name, "%s\n%s" % (
            fault, "\n".join(context.local.notes)))
    except Exception:       # a mistake of the test is a failure of it
        results.add("fail", name, "broke off\n" + traceback.format_exc())
    finally:
        if context.times:
            print("%6.1f s  %s" % (time.monotonic() - began, name),
                  flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--relaxed")
    parser.add_argument("--shim")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("--jobs", type=int, default=3)
    args = parser.parse_args()
    Context.Skip = Skip
    context = Context(args)
    results = Results(args.results)
    chosen = [(name, function) for part in PARTS
              for name, function in part.tests(context)
              if not args.only or name.startswith(args.only)]
    if not chosen:
        results.add("fail", args.only, "there is no such test")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(run_one, context, results, *one)
                       for one in chosen]:
            future.result()
    return results.failed > 0


if __name__ == "__main__":
    sys.exit(main())
