"""Mail past 200 patterns: those that can match chosen first, or one by one.

The patterns are published beside this file; what both ways cost is counted in
processor time, so that it says the same on a machine that has other work.
"""

import os
import subprocess

import mailbag

BYTES = 1 << 20
MOST_MS, LEAST_RATIO = 40, 5
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "patterns")


def text():
    made = b""
    for letter in mailbag.written(10 ** 6, 5, 16384):
        made += letter
        if len(made) >= BYTES:
            return made[:BYTES]
    raise ValueError("there is too little mail")


def patterns(bin_folder):
    program = os.path.join(bin_folder, "tests/bench/patterns")
    said = subprocess.run([program, FILE], input=text(), check=True,
                          stdout=subprocess.PIPE).stdout.split()
    ours, theirs = map(float, said[:2])
    count, words, chosen, hits = map(int, said[2:])
    met = ours < MOST_MS and theirs >= LEAST_RATIO * ours
    print("\nPatterns: %d KiB of mail, %d patterns, of which %d have a word of "
          "four bytes\nor more, %d are chosen and %d match (ms of processor "
          "time)" % (BYTES >> 10, count, words, chosen, hits))
    print("one by one with PCRE2 JIT %.1f, chosen first %.1f: %.1fx; aim "
          "under %d and %dx: %s" % (theirs, ours, theirs / ours, MOST_MS,
                                    LEAST_RATIO, "met" if met else "MISSED"),
          flush=True)
