/*
 * verdict.c - what a judge says of a message
 *
 * What the setters refuse the reader refuses too: a verdict comes from a role
 * that has looked at hostile bytes, and the queue believes none of it unread.
 */
#include "filters/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERDICT_VERSION	9
/* 2: without the hop; up to 3 a Message-ID; 5 without hits; 6: what they do; 7:
   without an author; 8: without a recall window */
#define VERDICT_OLDEST	2

/* Of a hit. */
#define HIT_IS_SHADOW	0x01u
#define HIT_FILES	0x02u
#define HIT_REDIRECTS	0x04u
#define HIT_REMOVES	0x08u
#define HIT_BITS	0x0fu

/* Row for row the actions: their words and the class of their reply. */
static const struct {
	const char	*word;
	unsigned	 class;
} actions[VERDICT_ACTIONS] = {
	[VERDICT_ACCEPT] = { "accept", 2 },
	[VERDICT_MARK] = { "mark", 2 },
	[VERDICT_HOLD] = { "hold", 2 },
	[VERDICT_QUARANTINE] = { "quarantine", 2 },
	[VERDICT_DEFER] = { "defer", 4 },
	[VERDICT_REFUSE] = { "refuse", 5 },
};

enum verdict_action
verdict_action_of(struct slice word)
{
	unsigned action = 0;

	while (action < VERDICT_ACTIONS &&
	    !slice_is_str(word, actions[action].word))
		action++;
	return (enum verdict_action)action;
}

const char *
verdict_action_word(enum verdict_action action)
{
	return actions[action].word;
}

void
verdict_init(struct verdict *verdict)
{
	*verdict = (struct verdict){ .code = 250, .status = "2.0.0" };
}

void
verdict_set(struct verdict *verdict, enum verdict_action action,
    unsigned code, const char *status, const char *format, ...)
{
	va_list args;

	verdict->action = action;
	verdict->code = code;
	(void)snprintf(verdict->status, sizeof(verdict->status), "%s", status);
	va_start(args, format);
	(void)vsnprintf(verdict->reason, sizeof(verdict->reason), format, args);
	va_end(args);
	for (char *c = verdict->reason; *c != '\0'; c++)
		if (!slice_is_printable_ascii(slice_of(c, 1)))
			*c = '?';
}

bool
verdict_vouches(struct slice name)
{
	return slice_is_str(name, VERDICT_SIGNATURE) ||
	    slice_is_str(name, VERDICT_SEAL "Seal") ||
	    slice_is_str(name, VERDICT_SEAL "Message-Signature") ||
	    slice_is_str(name, VERDICT_SEAL "Authentication-Results");
}

/*
 * RFC 5322 3.6.8, and none that means something to a mail program: who is
 * talked into a line cannot forge a sender with it.
 */
static bool
is_field_name(struct slice name)
{
	if (slice_is_str(name, VERDICT_RESULTS) ||	/* RFC 8601 */
	    verdict_vouches(name))
		return true;
	return slice_has_prefix(name, "X-") && name.len > 2 &&
	    slice_is_printable_ascii(name) &&
	    slice_find(name, ' ') == SIZE_MAX &&
	    slice_find(name, ':') == SIZE_MAX;
}

/* UTF-8 without control characters. */
static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return slice_is_utf8(s);
}

/*
 * How many lines there may be with this one.  Rules can ask for any number of
 * them; what the hub itself has found out is never what is left out, and that
 * rules were not examined comes before what they mark.
 */
static size_t
lines_with(struct slice name)
{
	if (!slice_has_prefix(name, "X-Postroom-") &&
	    !slice_is_str(name, VERDICT_RESULTS) && !verdict_vouches(name))
		return VERDICT_LINES - VERDICT_LINES_OURS;
	return slice_is_word(name, "X-Postroom-Rules") ?
	    VERDICT_LINES - VERDICT_LINES_OURS / 2 : VERDICT_LINES;
}

int
verdict_add_line(struct verdict *verdict, struct slice name,
    struct slice value)
{
	struct verdict_line *line;

	if (!is_field_name(name) || !is_printable(value))
		return -EINVAL;
	if (verdict->line_count >= lines_with(name) ||
	    name.len > VERDICT_NAME_MAX || value.len > VERDICT_VALUE_MAX)
		return -E2BIG;
	line = &verdict->lines[verdict->line_count++];
	(void)slice_cstr(name, line->name, sizeof(line->name));
	(void)slice_cstr(value, line->value, sizeof(line->value));
	return 0;
}

static int
set_once(char *into, size_t size, struct slice s)
{
	if (!is_printable(s) || s.len >= size)
		return -EINVAL;
	return into[0] != '\0' ? 0 : slice_cstr(s, into, size);
}

int
verdict_set_folder(struct verdict *verdict, struct slice name)
{
	return set_once(verdict->folder, sizeof(verdict->folder), name);
}

int
verdict_set_redirect(struct verdict *verdict, struct slice address)
{
	return set_once(verdict->redirect, sizeof(verdict->redirect), address);
}

int
verdict_set_author(struct verdict *verdict, struct slice address)
{
	return set_once(verdict->author, sizeof(verdict->author), address);
}

int
verdict_set_hop(struct verdict *verdict, struct slice peer, struct slice helo)
{
	helo = slice_first(helo, VERDICT_WORDS_MAX);
	if (!slice_is_printable_ascii(peer) || !slice_is_printable_ascii(helo))
		return -EINVAL;
	if (slice_cstr(peer, verdict->hop_peer, sizeof(verdict->hop_peer)) < 0)
		return -EINVAL;
	return slice_cstr(helo, verdict->hop_helo,
	    sizeof(verdict->hop_helo));
}

int
verdict_add_hit(struct verdict *verdict, struct slice rule, struct slice file,
    unsigned line, enum verdict_action action, bool is_shadow)
{
	struct verdict_hit *hit = &verdict->hits[verdict->hit_count];

	if (verdict->hit_count == VERDICT_HITS)
		return -E2BIG;
	if (!is_printable(rule) || rule.len == 0 ||
	    rule.len > VERDICT_RULE_MAX)
		return -EINVAL;
	*hit = (struct verdict_hit){ .line = line, .action = action,
	    .is_shadow = is_shadow };
	(void)slice_cstr(rule, hit->rule, sizeof(hit->rule));
	for (size_t i = 0; i < file.len && i < VERDICT_FILE_MAX; i++)
		hit->file[i] = slice_is_printable_ascii(slice_of(&file.at[i],
		    1)) ? file.at[i] : '?';
	verdict->hit_count++;
	return 0;
}

/* Take the words of `one` if there are none yet. */
static void
words_take(char into[VERDICT_WORDS_MAX + 1],
    const char one[VERDICT_WORDS_MAX + 1])
{
	if (into[0] == '\0')
		memcpy(into, one, VERDICT_WORDS_MAX + 1);
}

int
verdict_combine(struct verdict *into, const struct verdict *one)
{
	int r = 0;

	if (one->action > into->action) {
		into->action = one->action;
		into->code = one->code;
		memcpy(into->status, one->status, sizeof(into->status));
		memcpy(into->reason, one->reason, sizeof(into->reason));
	}
	for (size_t i = 0; i < one->line_count; i++) {
		if (into->line_count >=
		    lines_with(slice_str(one->lines[i].name)))
			r = -E2BIG;
		else
			into->lines[into->line_count++] = one->lines[i];
	}
	for (size_t i = 0; i < one->hit_count && into->hit_count <
	    VERDICT_HITS; i++)
		into->hits[into->hit_count++] = one->hits[i];
	(void)verdict_set_folder(into, slice_str(one->folder));
	(void)verdict_set_redirect(into, slice_str(one->redirect));
	words_take(into->subject, one->subject);
	words_take(into->from, one->from);
	words_take(into->hop_helo, one->hop_helo);
	if (into->author[0] == '\0') {
		(void)verdict_set_author(into, slice_str(one->author));
		into->author_is_shown = one->author_is_shown;
	}
	if (into->hop_peer[0] == '\0')
		memcpy(into->hop_peer, one->hop_peer,
		    sizeof(into->hop_peer));
	if (edits_add_all(&into->edits, &one->edits) < 0)
		r = -EINVAL;
	return r;
}

static void
hits_pack(struct text *text, const struct verdict *verdict)
{
	pack_u8(text, (uint8_t)verdict->hit_count);
	for (size_t i = 0; i < verdict->hit_count; i++) {
		const struct verdict_hit *hit = &verdict->hits[i];

		pack_slice(text, slice_str(hit->rule));
		pack_slice(text, slice_str(hit->file));
		pack_u32(text, hit->line);
		pack_u8(text, (uint8_t)hit->action);
		pack_u8(text, (uint8_t)((hit->is_shadow ? HIT_IS_SHADOW : 0) |
		    (hit->files ? HIT_FILES : 0) |
		    (hit->redirects ? HIT_REDIRECTS : 0) |
		    (hit->removes ? HIT_REMOVES : 0)));
	}
}

void
verdict_pack(struct text *text, const struct verdict *verdict)
{
	pack_u8(text, VERDICT_VERSION);
	pack_u8(text, (uint8_t)verdict->action);
	pack_u16(text, (uint16_t)verdict->code);
	pack_slice(text, slice_str(verdict->status));
	pack_slice(text, slice_str(verdict->reason));
	pack_slice(text, slice_str(verdict->folder));
	pack_slice(text, slice_str(verdict->redirect));
	pack_slice(text, slice_str(verdict->subject));
	pack_slice(text, slice_str(verdict->from));
	pack_u8(text, (uint8_t)verdict->line_count);
	for (size_t i = 0; i < verdict->line_count; i++) {
		pack_slice(text, slice_str(verdict->lines[i].name));
		pack_slice(text, slice_str(verdict->lines[i].value));
	}
	pack_slice(text, slice_str(verdict->hop_peer));
	pack_slice(text, slice_str(verdict->hop_helo));
	edits_pack(text, &verdict->edits);
	hits_pack(text, verdict);
	pack_slice(text, slice_str(verdict->author));
	pack_u8(text, verdict->author_is_shown);
	pack_u8(text, (uint8_t)verdict->unless_spam);
	pack_u8(text, verdict->is_junk);
	pack_u32(text, verdict->recall_seconds);
}

/* Read a string for which `is` holds into a buffer, or spoil the reader. */
static void
string_unpack(struct unpack *u, char *buffer, size_t size,
    bool (*is)(struct slice))
{
	struct slice s = unpack_slice(u);

	if (!is(s) || slice_cstr(s, buffer, size) < 0)
		u->bad = true;
}

/* RFC 3463 2: class "." subject "." detail, of the reply's class */
static bool
is_status(struct slice s, unsigned class)
{
	struct slice part;
	uint64_t n;

	return slice_cut(&s, '.', &part) && slice_u64(part, 9, &n) == 0 &&
	    n == class && slice_cut(&s, '.', &part) &&
	    slice_u64(part, 999, &n) == 0 && slice_u64(s, 999, &n) == 0;
}

static void
reply_unpack(struct unpack *u, struct verdict *verdict)
{
	unsigned class;

	verdict->action = unpack_enum(u, VERDICT_ACTIONS);
	verdict->code = unpack_u16(u);
	string_unpack(u, verdict->status, sizeof(verdict->status),
	    slice_is_printable_ascii);
	string_unpack(u, verdict->reason, sizeof(verdict->reason),
	    slice_is_printable_ascii);
	class = actions[verdict->action].class;
	if (verdict->code / 100 != class ||
	    !is_status(slice_str(verdict->status), class))
		u->bad = true;
}

/* Up to version 6 the one bit there was. */
static void
hits_unpack(struct unpack *u, unsigned version, struct verdict *verdict)
{
	unsigned count = unpack_enum(u, VERDICT_HITS + 1);

	for (unsigned i = 0; i < count && !u->bad; i++) {
		struct slice rule = unpack_slice(u), file = unpack_slice(u);
		unsigned line = unpack_u32(u);
		enum verdict_action action = unpack_enum(u, VERDICT_ACTIONS);
		unsigned bits = unpack_u8(u);

		if (bits > (version > 6 ? HIT_BITS : HIT_IS_SHADOW) ||
		    !slice_is_printable_ascii(file) ||
		    file.len > VERDICT_FILE_MAX ||
		    verdict_add_hit(verdict, rule, file, line, action,
		    (bits & HIT_IS_SHADOW) != 0) < 0) {
			u->bad = true;
			return;
		}
		verdict->hits[i].files = (bits & HIT_FILES) != 0;
		verdict->hits[i].redirects = (bits & HIT_REDIRECTS) != 0;
		verdict->hits[i].removes = (bits & HIT_REMOVES) != 0;
	}
}

int
verdict_unpack(struct slice packed, struct verdict *verdict_out)
{
	struct unpack u = unpack_of(packed);
	struct verdict verdict = { 0 };
	unsigned version = unpack_u8(&u), count;

	if (version < VERDICT_OLDEST || version > VERDICT_VERSION)
		return -EBADMSG;
	reply_unpack(&u, &verdict);
	string_unpack(&u, verdict.folder, sizeof(verdict.folder),
	    is_printable);
	string_unpack(&u, verdict.redirect, sizeof(verdict.redirect),
	    is_printable);
	string_unpack(&u, verdict.subject, sizeof(verdict.subject),
	    is_printable);
	string_unpack(&u, verdict.from, sizeof(verdict.from), is_printable);
	if (version < 4)
		(void)unpack_slice(&u);	/* its Message-ID, which nobody read */
	count = unpack_enum(&u, VERDICT_LINES + 1);
	for (unsigned i = 0; i < count && !u.bad; i++) {
		struct slice name = unpack_slice(&u);

		if (verdict_add_line(&verdict, name, unpack_slice(&u)) < 0)
			u.bad = true;
	}
	if (version > 2) {
		string_unpack(&u, verdict.hop_peer, sizeof(verdict.hop_peer),
		    slice_is_printable_ascii);
		string_unpack(&u, verdict.hop_helo, sizeof(verdict.hop_helo),
		    slice_is_printable_ascii);
	}
	if (version > 4)
		edits_unpack(&u, &verdict.edits);
	if (version > 5)
		hits_unpack(&u, version, &verdict);
	verdict.unless_spam = verdict.action;
	if (version > 7) {
		string_unpack(&u, verdict.author, sizeof(verdict.author),
		    is_printable);
		verdict.author_is_shown = unpack_bool(&u);
		verdict.unless_spam = unpack_enum(&u, VERDICT_ACTIONS);
		verdict.is_junk = unpack_bool(&u);
	}
	if (version > 8)
		verdict.recall_seconds = unpack_u32(&u);
	if (verdict.recall_seconds > VERDICT_RECALL_MOST)
		return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*verdict_out = verdict;
	return 0;
}
