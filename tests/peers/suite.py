#!/usr/bin/env python3
"""A published suite of tests of SPF, ARC or DMARC, played against our code.

usage: suite.py --bin DIR --known FILE --scratch DIR SUITE

DIR has the checkers spf, arc, seal and dmarc.  SUITE is a YAML file: openspf's
rfc7208-tests.yml, ValiMail's arc-draft-validation-tests.yml or
arc-draft-sign-tests.yml, or one that is written like them.  Of what is to be
signed number, cv= and bh= must be those that are asked for, and the chain right
with what we put on it: which fields we sign and what we found is our own.  For DMARC there is none, so cases that others have in
code are written like openspf's: tests with "author", "spf", "dkim" (a domain
for which it passed, "?" before it where nobody could say), "result" and
"policy", and "zonedata".

What differs from what the suite asks for is said, one line each, and is a fault
unless the file of known differences names the test and why: "NAME RESULT
reason".  Ends with 'suite: N tests, N right, N known to differ, N wrong'."""
import argparse, ipaddress, os, re, subprocess, sys

import yaml

ARC_WORDS = {"None": "none", "Pass": "pass", "Fail": "fail", "": "fail"}


def known_of(path):
    known = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, result, _ = line.split(None, 2)
                known[name] = result
    return known


def octets(value):
    """YAML has the bytes of a record as the first 256 characters."""
    return str(value).encode("latin-1", "replace")


def record_bytes(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return octets(value[1]).rstrip(b".")
    if kind == "PTR":
        return octets(value).rstrip(b".")
    return b"".join(octets(one) for one in value) \
        if isinstance(value, list) else octets(value)


def zone_lines(zone):
    """A record of type SPF stands for TXT where no TXT is given."""
    for name, records in zone.items():
        pairs = [pair for record in records if isinstance(record, dict)
                 for pair in record.items()]
        has_txt = any(kind == "TXT" for kind, _ in pairs)
        for kind, value in pairs:
            if kind == "SPF":
                if has_txt:
                    continue
                kind = "TXT"
            elif kind == "TXT" and value == "NONE":
                continue
            yield "%s\t%s\t%s\n" % (name, kind,
                                    record_bytes(kind, value).hex())
        if "TIMEOUT" in records:
            yield "%s\tLATER\t\n" % name


def play_spf(args, section):
    path = os.path.join(args.scratch, "zone")
    with open(path, "w", encoding="latin-1") as file:
        file.writelines(zone_lines(section["zonedata"]))
    tests = section["tests"]
    asked = "".join("%s\t%s\t%s\n" % (test["host"], test["helo"],
                                      test["mailfrom"])
                    for test in tests.values())
    out = subprocess.run([os.path.join(args.bin, "spf"), path], input=asked.encode("latin-1"),
                         capture_output=True, check=True).stdout
    for (name, test), line in zip(tests.items(),
                                  out.decode("ascii").split("\n")):
        result, _, said = line.partition("\t")
        wanted = test["result"]
        wanted = wanted if isinstance(wanted, list) else [wanted]
        yield name, result, result in wanted, wanted
        if "explanation" in test:
            words = test["explanation"]
            words = "" if words == "DEFAULT" else words
            yield name + "/explanation", said or "none", said == words, words


def write_keys(args, section):
    keys = os.path.join(args.scratch, "keys")
    with open(keys, "w", encoding="latin-1") as file:
        for name, text in (section.get("txt-records") or {}).items():
            file.write("%s %s\n" % (name.rstrip("."),
                                    "".join(str(text).split("\n"))))
    return keys


def write_message(args, name, message):
    path = os.path.join(args.scratch, name + ".eml")
    with open(path, "wb") as file:
        file.write(message.replace("\r\n", "\n").replace(
            "\n", "\r\n").encode())
    return path


def chain_of(args, keys, path):
    return subprocess.run([os.path.join(args.bin, "arc"), keys, "1600000000",
                           "example.org", path], capture_output=True,
                          text=True, check=True).stdout.split()[1]


def tags_of(seal, signature):
    """What is the same whoever signs: "i=1 cv=none bh=..."; "": nothing."""
    return " ".join("%s=%s" % (tag, re.search(
        r"\b%s=([^;\s]*)" % tag, text)[1]) for tag, text in (
            ("i", seal), ("cv", seal), ("bh", signature)) if text.strip())


def play_seal(args, section):
    keys = write_keys(args, section)
    secret = os.path.join(args.scratch, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write(section["privatekey"])
    for name, test in section["tests"].items():
        path = write_message(args, name, test["message"])
        out = subprocess.run(
            [os.path.join(args.bin, "seal"), keys, str(test["t"]),
             section["domain"], section["sel"], secret, path],
            capture_output=True, text=True, check=True).stdout
        ours = re.match(r"ARC-Seal: (.*)\nARC-Message-Signature: (.*)\n", out)
        result = tags_of(*ours.groups()) if ours else ""
        wanted = tags_of(test["AS"], test["AMS"])
        # what nobody adds a set to is broken
        wanted += " fail" if "cv=fail" in wanted or not wanted else " pass"
        result += " " + chain_of(args, keys, write_message(args, name, out))
        yield name, result.replace(" ", ","), result == wanted, [wanted]


def play_arc(args, section):
    keys = write_keys(args, section)
    for name, test in section["tests"].items():
        result = chain_of(args, keys, write_message(args, name,
                                                    test["message"]))
        wanted = ARC_WORDS[str(test["cv"] or "")]
        yield name, result, result == wanted, [wanted]


def play_dmarc(args, section):
    path = os.path.join(args.scratch, "zone")
    with open(path, "w", encoding="ascii") as file:
        for name, records in (section["zonedata"] or {}).items():
            for record in records:
                pair = ("LATER", "") if record == "TIMEOUT" else \
                    next(iter(record.items()))
                file.write("%s\t%s\t%s\n" % (name, *pair))
    tests = section["tests"]
    asked = "".join("%s\t%s\t%s\n" % (test["author"], test.get("spf") or "-",
                                      test.get("dkim") or "-")
                    for test in tests.values())
    out = subprocess.run([os.path.join(args.bin, "dmarc"), path],
                         input=asked, capture_output=True, text=True,
                         check=True).stdout
    for (name, test), line in zip(tests.items(), out.splitlines()):
        found = dict(zip(("result", "policy"), line.split("\t")))
        for what in found:
            if what in test:
                yield ("%s/%s" % (name, what), found[what],
                       found[what] == test[what], test[what])


def play_of(section):
    if "privatekey" in section:
        return play_seal
    if "zonedata" not in section:
        return play_arc
    return play_dmarc if any("author" in test for test in
                             section["tests"].values()) else play_spf


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--bin", required=True)
    args.add_argument("--known", required=True)
    args.add_argument("--scratch", required=True)
    args.add_argument("suite")
    args = args.parse_args()
    known = known_of(args.known)
    counts = {"tests": 0, "right": 0, "known to differ": 0, "wrong": 0}
    with open(args.suite, encoding="utf-8") as file:
        sections = [part for part in yaml.safe_load_all(file) if part]
    for section in sections:
        for name, result, is_right, wanted in play_of(section)(args, section):
            counts["tests"] += 1
            if is_right:
                counts["right"] += 1
                continue
            is_known = known.get(name) == result
            counts["known to differ" if is_known else "wrong"] += 1
            print("suite: %s, %s: %s instead of %s%s" % (
                section.get("description", "").strip(), name, result, wanted,
                " (known)" if is_known else ""))
    print("suite: " + ", ".join("%d %s" % (n, what)
                                for what, n in counts.items()))
    sys.exit(1 if counts["wrong"] > 0 or counts["tests"] == 0 else 0)


if __name__ == "__main__":
    main()
