/*
 * archive_name.c - what an original is called, and whether it is still that
 *
 * The name is the proof: the id that the hub gave, and the SHA-256 of what the
 * provider sent.  Only what is written here is read as a name: letters of either
 * case are one id or digest, and not one file.
 */
#include "queue/archive_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/digits.h"

#define READ_BYTES	65536	/* at a time */

void
archive_hex(const struct archive_name *name, char hex_out[ARCHIVE_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = name->has_digest ? sizeof(name->digest) : 0;

	for (size_t i = 0; i < n; i++) {
		hex_out[2 * i] = digits[name->digest[i] >> 4];
		hex_out[2 * i + 1] = digits[name->digest[i] & 15];
	}
	hex_out[2 * n] = '\0';
}

void
archive_name_write(const struct archive_name *name,
    char text_out[ARCHIVE_NAME_SIZE])
{
	message_id_write(&name->id, text_out);
	if (!name->has_digest)
		return;
	text_out[MESSAGE_ID_CHARS] = '.';
	archive_hex(name, text_out + MESSAGE_ID_CHARS + 1);
}

static int
read_hex(const char *hex, unsigned char digest_out[ARCHIVE_DIGEST_BYTES])
{
	for (size_t i = 0; i < ARCHIVE_DIGEST_BYTES; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (low < 0)
			return -EINVAL;
		digest_out[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

int
archive_name_read(const char *text, struct archive_name *name_out)
{
	size_t len = strlen(text);
	struct archive_name name = {
		.has_digest = len == ARCHIVE_NAME_SIZE - 1
	};
	char again[ARCHIVE_NAME_SIZE];

	if (!name.has_digest && len != MESSAGE_ID_CHARS)
		return -EINVAL;
	if (message_id_read(slice_of(text, MESSAGE_ID_CHARS), &name.id) < 0 ||
	    (name.has_digest &&
	    read_hex(text + MESSAGE_ID_CHARS + 1, name.digest) < 0))
		return -EINVAL;
	archive_name_write(&name, again);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*name_out = name;
	return 0;
}

void
archive_path(const struct archive_name *name,
    char path_out[ARCHIVE_PATH_SIZE])
{
	archive_day(message_id_utc_ms(&name->id), path_out);
	path_out[ARCHIVE_DAY_SIZE - 1] = '/';
	archive_name_write(name, path_out + ARCHIVE_DAY_SIZE);
}

int
archive_read(int folder_fd, const struct archive_name *name, int *fd_out)
{
	char path[ARCHIVE_PATH_SIZE];
	int fd;

	archive_path(name, path);
	fd = openat(folder_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

/* All of the file.  0, -ENOMEM or -errno. */
static int
digest_file(int fd, EVP_MD_CTX *digest)
{
	char bytes[READ_BYTES];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, sizeof(bytes), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (EVP_DigestUpdate(digest, bytes, (size_t)n) != 1)
			return -ENOMEM;
		at += n;
	}
	return 0;
}

int
archive_prove(int fd, const struct archive_name *name)
{
	unsigned char found[ARCHIVE_DIGEST_BYTES];
	EVP_MD_CTX *digest;
	int r = -ENOMEM;

	if (!name->has_digest)
		return 0;
	digest = EVP_MD_CTX_new();
	if (digest != NULL &&
	    EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1)
		r = digest_file(fd, digest);
	if (r == 0 && EVP_DigestFinal_ex(digest, found, NULL) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(digest);
	if (r < 0)
		return r;
	return memcmp(found, name->digest, sizeof(found)) == 0 ? 0 : -EBADMSG;
}
