/*
 * clam_fixture.h - a set of one signature, and mail with what it finds
 *
 * The test string is written in pieces: this file itself is not to be found.
 */
#ifndef TESTS_UNIT_FILTERS_CLAM_FIXTURE_H
#define TESTS_UNIT_FILTERS_CLAM_FIXTURE_H

#include <string.h>

#include "filters/clam.h"
#include "tests/unit/queue/scratch.h"

#define EICAR	"X5O!P%@AP[4\\PZX54(P^)7CC)7}" "$EICAR-STANDARD-" \
		"ANTIVIRUS-TEST-FILE!" "$H+H*"
#define EICAR_NAME "Eicar-Test"
#define EICAR_BYTES slice_of(EICAR, sizeof(EICAR) - 1)

/* Write `bytes` as file `name` of a folder, at once as freshclam does. */
static inline void
file_write(int folder_fd, const char *name, struct slice bytes)
{
	int fd = openat(folder_fd, "new", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(renameat(folder_fd, "new", folder_fd, name), 0);
}

/* A signature `name` for files that begin with `bytes`. */
static inline void
signature_write(int folder_fd, const char *file, const char *name,
    struct slice bytes)
{
	TEXT_AUTO line = TEXT_INIT(4096);

	text_addf(&line, "%s:0:0:", name);
	for (size_t i = 0; i < bytes.len; i++)
		text_addf(&line, "%02x", (unsigned char)bytes.at[i]);
	text_add_str(&line, "\n");
	file_write(folder_fd, file, text_slice(&line));
}

/* A signature set that knows the test file, and nothing else. */
static inline void
eicar_write(int folder_fd)
{
	signature_write(folder_fd, "eicar.ndb", EICAR_NAME, EICAR_BYTES);
}

/* The library with the signatures of one folder, at work in another. */
static inline struct clam *
clam_load_from(const struct scratch *signatures,
    const struct scratch *temporary)
{
	struct clam *clam;
	const char *words;

	ck_assert_int_eq(clam_open(), 0);
	ck_assert_int_eq(clam_load(signatures->fd, -1, &clam_default_limits,
	    &clam, &words), 0);
	ck_assert_int_eq(clam_scratch(clam, temporary->fd), 0);
	return clam;
}

/* Add `bytes` in base64, as lines. */
static inline void
add_base64(struct text *text, struct slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
		unsigned group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 | (k < have ?
			    (unsigned char)bytes.at[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			text_add_byte(text, k <= have ?
			    digits[group >> (18 - 6 * k) & 63] : '=');
		if (i / 3 % 19 == 18)
			text_add_str(text, "\r\n");
	}
}

/* RFC 2045 6.7, the careful way: only letters and digits as they are. */
static inline void
add_quoted_printable(struct text *text, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.at[i];

		if (i % 20 == 19)
			text_add_str(text, "=\r\n");
		if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			text_add_byte(text, (char)c);
		else
			text_addf(text, "=%02X", c);
	}
}

/* The rest of a message behind its first fields, with one attachment. */
static inline void
add_attachment(struct text *text, const char *boundary, const char *type,
    const char *encoding, struct slice bytes)
{
	text_addf(text, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
	    "--%s\r\nContent-Type: text/plain\r\n\r\nhello\r\n--%s\r\n"
	    "Content-Type: %s; name=\"a.bin\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    boundary, boundary, boundary, type, encoding);
	if (strcmp(encoding, "base64") == 0)
		add_base64(text, bytes);
	else if (strcmp(encoding, "quoted-printable") == 0)
		add_quoted_printable(text, bytes);
	else
		text_add(text, bytes);
	text_addf(text, "\r\n--%s--\r\n", boundary);
}

/* The checksum of a zip entry (CRC-32). */
static inline uint32_t
zip_sum(struct slice bytes)
{
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < bytes.len; i++) {
		sum ^= (unsigned char)bytes.at[i];
		for (int k = 0; k < 8; k++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
	}
	return ~sum;
}

/* What both headers of a stored file have in common. */
static inline void
zip_head(struct text *zip, unsigned flags, struct slice name,
    struct slice bytes)
{
	pack_u16(zip, 20);			/* version needed */
	pack_u16(zip, (uint16_t)flags);
	pack_u16(zip, 0);			/* stored */
	pack_u32(zip, 0x58210000);		/* time and date */
	pack_u32(zip, zip_sum(bytes));
	pack_u32(zip, (uint32_t)bytes.len);
	pack_u32(zip, (uint32_t)bytes.len);
	pack_u16(zip, (uint16_t)name.len);
	pack_u16(zip, 0);
}

struct zip_file {
	struct slice	name, bytes;
};

/*
 * Add a zip of those files; a flag of 1 says they are encrypted (APPNOTE 4.3).
 */
static inline void
add_zip_of(struct text *zip, unsigned flags, const struct zip_file *files,
    size_t count)
{
	TEXT_AUTO directory = TEXT_INIT(1u << 20);
	size_t start = zip->len;

	for (size_t i = 0; i < count; i++) {
		size_t at = zip->len - start;
		struct slice name = files[i].name, bytes = files[i].bytes;

		text_add(zip, slice_of("PK\3\4", 4));
		zip_head(zip, flags, name, bytes);
		text_add(zip, name);
		text_add(zip, bytes);
		text_add(&directory, slice_of("PK\1\2", 4));
		pack_u16(&directory, 20);
		zip_head(&directory, flags, name, bytes);
		pack_u16(&directory, 0);	/* comment */
		pack_u16(&directory, 0);	/* disk */
		pack_u16(&directory, 0);	/* attributes */
		pack_u32(&directory, 0);
		pack_u32(&directory, (uint32_t)at);
		text_add(&directory, name);
	}
	{
		size_t at = zip->len - start;

		text_add(zip, text_slice(&directory));
		text_add(zip, slice_of("PK\5\6", 4));
		pack_u32(zip, 0);		/* disks */
		pack_u16(zip, (uint16_t)count);
		pack_u16(zip, (uint16_t)count);
		pack_u32(zip, (uint32_t)directory.len);
		pack_u32(zip, (uint32_t)at);
		pack_u16(zip, 0);
	}
	ck_assert(!text_failed(zip) && !text_failed(&directory));
}

/* Of `count` copies of one file. */
static inline void
add_zip(struct text *zip, unsigned flags, struct slice bytes, unsigned count)
{
	struct zip_file *files = calloc(count, sizeof(*files));
	char (*names)[16] = calloc(count, sizeof(*names));

	ck_assert(files != NULL && names != NULL);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "f%u.bin", i);
		files[i] = (struct zip_file){ slice_str(names[i]), bytes };
	}
	add_zip_of(zip, flags, files, count);
	free(names);
	free(files);
}

#endif
