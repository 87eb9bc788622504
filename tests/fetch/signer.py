"""DKIM signatures (RFC 6376), made by openssl while the tests run."""

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
        proof = base64.b64encode(openssl("dgst", "-sha256", "-sign",
                                         self.key, given=data))
        return b"DKIM-Signature:" + value + proof + b"\r\n" + b"".join(
            name + b":" + text + b"\r\n" for name, text in fields) + \
            b"\r\n" + body
