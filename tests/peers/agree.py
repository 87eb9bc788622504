#!/usr/bin/env python3
"""Who sent it?  Asked of ours and of the others, of real messages.

usage: agree.py --bin DIR --scratch DIR [--most N] FOLDER

DIR has the checkers spf, dkim, arc and dmarc.  N messages below FOLDER are
signed for their author's domain or another one, RSA or Ed25519, in each
canonicalization, by dkimpy; some are sealed by one hand or two; then most are
changed in one of the ways that mail is changed.  Each has a client, a HELO name
and a sender, and a zone with a policy of SPF and of DMARC for its domain.
Ours, dkimpy, OpenDKIM, pyspf and rspamd say what they find, as far as they are
installed.  What differs is counted by its reason, and is a fault when it has
none.  Ends with a line for each peer, and with status 1 after a fault."""
import argparse, base64, collections, os, random, re, shutil, socket
import subprocess, sys, tempfile, time

import dkim

import rspamd
from dkim_signed import CANONS, NAMES, Keys, files_of, has_header, message_of

NOW = int(time.time())
BATCH = 200

# policies of SPF: "%s" is the domain, 198.51.100.0/24 are the clients
POLICIES = [
    "v=spf1 ip4:198.51.100.0/25 -all", "v=spf1 ip4:198.51.100.64/26 ~all",
    "v=spf1 a mx -all", "v=spf1 mx:%s/25 ?all", "v=spf1 include:in.%s -all",
    "v=spf1 redirect=to.%s", "v=spf1 exists:%%{ir}.ok.%s -all",
    "v=spf1 a:%%{h} include:none.%s -all", "v=spf1 include:in.%s ~all",
    "v=spf1 ip4:198.51.100.0/24 moo", "v=spf1 ip4:198.51.100.0/33 -all",
    "v=spf1 -ip4:198.51.100.128/25 +all", "v=spf1 ptr -all",
    "v=spf1 a:void1.%s a:void2.%s a:void3.%s -all", "v=spf1", "",
    "v=spf1 include:loop.%s -all", "V=SPF1 IP4:198.51.100.0/24 -ALL",
    "v=spf1 x=%%{d} exp=why.%s -all", "v=spf1 ip6:2001:db8::/32 ~all",
]
RULES = ["v=DMARC1; p=reject", "v=DMARC1; p=none; adkim=s; aspf=s",
         "v=DMARC1;p=quarantine;aspf=s", "v=DMARC1; p=reject; adkim=s;", "",
         "v=DMARC1; p=none; pct=50; rua=mailto:a@%s"]


def swap(old, new):
    return lambda message: message.replace(old, new, 1)


def in_header(pattern, new):
    def change(message):
        header, empty, body = message.partition(b"\r\n\r\n")
        return re.sub(pattern, new, header, count=1) + empty + body
    return change


def in_body(function):
    def change(message):
        header, empty, body = message.partition(b"\r\n\r\n")
        return header + empty + function(body)
    return change


DAMAGE = {
    "as it was": lambda message: message,
    "a footer": lambda message: message + b"-- \r\nthe list\r\n",
    "another subject": in_header(rb"(?mi)^subject:", b"Subject: [list]"),
    "blanks at line ends": in_body(lambda body: body.replace(b"\r\n",
                                                              b" \r\n", 3)),
    "blanks doubled": in_body(lambda body: body.replace(b" ", b"  ", 5)),
    "empty lines at the end": lambda message: message + b"\r\n\r\n",
    "a field more": lambda message: b"X-List: a\r\n" + message,
    "names in capitals": in_header(rb"(?mi)^subject:", b"SUBJECT:"),
    "a field unfolded": in_header(rb"\r\n[ \t]+", b" "),
    "another author": in_header(rb"(?mi)^from:[^@\r\n]*<", b"From: Eve <"),
    "a second author": lambda message: b"From: <eve@eve.example>\r\n" +
    message,
    "a signature letter": lambda message: re.sub(
        rb"(?s)(DKIM-Signature:.*?\bb=[^;]{8})([A-Za-z])", lambda m: m[1] +
        (b"B" if m[2] == b"A" else b"A"), message, count=1),
    "the body cut": in_body(lambda body: body[:len(body) // 2].rpartition(
        b"\r\n")[0] + b"\r\n"),
    "no body": in_body(lambda body: b""),
    "another selector": swap(b" s=rsa;", b" s=gone;"),
}


class Case:
    """One message, and what is asked of it."""

    def __init__(self, number, message, author):
        self.number, self.message, self.author = number, message, author
        self.found = collections.defaultdict(dict)	# what -> who -> word


class Zone(Keys):
    def __init__(self, scratch):
        super().__init__(scratch)
        self.names = {}

    def put(self, name, kind, value):
        rows = self.names.setdefault(name.lower(), [])
        if (kind, value) not in rows:
            rows.append((kind, value))

    def add_keys(self, domain):
        for selector in ("rsa", "ed"):
            self.put("%s._domainkey.%s" % (selector, domain), "TXT",
                     self.records[b"%s._domainkey.example.com." %
                                  selector.encode()].decode())

    def add_domain(self, domain, dice):
        policy, rule = dice.choice(POLICIES), dice.choice(RULES)
        if domain in self.names:
            return
        self.put(domain, "A", "198.51.100.7")
        self.put(domain, "MX", "mx." + domain)
        self.put("mx." + domain, "A", "198.51.100.9")
        self.put("in." + domain, "TXT", "v=spf1 ip4:198.51.100.0/26 -all")
        self.put("to." + domain, "TXT", "v=spf1 ip4:198.51.100.0/26 ~all")
        self.put("loop." + domain, "TXT", "v=spf1 include:loop.%s" % domain)
        self.put("why." + domain, "TXT", "%{i} is none of %{d}")
        self.put("9.100.51.198.ok." + domain, "A", "127.0.0.2")
        if policy:
            self.put(domain, "TXT", policy.replace("%s", domain).replace(
                "%%", "%"))
        if rule:
            self.put("_dmarc." + domain, "TXT", rule.replace("%s", domain))

    def policy(self, domain):
        """Of SPF, or ""."""
        texts = [value for kind, value in self.names[domain] if kind == "TXT"]
        return texts[0] if texts else ""

    def dns(self, name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        texts = [value for kind, value in self.names.get(
            name.rstrip(".").lower(), []) if kind == "TXT"]
        return texts[0].encode("latin-1") if texts else None

    def write(self, scratch):
        with open(scratch + "/keys.txt", "w", encoding="latin-1") as keys, \
                open(scratch + "/zone.hex", "w", encoding="latin-1") as spf, \
                open(scratch + "/zone.txt", "w", encoding="latin-1") as dmarc:
            for name, rows in self.names.items():
                for kind, value in rows:
                    if kind == "TXT" and "._domainkey." in name:
                        keys.write("%s %s\n" % (name, value))
                    data = socket.inet_aton(value) if kind == "A" else \
                        value.encode("latin-1")
                    spf.write("%s\t%s\t%s\n" % (name, kind, data.hex()))
                    dmarc.write("%s\t%s\t%s\n" % (name, kind, value))


def author_of(message):
    match = re.search(rb"(?mi)^from:[^\r\n]*@([a-z0-9.-]+\.[a-z]{2,4})>?[ ]*"
                      rb"(\([^)\r\n]*\))?\r$", message.partition(
                          b"\r\n\r\n")[0] + b"\r\n")
    return match[1].decode().lower() if match else None


def messages_of(folder, most):
    for path in files_of([folder]):
        message = message_of(path)
        if message.startswith(b"From "):
            message = message.partition(b"\r\n")[2]
        message = re.sub(rb"(?mi)^(dkim-signature|domainkey-signature)",
                         rb"X-Was", message)
        author = author_of(message)
        if author and has_header(message) and b"\r\n\r\n" in message and \
                not re.search(rb"[^\r]\n|\r[^\n]|\0", message):
            most -= 1
            yield message, author
        if most == 0:
            return


def make(zone, number, message, author):
    dice = random.Random(number)
    case = Case(number, message, author)
    is_aligned = number % 3 != 2
    domain = author if is_aligned else "list%d.example" % (number % 7)
    zone.add_domain(author, random.Random(author))
    zone.add_domain(domain, random.Random(domain))
    zone.add_keys(domain)
    is_rsa = number // 4 % 2 == 0
    signature = dkim.sign(
        message, b"rsa" if is_rsa else b"ed", domain.encode(),
        zone.pem if is_rsa else zone.ed25519, canonicalize=CANONS[number % 4],
        signature_algorithm=b"rsa-sha256" if is_rsa else b"ed25519-sha256",
        include_headers=[name for name in NAMES if re.search(
            rb"(?mi)^" + name + rb":", message)])
    case.message = signature + message
    for hand in range(1, 1 + (number % 5 if number % 5 < 3 else 0)):
        host = b"hub%d.hand.example" % hand
        zone.add_keys("hand.example")
        case.message = b"Authentication-Results: %s; arc=%s; dmarc=pass " \
            b"header.from=%s\r\n" % (host, b"none" if hand == 1 else b"pass",
                                     author.encode()) + case.message
        fields = dkim.arc_sign(case.message, b"rsa", b"hand.example", zone.pem,
                               host)
        case.message = b"".join(fields) + case.message
    case.damage = list(DAMAGE)[number // 8 % len(DAMAGE)]
    case.message = DAMAGE[case.damage](case.message)
    case.domain = domain
    case.address = "198.51.100.%d" % dice.choice((7, 9, 60, 100, 130, 200))
    case.sender = "ann@" + (author if dice.random() < 0.7 else domain)
    case.helo = "mx." + domain
    case.policy = zone.policy(case.sender.partition("@")[2])
    return case


# --- what each finds -----------------------------------------------------

def lines_of(args, program, *rest, asked=None):
    return subprocess.run([os.path.join(args.bin, program), *rest],
                          input=asked, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def ours(args, cases):
    for i in range(0, len(cases), BATCH):
        some = cases[i:i + BATCH]
        paths = {case.path: case for case in some}
        for line in lines_of(args, "dkim", args.scratch + "/keys.txt",
                             str(NOW), *paths):
            path, number, result = line.split(" ", 3)[:3]
            if number == "0":
                paths[path].found["dkim"]["ours"] = result
        for line in lines_of(args, "arc", args.scratch + "/keys.txt",
                             str(NOW), "example.org", *paths):
            path, result = line.split(" ")[:2]
            paths[path].found["arc"]["ours"] = result
    asked = "".join("%s\t%s\t%s\n" % (case.address, case.helo, case.sender)
                    for case in cases)
    for case, line in zip(cases, lines_of(args, "spf", args.scratch +
                                          "/zone.hex", asked=asked)):
        case.found["spf"]["ours"] = line.split("\t")[0]
    asked = "".join("%s\t%s\t%s\n" % (
        case.author, case.sender.partition("@")[2]
        if case.found["spf"]["ours"] == "pass" else "-", case.domain
        if case.found["dkim"].get("ours") == "pass" else "-")
                    for case in cases)
    for case, line in zip(cases, lines_of(args, "dmarc", args.scratch +
                                          "/zone.txt", asked=asked)):
        case.found["dmarc"]["ours"] = line.split("\t")[0]


def by_dkimpy(zone, cases):
    for case in cases:
        try:
            right = dkim.verify(case.message, dnsfunc=zone.dns)
        except dkim.DKIMException:
            right = False
        case.found["dkim"]["dkimpy"] = "pass" if right else "fail"
        found = dkim.arc_verify(case.message, dnsfunc=zone.dns)[0]
        case.found["arc"]["dkimpy"] = (found or b"fail").decode().lower()


def by_opendkim(args, cases):
    conf = args.scratch + "/opendkim.conf"
    with open(conf, "w", encoding="ascii") as file:
        file.write("Mode v\nTestPublicKeys %s/keys.txt\n" % args.scratch)
    for i in range(0, len(cases), BATCH):
        paths = {case.path: case for case in cases[i:i + BATCH]}
        out = subprocess.run(["opendkim", "-x", conf, "-v", "-t",
                              ",".join(paths)], capture_output=True,
                             text=True, errors="replace").stdout
        for path, word in re.findall(
                r"(?m)^opendkim: (\S+): verification .* (succeeded|failed)",
                out):
            paths[path].found["dkim"]["opendkim"] = \
                "pass" if word == "succeeded" else "fail"
        for case in paths.values():
            case.found["dkim"].setdefault("opendkim", "fail")


def by_pyspf(zone, cases):
    import spf

    def lookup(name, kind, strict=True, timeout=None):
        name = name.rstrip(".").lower()
        for one, value in zone.names.get(name, []):
            if one == kind:
                yield (name, kind), (10, value) if kind == "MX" else \
                    (value.encode("latin-1"),) if kind == "TXT" else value
    spf.DNSLookup = lookup
    for case in cases:
        query = spf.query(i=case.address, s=case.sender, h=case.helo,
                          receiver="mx.office.test", timeout=60, querytime=0)
        case.found["spf"]["pyspf"] = query.check()[0]


SYMBOLS = {
    "dkim": {"R_DKIM_ALLOW": "pass", "R_DKIM_REJECT": "fail",
             "R_DKIM_PERMFAIL": "fail", "R_DKIM_TEMPFAIL": "fail",
             "R_DKIM_NA": "fail"},
    "spf": {"R_SPF_ALLOW": "pass", "R_SPF_FAIL": "fail",
            "R_SPF_SOFTFAIL": "softfail", "R_SPF_NEUTRAL": "neutral",
            "R_SPF_NA": "none", "R_SPF_PERMFAIL": "permerror",
            "R_SPF_DNSFAIL": "temperror", "R_SPF_PLUSALL": "pass"},
    "arc": {"ARC_ALLOW": "pass", "ARC_REJECT": "fail", "ARC_INVALID": "fail",
            "ARC_NA": "none", "ARC_DNSFAIL": "temperror"},
    "dmarc": {"DMARC_POLICY_ALLOW": "pass", "DMARC_POLICY_REJECT": "fail",
              "DMARC_POLICY_QUARANTINE": "fail",
              "DMARC_POLICY_SOFTFAIL": "fail", "DMARC_NA": "none",
              "DMARC_POLICY_ALLOW_WITH_FAILURES": "pass",
              "DMARC_BAD_POLICY": "none", "DMARC_DNSFAIL": "temperror"},
}


def by_rspamd(zone, cases, port):
    folder = tempfile.mkdtemp(prefix="postroom-rspamd-")
    names = rspamd.Names(zone.names)
    daemon = rspamd.Rspamd(folder, port, names.port, {
        "dkim.conf": "check_local = true;\ncheck_authed = true;\n"
                     "trusted_only = false;\n"})
    try:
        daemon.start()
        for case in cases:
            answer = daemon.check(case.message, {
                "IP": case.address, "Helo": case.helo, "From": case.sender,
                "Rcpt": "ben@office.test"})
            for what, words in SYMBOLS.items():
                found = [word for symbol, word in words.items()
                         if symbol in answer["symbols"]]
                case.found[what]["rspamd"] = found[0] if found else "none"
    finally:
        daemon.stop()


# --- why one may differ --------------------------------------------------

def is_right(word):
    return "pass" if word == "pass" else "fail"


def policy_has(piece):
    return lambda case, mine, other: piece in case.policy


def spf_differs(case, mine, other):
    return case.found["spf"]["ours"] != case.found["spf"]["rspamd"]


def has_two_to(case, mine, other):
    return len(re.findall(rb"(?mi)^to:", case.message.partition(
        b"\r\n\r\n")[0])) > 1


# what it is about, the peer, when, and why theirs is not ours
REASONS = [
    ("spf", "rspamd", policy_has(" moo"),
     "it passes over a word that it does not know (RFC 7208 4.6: permerror)"),
    ("spf", "rspamd", policy_has("/33"),
     "it passes over a mask that is too long (RFC 7208 4.6: permerror)"),
    ("spf", "rspamd", policy_has("include:none."),
     "it passes over an include without a record (RFC 7208 5.2: permerror)"),
    ("spf", "rspamd", policy_has("void"),
     "it has no limit of void lookups (RFC 7208 4.6.4: permerror)"),
    ("spf", "rspamd", policy_has("loop"),
     "it ends a loop of includes earlier (RFC 7208 4.6.4: permerror)"),
    ("spf", "rspamd", policy_has("+all"),
     "it takes nothing from who lets everybody send (RFC 7208: pass)"),
    ("spf", "rspamd", lambda case, mine, other: case.policy == "v=spf1",
     "it calls a policy without a word an error (RFC 7208 4.7: neutral)"),
    ("dkim", "rspamd", has_two_to,
     "of a field that is there twice it checks another (RFC 6376 5.4.2: the "
     "last)"),
    ("arc", "rspamd", has_two_to,
     "of a field that is there twice it checks another (RFC 6376 5.4.2: the "
     "last)"),
    ("dmarc", "rspamd", spf_differs, "it follows from its SPF"),
    ("dmarc", "rspamd", lambda case, mine, other:
     case.damage == "a second author",
     "of two authors it judges none, and the checker here the first; the "
     "hub says permerror"),
]


def reason_of(case, what, who, mine, other):
    for about, peer, test, words in REASONS:
        if about == what and peer in (who, "*") and test(case, mine, other):
            return words
    return None


def compare(cases):
    counts, faults = collections.Counter(), 0
    for case in cases:
        for what, found in case.found.items():
            mine = found.get("ours", "none")
            for who, other in found.items():
                if who == "ours":
                    continue
                same = is_right(mine) == is_right(other) if what == "dkim" \
                    else mine == other
                words = None if same else reason_of(case, what, who, mine,
                                                    other)
                counts[who, what, "same" if same else words or "FAULT"] += 1
                if not same and words is None:
                    faults += 1
                    if faults < 40:
                        print("agree: %s of %s: ours %s, %s %s; %s; %s" % (
                            what, os.path.basename(case.path), mine, who,
                            other, case.damage, case.policy))
    for (who, what, words), count in sorted(counts.items()):
        print("agree: %s, %s: %d %s" % (who, what, count, words))
    return faults


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--bin", required=True)
    args.add_argument("--scratch", required=True)
    args.add_argument("--most", type=int, default=2000)
    args.add_argument("--port", type=int, default=0)
    args.add_argument("folder")
    args = args.parse_args()
    zone = Zone(args.scratch)
    cases = [make(zone, number, *one) for number, one in
             enumerate(messages_of(args.folder, args.most))]
    for case in cases:
        case.path = os.path.join(args.scratch, "%06d.eml" % case.number)
        with open(case.path, "wb") as file:
            file.write(case.message)
    zone.write(args.scratch)
    ours(args, cases)
    by_dkimpy(zone, cases)
    if shutil.which("opendkim"):
        by_opendkim(args, cases)
    try:
        by_pyspf(zone, cases)
    except ImportError:
        print("agree: pyspf is not installed")
    if rspamd.missing() is None and args.port:
        by_rspamd(zone, cases, args.port)
    faults = compare(cases)
    print("agree: %d messages, %d differences without a reason" % (
        len(cases), faults))
    sys.exit(1 if faults or not cases else 0)


if __name__ == "__main__":
    main()
