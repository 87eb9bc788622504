"""DKIM signatures and ARC seals (RFC 6376, 8617), made by openssl."""

import base64
import hashlib
import os
import re
import subprocess

SIGNED = (b"from", b"to", b"subject", b"date", b"message-id")


def openssl(*words, given=None):
    return subprocess.run(["openssl", *words], input=given, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def relaxed(name, value):
    """RFC 6376 3.4.2."""
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()
    return name.lower() + b":" + value


class Signer:
    """One RSA key, whose record record() is."""

    def __init__(self, folder, bits=2048):
        self.key = os.path.join(folder, "dkim-%d.key" % bits)
        openssl("genrsa", "-out", self.key, str(bits))

    def record(self, tags=b""):
        der = openssl("rsa", "-in", self.key, "-pubout", "-outform", "DER")
        return b"v=DKIM1; %sp=" % tags + base64.b64encode(der)

    def sign(self, fields, body, domain, selector="k", tags=b"",
             hashed=None):
        """
        The message: trace fields stay unsigned.  `hashed` is what bh= is of
        (the body).  The body's lines have no blanks that another form would
        change.
        """
        digest = hashlib.sha256(body if hashed is None else hashed).digest()
        value = b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s;%s" \
                b" h=%s; bh=%s; b=" % (
                    domain.encode(), selector.encode(), tags,
                    b":".join(SIGNED), base64.b64encode(digest))
        have = {name.lower(): text for name, text in fields}
        data = b"".join(relaxed(name, have[name]) + b"\r\n"
                        for name in SIGNED)
        data += relaxed(b"DKIM-Signature", value)
        return b"DKIM-Signature:" + value + self.proof(data) + b"\r\n" + \
            b"".join(name + b":" + text + b"\r\n"
                     for name, text in fields) + b"\r\n" + body

    def proof(self, data):
        return base64.b64encode(openssl("dgst", "-sha256", "-sign", self.key,
                                        given=data))

    def seal(self, message, domain, found, selector="k"):
        """
        The message as its first hand passes it on, who has `found` that of it
        (RFC 8617 5.1).  No field of it is folded, and sign() says what else.
        """
        head, _, body = message.partition(b"\r\n\r\n")
        have = dict(line.split(b":", 1) for line in head.split(b"\r\n"))
        have = {name.lower(): text for name, text in have.items()}
        whose = b"a=rsa-sha256; d=%s; s=%s;" % (domain.encode(),
                                                selector.encode())
        digest = base64.b64encode(hashlib.sha256(body).digest())
        results = (b"ARC-Authentication-Results",
                   b" i=1; hub.%s; %s" % (domain.encode(), found))
        mine = b" i=1; %s c=relaxed/relaxed; h=%s; bh=%s; b=" % (
            whose, b":".join(SIGNED), digest)
        data = b"".join(relaxed(name, have[name]) + b"\r\n"
                        for name in SIGNED)
        mine += self.proof(data + relaxed(b"ARC-Message-Signature", mine))
        signature = (b"ARC-Message-Signature", mine)
        seal = b" i=1; cv=none; %s b=" % whose
        seal += self.proof(relaxed(*results) + b"\r\n" +
                           relaxed(*signature) + b"\r\n" +
                           relaxed(b"ARC-Seal", seal))
        return b"".join(name + b":" + value + b"\r\n" for name, value in (
            (b"ARC-Seal", seal), signature, results)) + message
