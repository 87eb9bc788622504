/*
 * check_half.c - what is kept of messages that were cut is what its row says
 *
 * Nothing is lost where it is not: the message is at its provider still, and
 * comes whole.  So what is found here is a note.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "queue/check_inside.h"
#include "queue/half.h"

/* The digest of its first `length` bytes.  0, -EBADMSG (shorter), -errno. */
static int
digest_of(int fd, uint64_t length, EVP_MD_CTX *context,
    unsigned char digest_out[FETCHED_DIGEST_BYTES])
{
	char bytes[65536];

	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	while (length > 0) {
		ssize_t n = read(fd, bytes, length < sizeof(bytes) ?
		    (size_t)length : sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -EBADMSG : -errno;
		if (EVP_DigestUpdate(context, bytes, (size_t)n) != 1)
			return -ENOMEM;
		length -= (uint64_t)n;
	}
	return EVP_DigestFinal_ex(context, digest_out, NULL) == 1 ? 0 :
	    -ENOMEM;
}

/* 0, -ENOENT, -EBADMSG, or -errno. */
static int
look(int folder_fd, const struct ledger_half *half)
{
	unsigned char digest[FETCHED_DIGEST_BYTES];
	EVP_MD_CTX *context;
	char name[HALF_NAME_SIZE];
	int fd, r = -ENOMEM;

	half_name(half->number, name);
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	context = EVP_MD_CTX_new();
	if (context != NULL)
		r = digest_of(fd, half->length, context, digest);
	EVP_MD_CTX_free(context);
	(void)close(fd);
	if (r == 0 && memcmp(digest, half->digest, sizeof(digest)) != 0)
		r = -EBADMSG;
	return r;
}

/* Does its row stand as it did, beside a hub that runs?  1, 0 or -errno. */
static int
still_stands(const struct queue_check *check, const struct ledger_half *half)
{
	const struct ledger_half *now;
	struct ledger *ledger;
	unsigned needs;
	int r = ledger_open_reading(check->folder_fd, &ledger, &needs);

	if (r < 0)
		return r;
	for (size_t i = 0; (now = ledger_half_at(ledger, i)) != NULL; i++)
		r = r == 1 || (now->number == half->number &&
		    now->length == half->length);
	ledger_close(ledger);
	return r;
}

int
check_halves(struct queue_check *check)
{
	const struct ledger_half *half;
	int fd, r = 0;

	/* one from before there was such a folder has none */
	fd = openat(check->folder_fd, "half",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	for (size_t i = 0; r >= 0 && check->ledger != NULL &&
	    (half = ledger_half_at(check->ledger, i)) != NULL; i++) {
		struct queue_finding finding = { .what = FOUND_HALF,
		    .number = half->number };

		r = look(fd, half);
		if (r == -ENOENT || r == -EBADMSG || r == -EBADF)
			r = still_stands(check, half);
		if (r == 1)
			check_tell_at(check, &finding);
	}
	if (fd >= 0)
		(void)close(fd);
	return r < 0 ? r : 0;
}
