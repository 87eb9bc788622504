/*
 * leaves.c - the attachments of a message as they would be opened
 */
#include "filters/leaves.h"

#include <errno.h>
#include <stdlib.h>

#include "filters/ambiguous.h"
#include "lib/base/digits.h"

#define ARENA_BUDGET	(8u << 20)	/* as the judge's: same trees */
#define OUTSIDE_MOST	4	/* pieces in pieces; honest mail has none */

size_t
leaf_base64(struct slice from, char *to)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		int digit = base64_digit(from.at[i]);

		/* a pad ends a group, not the part: some readers go on */
		if (from.at[i] == '=')
			have = 0;
		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

/* Bytes of the soft line break that `s` begins with behind its "="; or 0. */
static size_t
soft_break(struct slice s)
{
	size_t i = 0;

	while (i < s.len && (s.at[i] == ' ' || s.at[i] == '\t'))
		i++;
	if (i < s.len && s.at[i] == '\r')
		i++;
	return i < s.len && s.at[i] == '\n' ? i + 1 : 0;
}

size_t
leaf_quoted_printable(struct slice from, char *to)
{
	size_t n = 0, i = 0, skip;
	int byte;

	while (i < from.len) {
		if (from.at[i] != '=') {
			to[n++] = from.at[i++];
			continue;
		}
		byte = slice_hex(slice_after(from, i + 1));
		if (byte >= 0) {
			to[n++] = (char)byte;
			i += 3;
			continue;
		}
		skip = soft_break(slice_after(from, i + 1));
		if (skip == 0)
			to[n++] = '=';
		i += 1 + skip;
	}
	return n;
}

/* One way to read a leaf; `buffer` has room for all of it. */
static int
tell_as(enum mime_encoding encoding, const struct mime_part *part,
    char *buffer, leaf_fn *fn, void *arg)
{
	struct slice body = mime_body(part);
	size_t n;

	switch (encoding) {
	case MIME_BASE64:
		n = leaf_base64(body, buffer);
		break;
	case MIME_QUOTED_PRINTABLE:
		n = leaf_quoted_printable(body, buffer);
		break;
	default:
		return body.len == 0 ? 0 : fn(arg, part, encoding, body);
	}
	return n == 0 ? 0 :
	    fn(arg, part, encoding, slice_of(buffer, n));
}

static int
tell(const struct mime_part *part, leaf_fn *fn, void *arg)
{
	static const enum mime_encoding ways[] = {
		MIME_BINARY, MIME_BASE64, MIME_QUOTED_PRINTABLE
	};
	enum mime_encoding encoding = mime_encoding(part);
	size_t bytes = mime_body(part).len;
	char *buffer;
	int r = 0;

	if (bytes == 0)
		return 0;
	buffer = malloc(bytes);
	if (buffer == NULL)
		return -ENOMEM;
	if (mime_is_odd(part) || encoding == MIME_UNKNOWN) {
		for (size_t i = 0; r == 0 && i < sizeof(ways) / sizeof(*ways);
		    i++)
			r = tell_as(ways[i], part, buffer, fn, arg);
	} else {
		r = tell_as(encoding, part, buffer, fn, arg);
	}
	free(buffer);
	return r;
}

/* A message on its way through fn(), and how deep it stands in others. */
struct walk {
	const struct mime_limits *limits;
	leaf_fn		*fn;
	void		*arg;
	const char	**limit_out;
	unsigned	 outside;	/* pieces outside of parts we are in */
};

static int	walk_message(struct walk *, struct slice message);

/* What other readers take for parts of this multipart; mostly nothing. */
static int
walk_outside(struct walk *walk, const struct mime_part *part)
{
	int r = 0;

	for (int is_behind = 0; r == 0 && is_behind < 2; is_behind++) {
		struct slice mail = ambiguous_outside(part, is_behind != 0);

		if (mail.len == 0)
			continue;
		if (walk->outside == OUTSIDE_MOST) {
			*walk->limit_out = "parts outside of parts";
			return -E2BIG;
		}
		walk->outside++;
		r = walk_message(walk, mail);
		walk->outside--;
	}
	return r;
}

static int
walk_message(struct walk *walk, struct slice message)
{
	ARENA_AUTO arena = arena_new(ARENA_BUDGET);
	const struct mime_part *part;
	enum mime_limit limit;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = mime_parse(arena, message, walk->limits, &part, &limit);
	if (r == -E2BIG || r == -ENOBUFS) {
		*walk->limit_out = r == -E2BIG ? mime_limit_name(limit) :
		    "memory";
		return -E2BIG;
	}
	for (; r == 0 && part != NULL; part = mime_after(part))
		r = mime_child(part) == NULL ?
		    tell(part, walk->fn, walk->arg) :
		    walk_outside(walk, part);
	return r;
}

int
leaves_each(struct slice message, const struct mime_limits *limits,
    leaf_fn *fn, void *arg, const char **limit_out)
{
	struct walk walk = {
		.limits = limits, .fn = fn, .arg = arg, .limit_out = limit_out
	};

	/* the caller's own -E2BIG has no name of ours */
	*limit_out = "";
	return walk_message(&walk, message);
}
