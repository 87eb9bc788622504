/*
 * dsn_words.c - what a person reads in a notice of what became of a message
 */
#include "lib/message/dsn_words.h"

#include <stdio.h>

#include "lib/base/harmless.h"
#include "lib/base/zone.h"

#define NAME_BYTES	100	/* of a subject */
#define ADDRESS_BYTES	320
#define WORDS_BYTES	250	/* of a host's words */
#define SHOWN_SIZE	(4 * ADDRESS_BYTES)
#define WHEN_SIZE	40
#define INDENT		"  "

/* A paragraph is a line: whoever shows it breaks it where it suits. */
#define line_say(text, language, name, ...) \
	(text_say(text, language, name, ##__VA_ARGS__), \
	text_add_byte(text, '\n'))

/* One line of something from outside, at most `most` bytes of it. */
static void
shown(struct slice s, size_t most, char out[SHOWN_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(SHOWN_SIZE);
	struct slice cut = slice_first(s, most);

	/* the limit may fall into a character */
	for (unsigned i = 0; i < 3 && cut.len < s.len &&
	    !slice_is_utf8(cut); i++)
		cut = slice_first(cut, cut.len - (cut.len > 0));
	harmless_add(&text, cut);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\n' || text.at[i] == '\t')
			text.at[i] = ' ';
	if (slice_cstr(text_slice(&text), out, SHOWN_SIZE) < 0)
		out[0] = '\0';
}

static void
when(int64_t utc_ms, char out[WHEN_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(WHEN_SIZE);

	zone_write(&text, utc_ms);
	if (slice_cstr(text_slice(&text), out, WHEN_SIZE) < 0)
		out[0] = '\0';
}

static void
add_subject(const struct dsn *dsn, enum language language,
    struct text *subject)
{
	static const enum sentence named[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = SAY_DSN_FAILED_NAMED,
		[DSN_DELAYED] = SAY_DSN_DELAYED_NAMED,
		[DSN_RELAYED] = SAY_DSN_RELAYED_NAMED,
		[DSN_DELIVERED] = SAY_DSN_DELIVERED_NAMED,
	};
	static const enum sentence bare[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = SAY_DSN_FAILED_BARE,
		[DSN_DELAYED] = SAY_DSN_DELAYED_BARE,
		[DSN_RELAYED] = SAY_DSN_RELAYED_BARE,
		[DSN_DELIVERED] = SAY_DSN_DELIVERED_BARE,
	};
	char name[SHOWN_SIZE];

	shown(slice_trim(dsn->subject), NAME_BYTES, name);
	if (name[0] != '\0')
		text_say_as(subject, language, named[dsn->action], name);
	else
		text_add_str(subject, say(language, bare[dsn->action]));
}

static void
add_opening(const struct dsn *dsn, enum language language, struct text *body)
{
	char at[WHEN_SIZE], sender[SHOWN_SIZE], list[SHOWN_SIZE];

	when(dsn->arrived_utc_ms, at);
	shown(dsn->sender, ADDRESS_BYTES, sender);
	shown(dsn->list, ADDRESS_BYTES, list);
	if (dsn->sender.len == 0)
		(void)snprintf(sender, sizeof(sender), "%s",
		    say(language, SAY_DSN_NOBODY));
	if (dsn->list.len > 0 && dsn->action == DSN_DELAYED)
		line_say(body, language, DSN_LIST_DELAYED, sender, at, list);
	else if (dsn->list.len > 0)
		line_say(body, language, DSN_LIST_FAILED, sender, at, list);
	else if (dsn->is_orphan)
		line_say(body, language, DSN_ORPHAN, sender, at);
	else if (dsn->action == DSN_FAILED)
		line_say(body, language, DSN_FAILED, at);
	else if (dsn->action == DSN_DELAYED)
		line_say(body, language, DSN_DELAYED, at);
	else if (dsn->action == DSN_RELAYED)
		line_say(body, language, DSN_RELAYED, at);
	else if (dsn->is_to_list)
		line_say(body, language, DSN_TO_LIST, at);
	else
		line_say(body, language, DSN_DELIVERED, at);
}

static void
add_reason(struct text *body, enum language language,
    const struct dsn_recipient *rcpt)
{
	TEXT_AUTO reply = TEXT_INIT(SHOWN_SIZE);
	char words[SHOWN_SIZE], host[SHOWN_SIZE];

	if (rcpt->code != 0)
		text_addf(&reply, "%u ", rcpt->code);
	if (rcpt->code != 0 && rcpt->status.len > 0) {
		text_add(&reply, slice_first(rcpt->status, 16));
		text_add_byte(&reply, ' ');
	}
	text_add(&reply, slice_first(rcpt->words, WORDS_BYTES));
	shown(text_slice(&reply), WORDS_BYTES + 32, words);
	shown(rcpt->host, WORDS_BYTES, host);
	if (rcpt->has_no_way) {
		text_add_str(body, INDENT INDENT);
		line_say(body, language, DSN_NO_WAY);
	}
	if (words[0] == '\0')
		return;
	text_add_str(body, INDENT INDENT);
	if (rcpt->code != 0 && host[0] != '\0')
		line_say(body, language, DSN_HOST_SAID, host, words);
	else
		line_say(body, language, DSN_REASON, words);
}

static void
add_recipients(const struct dsn *dsn, enum language language,
    struct text *body)
{
	char address[SHOWN_SIZE];

	text_add_byte(body, '\n');
	for (size_t i = 0; i < dsn->count; i++) {
		shown(dsn->recipients[i].address, ADDRESS_BYTES, address);
		text_addf(body, INDENT "%s\n", address);
		if (dsn->action == DSN_FAILED || dsn->action == DSN_DELAYED)
			add_reason(body, language, &dsn->recipients[i]);
	}
	text_add_byte(body, '\n');
}

/* Then no clock brings it any further. */
static bool
has_no_way(const struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->count; i++)
		if (!dsn->recipients[i].has_no_way)
			return false;
	return true;
}

static void
add_end(const struct dsn *dsn, enum language language, struct text *body)
{
	char at[WHEN_SIZE], list[SHOWN_SIZE];

	when(dsn->until_utc_ms, at);
	shown(dsn->list, ADDRESS_BYTES, list);
	if (dsn->list.len > 0 && dsn->action == DSN_FAILED)
		line_say(body, language, DSN_LIST_END, list);
	else if (dsn->action == DSN_DELAYED && has_no_way(dsn))
		line_say(body, language, DSN_NO_WAY_END);
	else if (dsn->action == DSN_DELAYED)
		line_say(body, language, DSN_DELAYED_END, at);
	else if (dsn->is_orphan)
		line_say(body, language, DSN_ORPHAN_END);
	else if (dsn->action == DSN_FAILED)
		line_say(body, language, DSN_FAILED_END);
}

void
dsn_words(const struct dsn *dsn, enum language language, struct text *subject,
    struct text *body)
{
	char id[MESSAGE_ID_CHARS + 1], name[SHOWN_SIZE];

	add_subject(dsn, language, subject);
	add_opening(dsn, language, body);
	add_recipients(dsn, language, body);
	add_end(dsn, language, body);
	text_add_byte(body, '\n');
	shown(slice_trim(dsn->subject), NAME_BYTES, name);
	if (name[0] != '\0')
		line_say(body, language, DSN_SUBJECT, name);
	if (dsn->original.len > 0 && dsn_is_whole(dsn) && !dsn->is_orphan)
		line_say(body, language, DSN_WHOLE);
	else if (dsn->original.len > 0)
		line_say(body, language, DSN_HEADER);
	message_id_write(&dsn->id, id);
	line_say(body, language, DSN_ID, id);
}
