/*
 * held_link.c - what a person has in hand who is told of a held message
 *
 * u8 version, u64 account, id, i64 end, and behind that the signature of it.
 */
#include "queue/held_link.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "lib/base/digits.h"
#include "lib/base/pack.h"

#define VERSION		1
#define NUMBER		0xff	/* in place of it: no link says so */
#define SAID_BYTES	(1 + 8 + MESSAGE_ID_BYTES + 8)
#define SIGN_BYTES	16	/* 128 bits: nobody finds one */
#define LINK_BYTES	(SAID_BYTES + SIGN_BYTES)
#define DIGEST_BYTES	32

_Static_assert(2 * LINK_BYTES == HELD_LINK_CHARS, "it is as long as it says");

static int
sign(struct slice said, const unsigned char key[ROWS_KEY_BYTES],
    unsigned char digest_out[DIGEST_BYTES])
{
	unsigned int len = 0;

	return HMAC(EVP_sha256(), key, ROWS_KEY_BYTES,
	    (const unsigned char *)said.at, said.len, digest_out,
	    &len) != NULL && len == DIGEST_BYTES ? 0 : -EIO;
}

int
held_link_write(struct text *text, const struct held_link *link,
    const unsigned char key[ROWS_KEY_BYTES])
{
	TEXT_AUTO said = TEXT_INIT(LINK_BYTES + 8);
	unsigned char digest[DIGEST_BYTES];
	int r;

	pack_u8(&said, VERSION);
	pack_u64(&said, link->account);
	pack_bytes(&said, slice_of(link->id.bytes, MESSAGE_ID_BYTES));
	pack_i64(&said, link->ends_utc_ms);
	if (text_failed(&said))
		return -ENOMEM;
	r = sign(text_slice(&said), key, digest);
	if (r < 0)
		return r;
	pack_bytes(&said, slice_of(digest, SIGN_BYTES));
	for (size_t i = 0; i < said.len; i++)
		text_addf(text, "%02x", (unsigned char)said.at[i]);
	return 0;
}

/* All of it are digits of bytes. */
static bool
read_digits(struct slice s, char bytes_out[LINK_BYTES])
{
	if (s.len != HELD_LINK_CHARS)
		return false;
	for (size_t i = 0; i < LINK_BYTES; i++) {
		int high = hex_digit(s.at[2 * i]);
		int low = hex_digit(s.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes_out[i] = (char)(high << 4 | low);
	}
	return true;
}

int
held_link_read(struct slice s, const unsigned char key[ROWS_KEY_BYTES],
    struct held_link *link_out)
{
	unsigned char digest[DIGEST_BYTES];
	struct held_link link;
	char bytes[LINK_BYTES];
	struct unpack u;
	struct slice id;

	if (!read_digits(s, bytes) || sign(slice_of(bytes, SAID_BYTES), key,
	    digest) < 0)
		return -EBADMSG;
	if (CRYPTO_memcmp(digest, bytes + SAID_BYTES, SIGN_BYTES) != 0)
		return -EBADMSG;
	u = unpack_of(slice_of(bytes, SAID_BYTES));
	if (unpack_u8(&u) != VERSION)
		return -EBADMSG;
	link.account = unpack_u64(&u);
	id = unpack_bytes(&u, MESSAGE_ID_BYTES);
	link.ends_utc_ms = unpack_i64(&u);
	if (!unpack_is_done(&u) || link.account == 0 ||
	    link.account > INT64_MAX)
		return -EBADMSG;
	memcpy(link.id.bytes, id.at, MESSAGE_ID_BYTES);
	*link_out = link;
	return 0;
}

int
held_link_number(uint64_t account, const struct message_id *id,
    const unsigned char key[ROWS_KEY_BYTES], uint32_t *number_out)
{
	TEXT_AUTO said = TEXT_INIT(SAID_BYTES);
	unsigned char digest[DIGEST_BYTES];
	struct unpack u;
	int r;

	pack_u8(&said, NUMBER);
	pack_u64(&said, account);
	pack_bytes(&said, slice_of(id->bytes, MESSAGE_ID_BYTES));
	if (text_failed(&said))
		return -ENOMEM;
	r = sign(text_slice(&said), key, digest);
	if (r < 0)
		return r;
	u = unpack_of(slice_of(digest, sizeof(digest)));
	*number_out = HELD_NUMBER_LEAST + (uint32_t)(unpack_u64(&u) %
	    (HELD_NUMBER_MOST - HELD_NUMBER_LEAST + 1));
	return 0;
}
