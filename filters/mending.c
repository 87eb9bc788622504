/*
 * mending.c - what is missing in a message that people send, or must not leave
 */
#include "filters/mending.h"

#include <errno.h>

#include "lib/base/zone.h"
#include "lib/message/date.h"
#include "lib/message/header.h"

#define LINES_BYTES	1024	/* a Date, a Message-ID and a From */

/* Those that are cut out. */
static bool
must_go(struct slice name)
{
	return slice_is_word(name, "Bcc") ||
	    slice_is_word(name, "Resent-Bcc") ||
	    slice_is_word(name, "Return-Path");
}

/* A header is over with an empty line, or with the message. */
static bool
is_end(struct slice rest)
{
	return rest.len == 0 || slice_has_prefix(rest, "\n") ||
	    slice_has_prefix(rest, "\r\n");
}

/*
 * What the message has, and the cuts.  0, what edits_add() says, or -EINVAL: a
 * line is no field; others read on behind it, and what must go may stand there.
 */
static int
read_fields(struct slice message, struct slice *from_out, bool *has_date_out,
    bool *has_id_out, struct edits *edits)
{
	struct slice rest = message;
	struct header_field field;
	int r = 0;

	while (r == 0 && header_next(&rest, &field)) {
		if (slice_is_word(field.name, "From"))
			*from_out = field.whole;
		*has_date_out |= slice_is_word(field.name, "Date");
		*has_id_out |= slice_is_word(field.name, "Message-ID");
		if (must_go(field.name))
			r = edits_add(edits,
			    (uint64_t)(field.whole.at - message.at),
			    field.whole.len, slice_of(NULL, 0));
	}
	return r == 0 && !is_end(rest) ? -EINVAL : r;
}

void
mending_judge(struct slice message, const struct envelope *env,
    const char *host, struct verdict *verdict_out)
{
	const int64_t now = env->received_at_utc_ms;
	TEXT_AUTO lines = TEXT_INIT(LINES_BYTES);
	struct slice from = slice_first(message, 0);
	bool has_date = false, has_id = false;
	char id[MESSAGE_ID_CHARS + 1];
	int r;

	verdict_init(verdict_out);
	r = read_fields(message, &from, &has_date, &has_id,
	    &verdict_out->edits);
	if (!has_date) {
		text_add_str(&lines, "Date: ");
		(void)date_write(&lines, now, zone_minutes(now));
		text_add_str(&lines, "\r\n");
	}
	if (!has_id) {
		message_id_write(&env->id, id);
		text_addf(&lines, "Message-ID: <%s@%s>\r\n", id, host);
	}
	/* a device's, which has none: find_sender() has seen to that */
	if (from.len == 0 && env->trust == TRUST_DEVICE)
		text_addf(&lines, "From: <%.*s>\r\n",
		    SLICE_FMT(env->sender));
	/* in front of From, which always stays where it is */
	if (r == 0 && lines.len > 0)
		r = text_failed(&lines) ? -ENOMEM : edits_add(&verdict_out->edits,
		    (uint64_t)(from.at - message.at), 0, text_slice(&lines));
	if (r == 0)
		return;
	verdict_out->edits = (struct edits){ .count = 0 };
	verdict_set(verdict_out, VERDICT_REFUSE, 554, "5.6.0",
	    r == -EINVAL ? "a line of its header is no field" :
	    "its header has too much that must not be sent");
}
