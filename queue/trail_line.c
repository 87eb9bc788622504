/*
 * trail_line.c - one step of a message's life as a line of JSON
 *
 * Peer text stands in it cut to 256 bytes, between characters, and escaped: a
 * line is one line whatever a subject holds.
 */
#include "queue/trail.h"

#include <stdio.h>
#include <time.h>

#include "lib/base/dot.h"

static const char *const words[TRAIL_WORDS] = {
	[TRAIL_RECEIVED]	= "received",
	[TRAIL_FETCHED]		= "fetched",
	[TRAIL_SHARED]		= "shared",
	[TRAIL_ARCHIVED]	= "archived",
	[TRAIL_FOUND]		= "found",
	[TRAIL_MADE]		= "made",
	[TRAIL_JUDGED]		= "judged",
	[TRAIL_REFUSED]		= "refused",
	[TRAIL_PUT_OFF]		= "put off",
	[TRAIL_ABANDONED]	= "abandoned",
	[TRAIL_STORED]		= "stored",
	[TRAIL_DELIVERED]	= "delivered",
	[TRAIL_WAITING]		= "waiting",
	[TRAIL_HELD]		= "held",
	[TRAIL_TOLD]		= "told",
	[TRAIL_RELEASED]	= "released",
	[TRAIL_SENT]		= "sent",
	[TRAIL_FAILED]		= "failed",
	[TRAIL_RETURNED]	= "returned",
	[TRAIL_READ]		= "read",
	[TRAIL_SAVED]		= "saved",
	[TRAIL_SPAM]		= "spam",
	[TRAIL_WANTED]		= "wanted",
	[TRAIL_DELETED]		= "deleted",
	[TRAIL_GAP]		= "gap",
};

const char *
trail_word(enum trail_word word)
{
	return word < TRAIL_WORDS ? words[word] : "gap";
}

void
trail_add_mended(struct text *text, unsigned mended)
{
	static const struct {
		unsigned	 bit;
		const char	*words;
	} breaches[] = {
		{ DOT_BARE_CR, "bare CR" }, { DOT_BARE_LF, "bare LF" },
		{ DOT_NUL, "NUL" },
	};
	const char *before = "; mended: ";

	for (size_t i = 0; i < sizeof(breaches) / sizeof(*breaches); i++) {
		if ((mended & breaches[i].bit) == 0)
			continue;
		text_add_str(text, before);
		text_add_str(text, breaches[i].words);
		before = ", ";
	}
}

void
trail_at(int64_t utc_ms, char at_out[TRAIL_AT_CHARS])
{
	time_t seconds = (time_t)(utc_ms / 1000);
	unsigned ms = (unsigned)(utc_ms % 1000);
	struct tm tm = { 0 };
	char day[64];

	/* years of four digits only; no honest clock is outside */
	if (utc_ms < 0 || utc_ms > INT64_C(253402300799999))
		seconds = ms = 0;
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(at_out, TRAIL_AT_CHARS, "%.19s.%03uZ", day, ms);
}

int64_t
trail_utc_ms(const char at[TRAIL_AT_CHARS])
{
	struct tm tm = { 0 };
	const char *rest = strptime(at, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ms = 0;

	if (rest == NULL || *rest != '.' ||
	    slice_u64(slice_of(rest + 1, 3), 999, &ms) < 0)
		return 0;
	return (int64_t)timegm(&tm) * 1000 + (int64_t)ms;
}

/* At most 256 bytes, not ending inside a UTF-8 character. */
static struct slice
cut(struct slice s)
{
	size_t len = TRAIL_FIELD_BYTES;

	if (s.len <= len)
		return s;
	for (unsigned back = 0; back < 4; back++)
		if (((unsigned char)s.at[len - back] & 0xc0) != 0x80)
			return slice_first(s, len - back);
	return slice_first(s, len);
}

static void
add_field(struct text *line, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	text_addf(line, ",\"%s\":", name);
	text_add_json(line, cut(value));
}

static bool
is_nobody(const struct message_id *id)
{
	static const struct message_id nobody;

	return message_id_order(id, &nobody) == 0;
}

void
trail_format(struct text *line, const struct trail_step *step)
{
	char at[TRAIL_AT_CHARS], id[MESSAGE_ID_CHARS + 1];

	trail_at(step->at_utc_ms, at);
	text_addf(line, "{\"at\":\"%s\"", at);
	if (!is_nobody(&step->id)) {
		message_id_write(&step->id, id);
		text_addf(line, ",\"id\":\"%s\"", id);
	}
	text_addf(line, ",\"step\":\"%s\"", trail_word(step->word));
	if (step->account != 0)
		text_addf(line, ",\"account\":%llu",
		    (unsigned long long)step->account);
	add_field(line, "who", step->who);
	add_field(line, "address", step->address);
	add_field(line, "from", step->from);
	add_field(line, "to", step->to);
	add_field(line, "subject", step->subject);
	add_field(line, "peer", step->peer);
	add_field(line, "detail", step->detail);
	text_add_str(line, "}\n");
}
