#!/usr/bin/env python3
"""The spam classifier beside bogofilter on one corpus, in turn.

usage: spam.py --bin DIR --ham DIR ... --spam DIR ... [--rounds N]

Both score each message before they learn it, in the order of its date.
bogofilter is run in its bulk mode, CHUNK messages at once, which is its
fastest: it scores those and then learns them.  Speed is messages a second of
one processor (user and system time), reading of files included for
bogofilter, since that is how it gets them.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

CHUNK = 200
AIM = 6
BARS = (("by date", {"1-ROCA%": 0.16, "lam%": 1.45, "h@99": 1.5}),
        ("shuffled", {"1-ROCA%": 0.08}))
SPEEDS = (("score only", 5000), ("by date", 4000))


def folders(args):
    return ["--ham", *args.ham, "--spam", *args.spam]


def ours(args, *options):
    """{run: {column: figure}} as the program prints them."""
    out = subprocess.run(
        [os.path.join(args.bin, "tests/bench/spam"), *options, *folders(args)],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    head, *lines = out.split("\n\n", maxsplit=1)[0].splitlines()
    names = head.replace("cut lost", "cut-lost").split()
    return out, {line[:22].strip(): dict(zip(
        names, map(float, line[22:].split()))) for line in lines}


def ordered(args):
    """(path, is_spam) in the order of the program."""
    lines = subprocess.run(
        [os.path.join(args.bin, "tests/bench/spam"), "--list", *folders(args)],
        check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [(line[2:], line[0] == "s") for line in lines]


def bogofilter(folder, options, paths):
    if not paths:
        return ""
    return subprocess.run(
        ["bogofilter", "-d", folder, *options, "-b"], text=True,
        input="".join(path + "\n" for path in paths),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False).stdout


def area(scored):
    """1-ROCA% of (score, is_spam); ties are half an error."""
    ranks, at = {}, 0
    scores = sorted(score for score, _ in scored)
    while at < len(scores):
        end = at
        while end < len(scores) and scores[end] == scores[at]:
            end += 1
        ranks[scores[at]] = (at + end + 1) / 2
        at = end
    spam = [score for score, is_spam in scored if is_spam]
    ham = len(scored) - len(spam)
    over = sum(ranks[score] for score in spam) - len(spam) * (
        len(spam) + 1) / 2
    return 100 * (1 - over / (len(spam) * ham))


def theirs(messages):
    """(messages a second, 1-ROCA%) of bogofilter."""
    folder, scored = tempfile.mkdtemp(), []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        for at in range(0, len(messages), CHUNK):
            chunk = messages[at:at + CHUNK]
            said = bogofilter(folder, ["-T"], [path for path, _ in chunk])
            scores = [float(line.split()[-1]) for line in said.splitlines()]
            # with nothing learnt it has no scores
            scores += [0.5] * (len(chunk) - len(scores))
            scored += [(score, is_spam) for score, (_, is_spam)
                       in zip(scores, chunk)]
            for option, label in (("-s", True), ("-n", False)):
                bogofilter(folder, [option], [
                    path for path, is_spam in chunk if is_spam == label])
    finally:
        shutil.rmtree(folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime -
           before.ru_utime - before.ru_stime)
    return len(messages) / cpu, area(scored)


def check(runs):
    """Print the bars; they are for the corpus of SpamAssassin."""
    for run, columns in BARS:
        for column, most in columns.items():
            print("%-10s %-8s %7.3f, aim %g: %s" % (
                run, column, runs[run][column], most,
                "met" if runs[run][column] <= most else "MISSED"))
    clean = runs["by date"]["1-ROCA%"]
    for run, times in (("5% wrong labels", 2), ("re-encoded", 1.15)):
        print("%s: %.2f times the clean figure, aim %g: %s" % (
            run, runs[run]["1-ROCA%"] / clean, times,
            "met" if runs[run]["1-ROCA%"] <= times * clean else "MISSED"))
    for run, least in SPEEDS:
        print("%s: %.0f messages/s, aim %d: %s" % (
            run, runs[run]["msgs/s"], least,
            "met" if runs[run]["msgs/s"] >= least else "MISSED"))


def race(args):
    """Score and train, in turn."""
    messages, our, their = ordered(args), [], []
    for _ in range(args.rounds):
        speed, roca = theirs(messages)
        their.append(speed)
        _, runs = ours(args, "--only", "by date")
        our.append(runs["by date"]["msgs/s"])
    ratio = statistics.median(our) / statistics.median(their)
    print("bogofilter, %d at once: 1-ROCA%% %.3f" % (CHUNK, roca))
    for name, speeds in (("bogofilter", their), ("Postroom", our)):
        print("score and train, %-10s %6.0f (%.0f-%.0f) messages/s of CPU" % (
            name, statistics.median(speeds), min(speeds), max(speeds)))
    print("ratio %.1fx; aim %dx: %s" % (
        ratio, AIM, "met" if ratio >= AIM else "MISSED"))


def main():
    parser = argparse.ArgumentParser(description="see the head of the file")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--ham", nargs="+", required=True)
    parser.add_argument("--spam", nargs="+", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    out, runs = ours(args)
    print(out)
    check(runs)
    if shutil.which("bogofilter"):
        race(args)
    else:
        print("bogofilter: skipped, it is not installed")


if __name__ == "__main__":
    sys.exit(main())
