/*
 * id.c - the name of a message, from its receipt to the last trace of it
 */
#include "lib/base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define TIME_BYTES	6

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The next name after `id` in order: for two in one millisecond. */
static void
step(struct message_id *id)
{
	for (size_t i = MESSAGE_ID_BYTES; i-- > 0;)
		if (++id->bytes[i] != 0)
			return;
}

int
message_id_new(struct message_id *last, int64_t utc_ms)
{
	struct message_id id;

	for (size_t i = 0; i < TIME_BYTES; i++)
		id.bytes[i] = (unsigned char)
		    ((uint64_t)utc_ms >> (8 * (TIME_BYTES - 1 - i)));
	if (getrandom(id.bytes + TIME_BYTES, MESSAGE_ID_BYTES - TIME_BYTES,
	    0) != MESSAGE_ID_BYTES - TIME_BYTES)
		return -EIO;
	if (message_id_order(&id, last) <= 0) {
		id = *last;
		step(&id);
	}
	*last = id;
	return 0;
}

void
message_id_write(const struct message_id *id,
    char text_out[MESSAGE_ID_CHARS + 1])
{
	for (size_t i = 0; i < MESSAGE_ID_CHARS; i++) {
		size_t bit = i * 5, byte = bit / 8;
		unsigned pair = (unsigned)id->bytes[byte] << 8;

		if (byte + 1 < MESSAGE_ID_BYTES)
			pair |= id->bytes[byte + 1];
		text_out[i] = digits[pair >> (11 - bit % 8) & 31];
	}
	text_out[MESSAGE_ID_CHARS] = '\0';
}

int
message_id_read(struct slice s, struct message_id *id_out)
{
	struct message_id id = { { 0 } };

	if (s.len != MESSAGE_ID_CHARS)
		return -EINVAL;
	for (size_t i = 0; i < MESSAGE_ID_CHARS; i++) {
		char c = s.at[i] >= 'A' && s.at[i] <= 'Z' ?
		    (char)(s.at[i] | 0x20) : s.at[i];
		const char *digit = c == '\0' ? NULL : strchr(digits, c);
		size_t bit = i * 5, byte = bit / 8;
		unsigned pair;

		if (digit == NULL)
			return -EINVAL;
		pair = (unsigned)(digit - digits) << (11 - bit % 8);
		id.bytes[byte] |= (unsigned char)(pair >> 8);
		if (byte + 1 < MESSAGE_ID_BYTES)
			id.bytes[byte + 1] |= (unsigned char)pair;
	}
	*id_out = id;
	return 0;
}

int
message_id_order(const struct message_id *a, const struct message_id *b)
{
	return memcmp(a->bytes, b->bytes, MESSAGE_ID_BYTES);
}

int64_t
message_id_utc_ms(const struct message_id *id)
{
	int64_t ms = 0;

	for (size_t i = 0; i < TIME_BYTES; i++)
		ms = ms << 8 | id->bytes[i];
	return ms;
}
