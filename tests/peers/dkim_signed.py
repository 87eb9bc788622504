#!/usr/bin/env python3
"""Other people's signatures, checked by ours and by theirs.

usage: dkim_signed.py --checker PROGRAM --scratch DIR [--most N] FOLDER...

Every message below the folders (line feeds become CRLF) is signed with each
canonicalization by dkimpy, with RSA and Ed25519, and by Mail::DKIM where it is
installed.  PROGRAM (dkim.c) must find each of them right, and wrong once
a byte of the body or of a signed field is another.  dkimpy is asked the same,
and must say the same.  Ends with 'dkim: N checked' and status 0, or says what
differs and ends with 1."""
import argparse, base64, os, re, shutil, subprocess, sys, time

import dkim

CANONS = [(a, b) for a in (b"relaxed", b"simple") for b in
          (b"relaxed", b"simple")]
NAMES = [b"from", b"to", b"subject", b"date", b"from", b"subject"]
DOMAIN = b"example.com"
# no bare LF: the peers read it as a line end, which RFC 6376 does not
ODD_BODIES = [b"", b"\r\n", b"\r\n\r\n", b" \r\n", b"a", b"a \t b \r\n\r\n",
              b" a\r\n\r\n\r\nb\t\r\n \r\n", b"a\rb\r\n",
              b"x" * 5000 + b"\r\n" * 3000 + b"y \r\n" * 2000]
HEADER = (b"From: Ann <ann@example.com>\r\nTo: ben@office.test\r\n"
          b"Subject: A  folded\r\n\tsubject \r\n"
          b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n")


def files_of(folders):
    return sorted(os.path.join(folder, name) for top in folders
                  for folder, _, names in os.walk(top) for name in names)


def message_of(path):
    with open(path, "rb") as file:
        raw = file.read()
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def has_header(message):
    """One From, and nothing that dkimpy does not take for a header."""
    header = message.partition(b"\r\n\r\n")[0]
    lines = header.split(b"\r\n")
    return (len(re.findall(rb"(?mi)^from:", header)) == 1 and
            all(re.match(rb"[!-9;-~]+:|[ \t]", line) for line in lines))


class Keys:
    def __init__(self, scratch):
        self.scratch, self.records = scratch, {}
        self.rsa = os.path.join(scratch, "rsa.pem")
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.rsa,
                        "2048"], check=True, stderr=subprocess.DEVNULL)
        public = self.openssl("rsa", "-in", self.rsa, "-pubout", "-outform",
                              "DER")
        private = self.openssl("genpkey", "-algorithm", "ed25519", "-outform",
                               "DER")
        self.ed25519 = base64.b64encode(private[-32:])
        with open(self.rsa, "rb") as file:
            self.pem = file.read()
        self.add("rsa", b"v=DKIM1; k=rsa; p=" + base64.b64encode(public))
        self.add("ed", b"v=DKIM1; k=ed25519; p=" +
                 base64.b64encode(self.openssl(
                     "pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                     stdin=private)[-32:]))
        self.path = os.path.join(scratch, "keys")
        with open(self.path, "wb") as file:
            for name, record in self.records.items():
                file.write(name.rstrip(b".") + b" " + record + b"\n")

    @staticmethod
    def openssl(*args, stdin=None):
        return subprocess.run(["openssl", *args], check=True, input=stdin,
                              capture_output=True).stdout

    def add(self, selector, record):
        self.records[selector.encode() + b"._domainkey." + DOMAIN +
                     b"."] = record

    def dns(self, name, timeout=5):
        name = name.encode() if isinstance(name, str) else name
        return self.records.get(name)


def by_dkimpy(keys, message, canon, is_rsa):
    signature = dkim.sign(
        message, b"rsa" if is_rsa else b"ed", DOMAIN,
        keys.pem if is_rsa else keys.ed25519, canonicalize=canon,
        signature_algorithm=b"rsa-sha256" if is_rsa else b"ed25519-sha256",
        include_headers=NAMES)
    return signature + message


PERL = """
use Mail::DKIM::Signer; binmode STDIN; binmode STDOUT;
my ($method, $key) = @ARGV; my $text = do { local $/; <STDIN> };
my $dkim = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256',
    Method => $method, Domain => 'example.com', Selector => 'rsa',
    KeyFile => $key, Timestamp => time());
$dkim->PRINT($text); $dkim->CLOSE;
print $dkim->signature->as_string, "\\r\\n", $text;
"""


def has_perl():
    return shutil.which("perl") is not None and subprocess.run(
        ["perl", "-MMail::DKIM::Signer", "-e", "1"],
        stderr=subprocess.DEVNULL).returncode == 0


def by_perl(keys, message, canon):
    # what does not end in CRLF it signs as it is, without one (RFC 6376 3.4.3)
    if not message.partition(b"\r\n\r\n")[2].endswith(b"\r\n"):
        return None
    return subprocess.run(["perl", "-e", PERL, b"/".join(canon), keys.rsa],
                          input=message, check=True,
                          capture_output=True).stdout


def changed(message):
    """Copies in which a word of the body, or of Subject, is another."""
    header, _, body = message.partition(b"\r\n\r\n")
    yield message + b"more\r\n"
    if body.strip():
        yield header + b"\r\n\r\n" + b"!" + body
    yield re.sub(rb"(?mi)^subject:", b"Subject: not", header, count=1) + \
        b"\r\n\r\n" + body if re.search(rb"(?mi)^subject:", header) else \
        message + b"!"


class Bench:
    def __init__(self, checker, scratch, keys):
        self.checker, self.scratch, self.keys = checker, scratch, keys
        self.cases, self.faults = [], 0

    def put(self, message, want, what):
        path = os.path.join(self.scratch, "%06d.eml" % len(self.cases))
        with open(path, "wb") as file:
            file.write(message)
        self.cases.append((path, want, what))

    def ours(self):
        lines = []
        paths = [case[0] for case in self.cases]
        for i in range(0, len(paths), 500):
            out = subprocess.run([self.checker, self.keys.path, str(int(time.time()))] +
                                 paths[i:i + 500], capture_output=True,
                                 text=True)
            if out.returncode != 0:
                sys.exit("dkim: the checker ended with %d: %s" % (
                    out.returncode, out.stderr))
            lines += out.stdout.splitlines()
        found = {}
        for line in lines:
            path, _, result, _ = line.split(" ", 3)
            found.setdefault(path, []).append(result)
        return found

    def theirs(self, path):
        with open(path, "rb") as file:
            try:
                return dkim.verify(file.read(), dnsfunc=self.keys.dns)
            except dkim.DKIMException:
                return False

    def judge(self):
        found = self.ours()
        for path, want, what in self.cases:
            results = found.get(path, [])
            if (results[:1] == ["pass"]) != want:
                self.fault("%s: %s is %s here" % (path, what, results))
            if self.theirs(path) != want:
                self.fault("%s: %s is not %s for dkimpy" % (path, what, want))

    def fault(self, words):
        self.faults += 1
        if self.faults < 20:
            print("dkim: " + words)


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--checker", required=True)
    args.add_argument("--scratch", required=True)
    args.add_argument("--most", type=int, default=10 ** 9)
    args.add_argument("folders", nargs="+")
    args = args.parse_args()
    keys = Keys(args.scratch)
    bench = Bench(args.checker, args.scratch, keys)
    messages = [message_of(path) for path in files_of(args.folders)]
    messages = [message for message in messages if has_header(message) and
                not re.search(rb"[^\r]\n|\r[^\n]|\0", message)][:args.most]
    messages += [HEADER + b"\r\n" + body for body in ODD_BODIES]
    perl = has_perl()
    signers = {"dkimpy rsa": 0, "dkimpy ed25519": 0, "Mail::DKIM": 0}
    for n, message in enumerate(messages):
        for canon in CANONS:
            name = "message %d, %s" % (n, b"/".join(canon).decode())
            signed = [by_dkimpy(keys, message, canon, True),
                      by_dkimpy(keys, message, canon, False),
                      by_perl(keys, message, canon) if perl and
                      canon[0] != canon[1] else None]
            for who, text in zip(signers, signed):
                if text is None:
                    continue
                signers[who] += 1
                bench.put(text, True, "%s by %s" % (name, who))
                for other in changed(text):
                    bench.put(other, False, "%s by %s, changed" % (name, who))
    bench.judge()
    for who, count in signers.items():
        if count == 0 and (who != "Mail::DKIM" or perl):
            bench.fault("%s has signed nothing" % who)
    print("dkim: %d messages, %d checked, signed by %s" % (
        len(messages), len(bench.cases), signers))
    sys.exit(1 if bench.faults else 0)


if __name__ == "__main__":
    main()
