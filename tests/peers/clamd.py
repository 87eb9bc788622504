"""clamd.py PORT KIND | signature - what clamd.sh sends, and what clamd knows."""

import base64
import io
import smtplib
import sys
import zipfile

# The test virus of EICAR, in pieces: no file of ours is to be found by it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + \
    b"ANTIVIRUS-TEST-FILE!" + b"$H+H*"


def encrypted():
    """An archive that says so; nobody will open it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "hello")
    data = bytearray(archive.getvalue())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def message(kind):
    data = {"clean": b"hello", "virus": EICAR, "encrypted": encrypted()}[kind]
    return (b"Zzz: 1\r\nFrom: bob@partner.test\r\nTo: ann@office.test\r\n"
            b"Date: Fri, 20 Nov 2026 10:00:00 +0700\r\n"
            b"Message-ID: <" + kind.encode() + b"@partner.test>\r\n"
            b"MIME-Version: 1.0\r\n"
            b"Content-Type: application/octet-stream; name=a.bin\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(data).replace(b"\n", b"\r\n"))


def main():
    if sys.argv[1] == "signature":
        print("Eicar-Test:0:*:%s" % EICAR.hex())
        return
    with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=120) as smtp:
        smtp.ehlo("partner.test")
        smtp.mail("bob@partner.test")
        smtp.rcpt("ann@office.test")
        print(smtp.data(message(sys.argv[2]))[0])


main()
