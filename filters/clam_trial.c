/*
 * clam_trial.c - is a loaded set of signatures fit for work?
 */
#include "filters/clam_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NAME	"Postroom.Trial"
/* Nothing that a person writes; in base64 it ends with a group. */
#define WORDS	"postroom trial of signatures 7d1f0c52b9e84a36: found, so fit\n"

static const char packed[] =
	"From: a@example.org\r\nTo: b@example.org\r\nSubject: trial\r\n"
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
	"--q\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
	"--q\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n"
	"cG9zdHJvb20gdHJpYWwgb2Ygc2lnbmF0dXJlcyA3ZDFmMGM1MmI5ZTg0YTM2OiBm\r\n"
	"b3VuZCwgc28gZml0Cg==\r\n--q--\r\n";

static const char honest[] =
	"Received: from a.example.org by b.example.org; "
	"Thu, 1 Jan 2026 00:00:00 +0000\r\n"
	"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n"
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
	"--q\r\nContent-Type: text/plain\r\n\r\nGood morning\r\n"
	"--q\r\nContent-Type: application/octet-stream; name=a.txt\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n"
	"R29vZCBtb3JuaW5nCg==\r\n--q--\r\n";

int
clam_trial_write(int folder_fd)
{
	TEXT_AUTO line = TEXT_INIT(512);
	int fd, r = 0;

	text_add_str(&line, NAME ":0:0:");
	for (const char *at = WORDS; *at != '\0'; at++)
		text_addf(&line, "%02x", (unsigned char)*at);
	text_add_byte(&line, '\n');
	if (text_failed(&line))
		return -ENOMEM;
	fd = openat(folder_fd, CLAM_TRIAL_FILE,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text_slice(&line).at, line.len) != (ssize_t)line.len)
		r = -EIO;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int
clam_trial(struct clam *clam)
{
	if (clam_scan(clam, slice_str(packed)).result != SCAN_VIRUS)
		return -ENOENT;
	return clam_scan(clam, slice_str(honest)).result == SCAN_CLEAN ? 0 :
	    -EEXIST;
}
