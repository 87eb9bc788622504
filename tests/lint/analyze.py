#!/usr/bin/env python3
"""Let the analyzers read the product: what `make analyze` runs.

usage: analyze.py --known FILE --cflags FLAGS [--only TOOL] SOURCE ...

The tools are gcc -fanalyzer, clang-tidy and cppcheck.  A finding is

    TOOL SOURCE FUNCTION CHECK

and FILE lists the ones that were looked into and are none, each below the
comment that says why.  So a mistake of a tool is forgiven in one function and
for one check, and nothing is switched off for the tree but what .clang-tidy
and IGNORED name.  Any other finding fails.  A line that is found no more is
told, and fails nothing: other versions of the tools are mistaken elsewhere.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FINDING = re.compile(r"^([^\s:][^:]*):(\d+):\d+: (\w[\w ]*): (.*)$")
NAME = re.compile(r"^(\w+)\(")
# What cppcheck is not asked.
IGNORED = (
    # it does not read system headers; tests/lint/cppcheck.cfg stands in
    "missingIncludeSystem",
    # it takes a parameter without a name for one in another place
    "funcArgOrderDifferent",
)


def gcc(source, cflags):
    return ["gcc", "-std=c11", "-D_GNU_SOURCE", "-I.", *cflags, "-O1",
            "-fanalyzer", "-fdiagnostics-plain-output", "-c", "-o",
            "/dev/null", source]


def clang_tidy(source, cflags):
    return ["clang-tidy", "--quiet", source, "--", "-std=c11",
            "-D_GNU_SOURCE", "-I.", *cflags]


def cppcheck(source, _):
    return ["cppcheck", "--std=c11", "--enable=warning,performance,portability",
            "--inline-suppr", "--library=" + HERE + "/cppcheck.cfg",
            *["--suppress=" + one for one in IGNORED], "--quiet", "-I.",
            "--template={file}:{line}:{column}: {severity}: {message} [{id}]",
            "--template-location=", source]


TOOLS = {"gcc": gcc, "clang-tidy": clang_tidy, "cppcheck": cppcheck}


class Finding(collections.namedtuple("Finding", "tool source function check")):
    """One line of the list of what is known."""

    def __str__(self):
        return " ".join(self)


def function_at(path, line):
    """The function that line `line` of `path` is in, by the house style."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()[:line]
    for text in reversed(lines):
        name = NAME.match(text)
        if name:
            return name.group(1)
        if text == "}" and text is not lines[-1]:
            break
    return "-"


def check_of(words):
    """The check's name: the last thing in brackets."""
    names = re.findall(r"\[([^\[\]]+)\]", words)
    return names[-1].split(",")[0] if names else "error"


def findings_of(tool, output):
    """{finding: the words for people}"""
    found = {}
    for text in output.splitlines():
        match = FINDING.match(text)
        if not match or match.group(3) == "note":
            continue
        path = os.path.relpath(match.group(1))
        function = function_at(path, int(match.group(2)))
        check = check_of(match.group(4))
        found.setdefault(Finding(tool, path, function, check), text)
    return found


def read(tool, source, cflags):
    """What one tool says of one source, and whether it could read it."""
    done = subprocess.run(TOOLS[tool](source, cflags), check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    output = done.stdout.decode("utf-8", "replace")
    found = findings_of(tool, output)
    if done.returncode != 0 and not found:
        found[Finding(tool, source, "-", "broke-off")] = output
    return found


def known_of(path):
    """The findings that are none; each must stand below its reason."""
    known, has_reason, faults = set(), False, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if not words:
                has_reason = False
            elif words[0].startswith("#"):
                has_reason = True
            elif len(words) != 4 or not has_reason:
                faults.append("%s:%d: not TOOL SOURCE FUNCTION CHECK below "
                              "a reason" % (path, number))
            else:
                known.add(Finding(*words))
    return known, faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--known", required=True)
    parser.add_argument("--cflags", default="")
    parser.add_argument("--only", choices=TOOLS)
    parser.add_argument("sources", nargs="+")
    args = parser.parse_args()
    known, faults = known_of(args.known)
    tools = [args.only] if args.only else list(TOOLS)
    missing = [tool for tool in tools if shutil.which(tool) is None]
    faults += [tool + " is not installed" for tool in missing]
    jobs = [(tool, source) for tool in tools if tool not in missing
            for source in args.sources]
    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for one in pool.map(lambda job: read(*job, args.cflags.split()),
                            jobs):
            found.update(one)
    for finding in sorted(found):
        if finding not in known:
            faults.append("%s\n    %s" % (finding, found[finding]))
    for finding in sorted(known - found.keys()):
        if finding.tool in tools and finding.source in args.sources:
            print("found no more:", finding)
    for fault in faults:
        print(fault)
    print("%d files, %d tools: %d findings, %d of them known" % (
        len(args.sources), len(tools) - len(missing), len(found),
        len(found.keys() & known)))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
