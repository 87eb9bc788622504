/*
 * cli_fetch_words.c - what came of collecting mail, in plain words
 *
 * Each way a collection can end has a sentence that says what the person can
 * do.  Behind it stand the words that came with it: quoted where the server
 * said them, in brackets where we or a library did, and never with a control
 * character in them.
 */
#include "programs/cli_fetch.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const enum sentence ends[FETCH_END_COUNT] = {
	[FETCH_END_DONE] = SAY_DONE,
	[FETCH_END_UNREACHABLE] = SAY_END_UNREACHABLE,
	[FETCH_END_TIMED_OUT] = SAY_END_TIMED_OUT,
	[FETCH_END_NO_TLS] = SAY_END_NO_TLS,
	[FETCH_END_TLS] = SAY_END_TLS,
	[FETCH_END_DISTRUSTED] = SAY_END_DISTRUSTED,
	[FETCH_END_REFUSED] = SAY_END_REFUSED,
	[FETCH_END_BUSY] = SAY_END_BUSY,
	[FETCH_END_MECHANISM] = SAY_END_MECHANISM,
	[FETCH_END_NONSENSE] = SAY_END_NONSENSE,
	[FETCH_END_INCONSISTENT] = SAY_END_INCONSISTENT,
	[FETCH_END_CLOSED] = SAY_END_CLOSED,
	[FETCH_END_PAUSED] = SAY_END_PAUSED,
	[FETCH_END_LINE] = SAY_END_LINE,
	[FETCH_END_DAY] = SAY_END_DAY,
	[FETCH_END_UNSAID] = SAY_END_UNSAID,
	[FETCH_END_LOCAL] = SAY_END_LOCAL,
	[FETCH_END_CONSENT] = SAY_END_CONSENT,
	[FETCH_END_CLIENT] = SAY_END_CLIENT,
	[FETCH_END_INNER] = SAY_END_INNER,
	[FETCH_END_NOT_OFFERED] = SAY_END_NOT_OFFERED,
	[FETCH_END_NOT_ALLOWED] = SAY_END_NOT_ALLOWED,
	[FETCH_END_WANTS_LOGIN] = SAY_END_WANTS_LOGIN,
};

const char *
row_text(const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return text == NULL ? "" : text;
}

uint64_t
row_number(const json_t *row, const char *column)
{
	return (uint64_t)json_integer_value(json_object_get(row, column));
}

enum fetch_end
row_end(const json_t *row)
{
	unsigned end = 0;

	while (end < FETCH_END_COUNT && strcmp(row_text(row, "result"),
	    fetch_end_code((enum fetch_end)end)) != 0)
		end++;
	return (enum fetch_end)end;
}

/* A certificate that is too old or too new may be so by our clock only. */
static void
add_clock(struct text *text, enum language language, const char *words,
    int64_t now_utc_s)
{
	time_t now = (time_t)now_utc_s;
	char when[40];
	struct tm tm;

	if (strstr(words, "expired") == NULL &&
	    strstr(words, "not yet valid") == NULL)
		return;
	if (localtime_r(&now, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm) == 0)
		return;
	text_add_byte(text, ' ');
	text_say(text, language, END_CLOCK, when);
}

void
words_failure(struct text *text, enum language language, const json_t *row,
    int64_t now_utc_s)
{
	TEXT_AUTO visible = TEXT_INIT(4 * FETCH_WORDS_MOST);
	enum fetch_end end = row_end(row);
	const char *words = row_text(row, "words");
	bool by_server = strcmp(row_text(row, "by_server"), "yes") == 0;

	text_add_str(text, say(language, end == FETCH_END_COUNT ?
	    SAY_END_LOCAL : ends[end]));
	cli_add_visible(&visible, slice_str(words));
	text_add_byte(&visible, '\0');
	if (words[0] != '\0' && !text_failed(&visible)) {
		text_add_byte(text, ' ');
		if (by_server)
			text_say(text, language, END_SERVER_SAID, visible.at);
		else
			text_say(text, language, END_DETAILS, visible.at);
	}
	if (end != FETCH_END_DISTRUSTED)
		return;
	add_clock(text, language, words, now_utc_s);
	if (row_text(row, "print")[0] != '\0') {
		text_add_byte(text, ' ');
		text_say(text, language, END_PIN, row_text(row, "print"));
	}
}

/* What else there was; each sentence takes a number of messages. */
static const struct {
	const char	*column;
	enum sentence	 sentence;
} besides[] = {
	{ "held",	SAY_FETCHED_HELD },
	{ "deleted",	SAY_FETCHED_DELETED },
	{ "too_large",	SAY_FETCHED_TOO_LARGE },
	{ "left",	SAY_FETCHED_LEFT },
	{ "skipped",	SAY_FETCHED_SKIPPED },
	{ "deferred",	SAY_FETCHED_DEFERRED },
};

static void
add_besides(struct text *text, enum language language, const json_t *row)
{
	char count[AMOUNT_SIZE];

	for (size_t i = 0; i < sizeof(besides) / sizeof(besides[0]); i++) {
		uint64_t n = row_number(row, besides[i].column);

		if (n == 0)
			continue;
		amount_messages(language, n, count);
		text_add_str(text, "; ");
		text_say_as(text, language, besides[i].sentence, count);
	}
	if (strcmp(row_text(row, "deletions_stopped"), "yes") == 0) {
		text_add_str(text, "; ");
		text_say(text, language, FETCHED_STOPPED);
	}
}

/* "ann@office.test, pop.example.com: " */
static void
add_name(struct text *text, const json_t *row)
{
	cli_add_visible(text, slice_str(row_text(row, "address")));
	text_add_str(text, ", ");
	cli_add_visible(text, slice_str(row_text(row, "label")));
	text_add_str(text, ": ");
}

/* It does not come here now, but by SMTP, when the server sends it. */
static void
add_asked(struct text *text, enum language language, const json_t *row)
{
	char count[AMOUNT_SIZE];
	uint64_t waiting = row_number(row, "waiting");

	text_say(text, language, FETCHED_ASKED);
	if (waiting == 0)
		return;
	amount_messages(language, waiting, count);
	text_add_str(text, "; ");
	text_say(text, language, FETCHED_WAITING, count);
}

void
words_collected(struct text *text, enum language language, const json_t *row,
    int64_t now_utc_s)
{
	char count[AMOUNT_SIZE], bytes[AMOUNT_SIZE];
	uint64_t taken = row_number(row, "taken");

	add_name(text, row);
	amount_messages(language, taken, count);
	amount_bytes(language, row_number(row, "taken_bytes"), bytes);
	if (taken > 0)
		text_say(text, language, FETCHED, count, bytes);
	else if (row_number(row, "asked") > 0)
		add_asked(text, language, row);
	else if (row_end(row) == FETCH_END_DONE)
		text_say(text, language, FETCHED_NOTHING);
	if (taken > 0 || row_end(row) == FETCH_END_DONE)
		add_besides(text, language, row);
	if (row_end(row) == FETCH_END_DONE) {
		text_add_byte(text, '.');
		return;
	}
	if (taken > 0)
		text_add_str(text, ". ");
	words_failure(text, language, row, now_utc_s);
}

void
words_tested(struct text *text, enum language language, const json_t *row,
    int64_t now_utc_s)
{
	char count[AMOUNT_SIZE], bytes[AMOUNT_SIZE];
	uint64_t waiting = row_number(row, "waiting");

	add_name(text, row);
	if (row_end(row) != FETCH_END_DONE) {
		words_failure(text, language, row, now_utc_s);
		return;
	}
	amount_messages(language, waiting, count);
	amount_bytes(language, row_number(row, "waiting_bytes"), bytes);
	if (row_number(row, "asked") > 0)
		text_say(text, language, TESTED_ASKED);
	else if (waiting == 0)
		text_say(text, language, TESTED_NOTHING);
	else if (waiting == 1)
		text_say(text, language, TESTED_ONE, count, bytes);
	else
		text_say(text, language, TESTED, count, bytes);
}
