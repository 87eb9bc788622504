#!/usr/bin/env python3
"""What a verifier of ARC must take and must not, each shape sealed anew.

usage: arc_shapes.py --checker PROGRAM --scratch DIR

A message that one hand or two passed on, whose fields are written in every way
that RFC 8617 and RFC 6376 allow, and in those that they do not, with seals that
are right all the same: what is looked at is what the fields say, not whether
they were changed.  PROGRAM (arc.c) must find what the row says.  Ends with
'shapes: N checked' and status 0, or says what differs and ends with 1."""
import argparse, base64, hashlib, os, re, subprocess, sys, time

from dkim_signed import Keys

LETTER = [b"Received: by 192.0.2.1 with HTTP; Tue, 3 Jan 2017 12:22:54 -0800",
          b"MIME-Version: 1.0", b"Message-ID: <1@a.example>",
          b"Date: Thu, 14 Jan 2015 15:00:01 -0800",
          b"From: Ann <ann@a.example>", b"To: ben@office.test",
          b"Subject: Letter  1"]
BODY = b"Hey ben,\r\nthis is  a test. \r\n-- a\r\n"
RESULTS = b" i=%d; lists.example.org;\r\n    spf=pass smtp.mfrom=ann@a.example" \
    b";\r\n    dkim=pass (1024-bit key) header.i=@a.example;\r\n    dmarc=pass"
MESSAGE = b" a=rsa-sha256;\r\n    b=%b;\r\n    bh=%h; c=relaxed/relaxed;\r\n" \
    b"    d=example.org; h=from:to:date:subject:mime-version;\r\n" \
    b"    i=%d; s=rsa; t=12345"
SEAL = b" a=rsa-sha256;\r\n    b=%b; cv=%c; d=example.org; i=%d; s=rsa;\r\n" \
    b"    t=12345"


def relaxed(field):
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b""))
    return name.strip().lower() + b":" + value.strip()


def folded(data):
    text = base64.b64encode(data)
    return b"\r\n    ".join(text[i:i + 70] for i in range(0, len(text), 70))


def body_of(body, canon):
    if canon == b"relaxed":
        body = re.sub(rb"[ \t]+", b" ", body)
        body = re.sub(rb" \r\n", b"\r\n", body)
    body = re.sub(rb"(\r\n)+\Z", b"\r\n", body)
    return b"" if body == b"\r\n" and canon == b"relaxed" else body


class Hand:
    """One who passes a message on; each field as he writes it."""

    def __init__(self, zone, number=1, **fields):
        self.zone, self.number, self.fields = zone, number, fields

    def template(self, name, default):
        text = self.fields.get(name, default)
        return text.replace(b"%d", b"%d" % self.number).replace(
            b"%c", b"none" if self.number == 1 else b"pass")

    def signed(self, name, template, before, form=relaxed):
        """The field, its b= over the fields `before` and itself."""
        empty = (name + b":" + template.replace(b"%b", b""))
        data = b"\r\n".join([form(one) for one in before] + [form(empty)])
        key = self.fields.get("key", self.zone.rsa)
        return name + b":" + template.replace(
            b"%b", folded(self.zone.openssl("dgst", "-sha256", "-sign", key,
                                            stdin=data)))

    def chosen(self, template, header):
        """The fields of h=, each name taking the last one that is left."""
        names = re.search(rb"h=([^;]*)", template.replace(b"bh=", b""))
        left, taken = list(header), []
        for name in re.split(rb"\s*:\s*", names[1].strip()) if names else []:
            for field in reversed(left):
                if field.partition(b":")[0].strip().lower() == name.lower():
                    left.remove(field)
                    taken.append(field)
                    break
        return taken

    def pass_on(self, header, body):
        results = self.fields.get("name", b"ARC-Authentication-Results") + \
            b":" + self.template("results", RESULTS)
        template = self.template("message", MESSAGE)
        canon = re.search(rb"c=(\w*)(?:/(\w*))?", template)
        of_header = canon[1] if canon else b"simple"
        of_body = canon[2] if canon and canon[2] else b"simple"
        template = template.replace(b"%h", base64.b64encode(hashlib.sha256(
            body_of(body, of_body)).digest()))
        message = self.signed(
            b"ARC-Message-Signature", template,
            self.chosen(template, [results] + header),
            relaxed if of_header == b"relaxed" else lambda field: field)
        sets = [field for field in reversed(header) if
                field.lower().startswith(b"arc-")]
        seal = self.signed(b"ARC-Seal", self.template("seal", SEAL),
                           sets + [results, message])
        return [seal, message, results] + header


def swapped(old, new):
    def change(template):
        if old not in template:
            sys.exit("shapes: %r is not in %r" % (old, template))
        return template.replace(old, new)
    return change


# of the seal and of the signature: what is written otherwise, and the result
TAGS = [
    (b"i=%d;", b"i=%d ;", "pass"), (b"i=%d;", b"i = %d;", "pass"),
    (b"t=12345", b"t=12345;", "pass"), (b"t=12345", b"t=12345; w=x", "pass"),
    (b"t=12345", b"_=; t=12345", "fail"), (b"s=rsa;", b"s=rsa; s=no;", "fail"),
    (b"s=rsa", b"S=rsa", "fail"), (b"t=12345", b"t=12 345", "fail"),
    (b"s=rsa;", b"s=rsa;;", "fail"), (b"a=rsa-sha256;", b"", "fail"),
    (b"a=rsa-sha256", b"a=", "fail"), (b"a=rsa-sha256", b"a=rsa-sha42", "fail"),
    (b"a=rsa-sha256", b"a=rsa-sha1", "fail"), (b"b=%b;", b"", "fail"),
    (b"b=%b;", b"b=;", "fail"), (b"b=%b;", b"b=no-base-64;", "fail"),
    (b"d=example.org;", b"", "fail"), (b"d=example.org", b"d=", "fail"),
    (b"d=example.org", b"d=example...", "fail"), (b"s=rsa;", b"", "fail"),
    (b"s=rsa", b"s=", "fail"), (b"t=12345", b"w=1", "pass"),
    (b"t=12345", b"t=", "fail"), (b"t=12345", b"t=icecream", "fail"),
    (b"i=%d;", b"", "fail"), (b"i=%d", b"i=", "fail"),
    (b"i=%d", b"i=0", "fail"), (b"i=%d", b"i=no", "fail"),
    (b"i=%d", b"i=51", "fail"), (b"s=rsa", b"s=none", "fail"),
    (b"s=rsa", b"s=bad", "fail"), (b"s=rsa", b"s=rsa512", "fail"),
    (b"s=rsa", b"s=rsa1024", "pass"), (b"d=example.org", b"d=Example.ORG",
                                       "pass"),
]
SEALS = [
    (b"cv=%c;", b"", "fail"), (b"cv=%c", b"cv=", "fail"),
    (b"cv=%c", b"cv=maybe", "fail"), (b"cv=%c", b"cv=fail", "fail"),
    (b"cv=%c", b"cv=NONE", "pass"), (b"cv=%c", b"cv=pass", "fail"),
    (b"t=12345", b"h=from; t=12345", "fail"),
]
MESSAGES = [
    (b"bh=%h;", b"", "fail"), (b"bh=%h", b"bh=", "fail"),
    (b"bh=%h", b"bh=no-base-64", "fail"),
    (b"c=relaxed/relaxed", b"c=simple/simple", "pass"),
    (b"c=relaxed/relaxed", b"c=simple/relaxed", "pass"),
    (b"c=relaxed/relaxed", b"c=relaxed/simple", "pass"),
    (b"c=relaxed/relaxed", b"c=simple", "pass"),
    (b"c=relaxed/relaxed", b"c=relaxed", "pass"),
    (b" c=relaxed/relaxed;", b"", "pass"),
    (b"c=relaxed/relaxed", b"c=", "fail"),
    (b"c=relaxed/relaxed", b"c=no/such", "fail"),
    (b"h=from:", b"h=from : ", "pass"), (b"h=from:", b"h=from :\r\n    ",
                                         "pass"),
    (b"h=from:to", b"h=From:TO", "pass"), (b"h=from:to", b"h=from:to:to",
                                           "pass"),
    (b"h=from:", b"h=from:x-none:", "pass"),
    # a name that is empty is that of no field
    (b"h=from:", b"h=from::", "pass"), (b"mime-version;", b"mime-version:;",
                                        "pass"),
    # RFC 6376 5.4: From is signed
    (b"h=from:", b"h=", "fail"),
    (b"h=from:to:date:subject:mime-version;", b"h=;", "fail"),
    (b" h=from:to:date:subject:mime-version;", b"", "fail"),
    (b"h=from:", b"h=arc-seal:from:", "fail"),
    (b"h=from:", b"h=arc-authentication-results:from:", "pass"),
    (b"t=12345", b"t=12345; l=5", "fail"),
    (b"t=12345", b"t=12345; q=dns/txt", "pass"),
    (b"t=12345", b"t=12345; q=other", "fail"),
    (b"t=12345", b"t=12345; x=12346", "fail"),
    (b"t=12345", b"t=12345; x=12344", "fail"),
]
RESULT_ROWS = [
    (b"i=%d;", b" i=%d ;", "pass"), (b"i=%d;", b"i = %d;", "pass"),
    (b"i=%d;", b"", "fail"), (b"i=%d;", b"i=;", "fail"),
    (b"i=%d", b"i=0", "fail"), (b"i=%d", b"i=squid", "fail"),
    (b"i=%d", b"i=2", "fail"), (b"i=%d;", b"i=%d", "fail"),
    (b"i=%d; lists.example.org;", b"lists.example.org; i=%d;", "fail"),
]

# once it is sealed: what is then another, and whether that matters
CHANGES = [
    (b"ARC-Seal:", b"ARC-SEAL:", "pass"), (b"ARC-Seal: ", b"ARC-Seal:   ",
                                           "pass"),
    (b"ARC-Message-Signature:", b"arc-message-signature:", "pass"),
    (b"ARC-Authentication-Results:", b"arc-authentication-Results :", "pass"),
    (b" cv=none;", b"    cv=none;", "pass"), (b"cv=none", b"cv=nonE", "fail"),
    (b";\r\n    t=12345", b";  \r\n\t t=12345", "pass"),
    (b";\r\n    spf", b"; spf", "pass"), (b"dmarc=pass", b"dmarc=fail", "fail"),
    (b"d=example.org", b"d=Example.org", "fail"),
    (b"From: Ann", b"FROM:  Ann", "pass"), (b"From: Ann", b"From: Gene", "fail"),
    (b"Letter  1", b"Letter 1", "pass"), (b"Letter  1", b"Letter 2", "fail"),
    (b"this is  a", b"this \t is a", "pass"), (b"this", b"that", "fail"),
    (b"-- a\r\n", b"-- a  \r\n\r\n\r\n", "pass"), (b"-- a\r\n", b"-- a", "pass"),
    (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nMIME-Version: 1.0\r\n",
     "pass"),
    (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.1\r\nMIME-Version: 1.0\r\n",
     "pass"),
    (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nMIME-Version: 1.1\r\n",
     "fail"),
    (b"MIME-Version: 1.0\r\n", b"", "fail"),
]


class Bench:
    def __init__(self, checker, scratch, zone):
        self.checker, self.scratch, self.zone = checker, scratch, zone
        self.cases = []

    def put(self, message, want, what):
        path = os.path.join(self.scratch, "%04d.eml" % len(self.cases))
        with open(path, "wb") as file:
            file.write(message)
        self.cases.append((path, want, what))

    def hand(self, want, what, **fields):
        header = Hand(self.zone, **fields).pass_on(LETTER, BODY)
        self.put(text_of(header), want, what)

    def judge(self):
        out = subprocess.run([self.checker, self.zone.path,
                              str(int(time.time())), "a.example"] +
                             [case[0] for case in self.cases],
                             capture_output=True, text=True, check=True)
        faults = 0
        for (path, want, what), line in zip(self.cases,
                                            out.stdout.splitlines()):
            found = line.split(" ")[1]
            if found != want:
                faults += 1
                print("shapes: %s, %s: %s instead of %s" % (
                    os.path.basename(path), what, found, want))
        return faults


def text_of(header, body=BODY):
    return b"\r\n".join(header) + b"\r\n\r\n" + body


def add_chains(bench, zone):
    """Sets that are not whole, in any order, or there twice."""
    header = LETTER
    for number in range(1, 6):
        header = Hand(zone, number).pass_on(header, BODY)
        bench.put(text_of(header), "pass", "%d hands" % number)
    for at in range(3):
        rest = header[:at] + header[at + 1:]
        bench.put(text_of(rest), "fail", "of the last set part %d less" % at)
        rest = header[:at + 1] + header[at:]
        bench.put(text_of(rest), "fail", "of the last set part %d twice" % at)
    bench.put(text_of(header[3:]), "pass", "the last set less")
    bench.put(text_of(header[:3] + header[6:]), "fail", "a set less between")
    bench.put(text_of(header[:3] + header), "fail", "a set twice")
    bench.put(text_of(header[3:] + header[:3]), "pass", "sets in an order of "
              "their own")
    gene = [field.replace(b"Ann", b"Gene") for field in
            Hand(zone).pass_on(LETTER, BODY)]
    bench.put(text_of(gene), "fail", "another author")
    bench.put(text_of(Hand(zone, 2).pass_on(gene, BODY)), "pass",
              "another author, and a hand that signed him")


def add_all(bench, zone):
    bench.put(b"", "none", "no message")
    bench.put(b"\r\n" + BODY, "none", "no header")
    bench.put(b"\r\n".join(LETTER) + b"\r\n", "none", "no body")
    bench.put(text_of(LETTER), "none", "no set")
    for name, default, rows in (
            ("seal", SEAL, TAGS + SEALS), ("message", MESSAGE, TAGS + MESSAGES),
            ("results", RESULTS, RESULT_ROWS)):
        for old, new, want in rows:
            other = {name: swapped(old, new)(default)}
            if b"1024" in new:
                other["key"] = zone.short
                other["seal"] = SEAL.replace(b"s=rsa", b"s=rsa1024")
                other["message"] = MESSAGE.replace(b"s=rsa", b"s=rsa1024")
            if b"512" in new:
                other["key"] = zone.shorter
            bench.hand(want, "%s: %r for %r" % (name, new, old), **other)
    sealed = text_of(Hand(zone).pass_on(LETTER, BODY))
    for old, new, want in CHANGES:
        bench.put(swapped(old, new)(sealed), want, "%r became %r" % (old, new))
    add_chains(bench, zone)


class Zone(Keys):
    def __init__(self, scratch):
        super().__init__(scratch)
        self.short = self.add_rsa("rsa1024", 1024)
        self.shorter = self.add_rsa("rsa512", 512)
        self.add("bad", b"v=DKIM1; k=rsa; what is this")
        with open(self.path, "wb") as file:
            for name, record in self.records.items():
                file.write(name.rstrip(b".").replace(
                    b"example.com", b"example.org") + b" " + record + b"\n")

    def add_rsa(self, selector, bits):
        path = os.path.join(self.scratch, selector + ".pem")
        with open(path, "wb") as file:
            file.write(self.openssl("genrsa", str(bits)))
        self.add(selector, b"v=DKIM1; k=rsa; p=" + base64.b64encode(
            self.openssl("rsa", "-in", path, "-pubout", "-outform", "DER")))
        return path


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("--checker", required=True)
    args.add_argument("--scratch", required=True)
    args = args.parse_args()
    zone = Zone(args.scratch)
    bench = Bench(args.checker, args.scratch, zone)
    add_all(bench, zone)
    faults = bench.judge()
    print("shapes: %d checked, %d wrong" % (len(bench.cases), faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
