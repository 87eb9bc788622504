/*
 * https_reply.c - the answer of an HTTP/1.1 server, taken apart as it comes
 */
#include "lib/base/https_reply.h"

#include <errno.h>
#include <string.h>

#define RETRY_AFTER_MOST	86400	/* for more it is tomorrow */

void
https_reply_open(struct https_reply *reply, size_t body_most)
{
	memset(reply, 0, sizeof(*reply));
	reply->body.limit = body_most;
	reply->in.limit = HTTPS_LINE_MOST + 1;
}

static void
wipe(struct text *text)
{
	if (text->at != NULL)
		explicit_bzero(text->at, text->size);
	text_free(text);
}

void
https_reply_close(struct https_reply *reply)
{
	wipe(&reply->body);
	wipe(&reply->in);
}

/* RFC 9112 4: "HTTP/1.1 200 OK"; the words behind it are not looked at. */
static int
take_status(struct https_reply *reply, struct slice line)
{
	uint64_t status;

	if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 ||
	    (line.at[7] != '0' && line.at[7] != '1') || line.at[8] != ' ' ||
	    slice_u64(slice_first(slice_after(line, 9), 3), 599, &status) < 0 ||
	    status < 100 || (line.len > 12 && line.at[12] != ' '))
		return -EBADMSG;
	reply->status = (unsigned)status;
	reply->has_length = reply->is_chunked = reply->is_plain = false;
	reply->part = HTTPS_FIELDS;
	return 0;
}

/* RFC 9112 6.3: another length than the first one is an attack. */
static int
take_length(struct https_reply *reply, struct slice value)
{
	uint64_t n;

	if (slice_u64(value, UINT64_MAX, &n) < 0 ||
	    (reply->has_length && n != reply->left))
		return -EBADMSG;
	reply->has_length = true;
	reply->left = n;
	return 0;
}

static int
take_coding(struct https_reply *reply, struct slice value)
{
	if (reply->is_chunked || !slice_is_word(value, "chunked"))
		return -EBADMSG;
	reply->is_chunked = true;
	return 0;
}

/* Seconds; a date is not read (RFC 9110 10.2.3), the caller has its own. */
static int
take_retry(struct https_reply *reply, struct slice value)
{
	uint64_t n;
	int r = slice_u64(value, RETRY_AFTER_MOST, &n);

	if (r == -ERANGE)
		n = RETRY_AFTER_MOST;
	if (r == 0 || r == -ERANGE)
		reply->retry_after = (unsigned)n;
	return 0;
}

/* Parameters behind it say nothing of whether it is text. */
static int
take_type(struct https_reply *reply, struct slice value)
{
	struct slice type = value;

	(void)slice_cut(&value, ';', &type);
	reply->is_plain = slice_is_word(slice_trim(type), "text/plain");
	return 0;
}

static const struct {
	const char	*name;
	int		(*take)(struct https_reply *, struct slice);
} fields[] = {
	{ "Content-Length",	take_length },
	{ "Transfer-Encoding",	take_coding },
	{ "Retry-After",	take_retry },
	{ "Content-Type",	take_type },
};

/* The head is over: where does the body end? */
static int
begin_body(struct https_reply *reply)
{
	if (reply->status < 200) {
		/* RFC 9110 15.2: the answer itself is still to come */
		reply->part = HTTPS_STATUS;
		return reply->status == 101 ? -EBADMSG : 0;
	}
	if (reply->has_length && reply->is_chunked)
		return -EBADMSG;
	if (reply->has_length && reply->left > reply->body.limit)
		return -E2BIG;
	/* room at once: growing would leave a token in freed memory */
	if (text_space(&reply->body, reply->body.limit) == NULL)
		return -E2BIG;
	text_clear(&reply->body);
	if (reply->status == 204 || reply->status == 304)
		reply->part = HTTPS_WHOLE;
	else if (reply->is_chunked)
		reply->part = HTTPS_CHUNK_SIZE;
	else if (reply->has_length)
		reply->part = reply->left > 0 ? HTTPS_LENGTH : HTTPS_WHOLE;
	else
		reply->part = HTTPS_UNTIL_END;
	return 0;
}

static int
take_field(struct https_reply *reply, struct slice line)
{
	struct slice name;

	if (line.len == 0)
		return begin_body(reply);
	/* RFC 9112 5.1, 5.2: no space before the colon, no folded line */
	if (!slice_cut(&line, ':', &name) || name.len == 0 ||
	    slice_find(name, ' ') != SIZE_MAX ||
	    slice_find(name, '\t') != SIZE_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (slice_is_word(name, fields[i].name))
			return fields[i].take(reply, slice_trim(line));
	return 0;
}

/* RFC 9112 7.1: hexadecimal; what stands behind ";" is passed over. */
static int
take_chunk_size(struct https_reply *reply, struct slice line)
{
	uint64_t n = 0;
	size_t digits = 0;

	for (; digits < line.len && digits < 9; digits++) {
		char c = line.at[digits];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint64_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n = n << 4 | (uint64_t)((c | 0x20) - 'a' + 10);
		else
			break;
	}
	line = slice_trim(slice_after(line, digits));
	if (digits == 0 || (line.len > 0 && line.at[0] != ';'))
		return -EBADMSG;
	if (n > reply->body.limit - reply->body.len)
		return -E2BIG;
	reply->left = n;
	reply->part = n > 0 ? HTTPS_CHUNK : HTTPS_TRAILER;
	return 0;
}

static int
take_line(struct https_reply *reply, struct slice line)
{
	switch (reply->part) {
	case HTTPS_STATUS:
		return take_status(reply, line);
	case HTTPS_FIELDS:
		return take_field(reply, line);
	case HTTPS_CHUNK_SIZE:
		return take_chunk_size(reply, line);
	case HTTPS_CHUNK_END:
		reply->part = HTTPS_CHUNK_SIZE;
		return line.len == 0 ? 0 : -EBADMSG;
	case HTTPS_TRAILER:
		if (line.len == 0)
			reply->part = HTTPS_WHOLE;
		return 0;
	default:
		return -EBADMSG;
	}
}

/* The next line out of `*bytes`.  0: there was none yet; 1: one was taken. */
static int
next_line(struct https_reply *reply, struct slice *bytes)
{
	size_t end = slice_find(*bytes, '\n');
	struct slice piece = slice_first(*bytes, end == SIZE_MAX ? bytes->len :
	    end + 1), input, line;
	int r;

	reply->head_bytes += piece.len;
	if (reply->head_bytes > HTTPS_HEAD_MOST)
		return -E2BIG;
	text_add(&reply->in, piece);
	if (text_failed(&reply->in))
		return -E2BIG;
	*bytes = slice_after(*bytes, piece.len);
	input = text_slice(&reply->in);
	switch (line_take(&reply->lines, &input, HTTPS_LINE_MOST, &line)) {
	case LINE_MORE:
		return 0;
	case LINE_GOOD:
		break;
	default:
		return -EBADMSG;
	}
	r = take_line(reply, line);
	text_clear(&reply->in);
	return r < 0 ? r : 1;
}

/* Bytes of the body out of `*bytes`. */
static int
next_bytes(struct https_reply *reply, struct slice *bytes)
{
	bool is_counted = reply->part != HTTPS_UNTIL_END;
	struct slice piece = is_counted && reply->left < bytes->len ?
	    slice_first(*bytes, (size_t)reply->left) : *bytes;

	text_add(&reply->body, piece);
	if (text_failed(&reply->body))
		return -E2BIG;
	*bytes = slice_after(*bytes, piece.len);
	if (!is_counted)
		return 0;
	reply->left -= piece.len;
	if (reply->left == 0)
		reply->part = reply->part == HTTPS_CHUNK ? HTTPS_CHUNK_END :
		    HTTPS_WHOLE;
	return 0;
}

int
https_reply_take(struct https_reply *reply, struct slice bytes)
{
	int r = 0;

	while (r >= 0 && bytes.len > 0 && reply->part != HTTPS_WHOLE) {
		if (reply->part == HTTPS_LENGTH ||
		    reply->part == HTTPS_CHUNK ||
		    reply->part == HTTPS_UNTIL_END)
			r = next_bytes(reply, &bytes);
		else
			r = next_line(reply, &bytes);
	}
	if (r < 0)
		return r;
	return reply->part == HTTPS_WHOLE ? 1 : 0;
}

int
https_reply_end(struct https_reply *reply)
{
	if (reply->part == HTTPS_UNTIL_END)
		reply->part = HTTPS_WHOLE;
	return reply->part == HTTPS_WHOLE ? 1 : -EBADMSG;
}
