/*
 * me_words.c - how a remote mailbox does, in plain words
 *
 * Each way a collection can end has a sentence that says what the person can do
 * on this page; behind it, quoted, what the server said.
 */
#include "gateway/http/me_inside.h"

#include <string.h>
#include <time.h>

#include "fetch/notice.h"
#include "lib/base/amounts.h"

static const struct {
	const char	*code;
	enum sentence	 words;
} stages[] = {
	{ "waiting",	SAY_STAGE_WAITING },
	{ "connecting",	SAY_STAGE_CONNECTING },
	{ "listing",	SAY_STAGE_LISTING },
	{ "taking",	SAY_STAGE_TAKING },
	{ "deleting",	SAY_STAGE_DELETING },
};

void
me_time(struct me_page *page, int64_t utc_ms)
{
	time_t then = (time_t)(utc_ms / 1000);
	time_t now = (time_t)(clock_utc_ms() / 1000);
	struct tm tm, today;
	char words[40], stamp[40];

	if (localtime_r(&then, &tm) == NULL ||
	    localtime_r(&now, &today) == NULL)
		return;
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z", &tm);
	(void)strftime(words, sizeof(words), tm.tm_yday == today.tm_yday &&
	    tm.tm_year == today.tm_year ? "%H:%M" : "%Y-%m-%d %H:%M", &tm);
	html_markup(&page->html, "<time datetime=\"");
	html_add_str(&page->html, HTML_VALUE, stamp);
	html_markup(&page->html, "\">");
	html_add_str(&page->html, HTML_TEXT, words);
	html_markup(&page->html, "</time>");
}

/* FETCH_END_COUNT: not yet, or nothing we know. */
static enum fetch_end
end_of(const struct answer *row)
{
	struct slice code = answer_text(row, "result");
	unsigned end = 0;

	while (end < FETCH_END_COUNT &&
	    !slice_is_str(code, fetch_end_code((enum fetch_end)end)))
		end++;
	return (enum fetch_end)end;
}

/* What the server, a library or we said about it. */
static void
add_said(struct me_page *page, const struct answer *row)
{
	struct slice words = answer_text(row, "words");
	bool by_server = slice_is_str(answer_text(row, "by_server"), "yes");

	if (words.len == 0)
		return;
	html_markup(&page->html, " <span class=\"said\">");
	me_text(page, by_server ? SAY_ME_SERVER_SAID : SAY_ME_DETAILS);
	html_markup(&page->html, " <q>");
	html_add(&page->html, HTML_TEXT, slice_first(words, 512));
	html_markup(&page->html, "</q></span>");
}

/* What its owner can do about it on this page. */
static enum sentence
words_of(enum fetch_end end)
{
	switch (end) {
	case FETCH_END_COUNT:
		return SAY_ME_END_LOCAL;
	case FETCH_END_CONSENT:
		return SAY_ME_END_CONSENT;
	case FETCH_END_CLIENT:
		return SAY_ME_END_CLIENT;
	default:
		return notice_end(end);
	}
}

static void
add_failure(struct me_page *page, const struct answer *row)
{
	enum fetch_end end = end_of(row);
	struct slice print = answer_text(row, "print");

	me_text(page, words_of(end));
	add_said(page, row);
	if (end != FETCH_END_DISTRUSTED || print.len == 0)
		return;
	html_markup(&page->html, "</p>\n<p>");
	me_text(page, SAY_ME_PIN_IS);
	html_markup(&page->html, " <code>");
	html_add(&page->html, HTML_TEXT, print);
	html_markup(&page->html, "</code>");
}

static void
add_next(struct me_page *page, const struct answer *health)
{
	int64_t next = (int64_t)answer_number(health, "next");

	if (next == 0)
		return;
	html_markup(&page->html, " ");
	me_text(page, SAY_ME_NEXT);
	html_markup(&page->html, " ");
	me_time(page, next);
	html_markup(&page->html, ".");
}

static void
mark(struct me_page *page, const char *class, enum sentence sentence)
{
	html_markup(&page->html, "<strong class=\"");
	html_add_str(&page->html, HTML_VALUE, class);
	html_markup(&page->html, "\">");
	me_text(page, sentence);
	html_markup(&page->html, "</strong> ");
}

static void
add_when(struct me_page *page, enum sentence sentence, int64_t utc_ms)
{
	me_text(page, sentence);
	html_markup(&page->html, " ");
	me_time(page, utc_ms);
	html_markup(&page->html, ".");
}

/* Since when it fails, and when it did not. */
static void
add_since(struct me_page *page, const struct answer *health)
{
	int64_t since = (int64_t)answer_number(health, "failing_since");
	int64_t success = (int64_t)answer_number(health, "success");

	if (success != 0) {
		html_markup(&page->html, " ");
		add_when(page, SAY_ME_SUCCESS, success);
	} else if (since != 0) {
		html_markup(&page->html, " ");
		add_when(page, SAY_ME_SINCE, since);
	}
}

/* What is there, and not here yet. */
static void
add_waiting(struct me_page *page, const struct answer *health)
{
	char count[AMOUNT_SIZE], bytes[AMOUNT_SIZE];
	uint64_t waiting = answer_number(health, "waiting");

	if (waiting == 0)
		return;
	amount_messages(page->language, waiting, count);
	amount_bytes(page->language, answer_number(health, "waiting_bytes"),
	    bytes);
	html_markup(&page->html, " ");
	html_say(&page->html, page->language, ME_WAITING, count, bytes);
}

void
me_health(struct me_page *page, const struct answer *health, bool enabled)
{
	enum fetch_end end = health == NULL ? FETCH_END_COUNT :
	    end_of(health);
	int64_t last = health == NULL ? 0 :
	    (int64_t)answer_number(health, "last");

	html_markup(&page->html, "<p class=\"health\">");
	if (!enabled)
		mark(page, "off", SAY_ME_OFF);
	else if (health == NULL)
		mark(page, "off", SAY_ME_UNKNOWN);
	else if (end == FETCH_END_COUNT)
		mark(page, "off", SAY_ME_NOT_YET);
	else if (end == FETCH_END_DONE) {
		mark(page, "fine", SAY_ME_FINE);
		add_when(page, SAY_ME_LAST, last);
	} else {
		mark(page, "bad", SAY_ME_BAD);
		add_failure(page, health);
	}
	html_markup(&page->html, "</p>\n<p class=\"quiet\">");
	if (enabled && health != NULL && end != FETCH_END_COUNT &&
	    end != FETCH_END_DONE) {
		add_when(page, SAY_ME_TRIED, last);
		add_since(page, health);
	}
	if (enabled && health != NULL) {
		add_next(page, health);
		add_waiting(page, health);
	}
	html_markup(&page->html, "</p>\n");
}

/* A run */

/* What else there was; each sentence takes a number of messages. */
static const struct {
	const char	*column;
	enum sentence	 sentence;
} besides[] = {
	{ "held",	SAY_FETCHED_HELD },
	{ "deleted",	SAY_FETCHED_DELETED },
	{ "too_large",	SAY_FETCHED_TOO_LARGE },
	{ "left",	SAY_FETCHED_LEFT },
};

static void
add_besides(struct me_page *page, const struct answer *row)
{
	char count[AMOUNT_SIZE];

	for (size_t i = 0; i < sizeof(besides) / sizeof(besides[0]); i++) {
		TEXT_AUTO words = TEXT_INIT(1024);
		uint64_t n = answer_number(row, besides[i].column);

		if (n == 0)
			continue;
		amount_messages(page->language, n, count);
		text_say_as(&words, page->language, besides[i].sentence,
		    count);
		html_markup(&page->html, "; ");
		html_add(&page->html, HTML_TEXT, text_slice(&words));
	}
}

static void
add_collected(struct me_page *page, const struct answer *row)
{
	char count[AMOUNT_SIZE], bytes[AMOUNT_SIZE];
	uint64_t taken = answer_number(row, "taken");

	amount_messages(page->language, taken, count);
	amount_bytes(page->language, answer_number(row, "taken_bytes"), bytes);
	if (taken > 0)
		html_say(&page->html, page->language, FETCHED, count, bytes);
	else
		html_say(&page->html, page->language, FETCHED_NOTHING);
	add_besides(page, row);
	html_markup(&page->html, ".");
}

static void
add_tested(struct me_page *page, const struct answer *row)
{
	char count[AMOUNT_SIZE], bytes[AMOUNT_SIZE];
	uint64_t waiting = answer_number(row, "waiting");

	amount_messages(page->language, waiting, count);
	amount_bytes(page->language, answer_number(row, "waiting_bytes"),
	    bytes);
	if (waiting == 0)
		html_say(&page->html, page->language, TESTED_NOTHING);
	else if (waiting == 1)
		html_say(&page->html, page->language, TESTED_ONE, count,
		    bytes);
	else
		html_say(&page->html, page->language, TESTED, count, bytes);
}

/* How far it is, as long as it is under way. */
static void
add_stage(struct me_page *page, const struct answer *row)
{
	struct slice state = answer_text(row, "state");
	char done[AMOUNT_SIZE], of[AMOUNT_SIZE];
	size_t i = 0;

	while (i + 1 < sizeof(stages) / sizeof(stages[0]) &&
	    !slice_is_str(state, stages[i].code))
		i++;
	mark(page, "off", stages[i].words);
	if (answer_number(row, "of") == 0)
		return;
	amount_number(page->language, answer_number(row, "done"), done);
	amount_messages(page->language, answer_number(row, "of"), of);
	html_say(&page->html, page->language, ME_DONE_OF, done, of);
	text_addf(&page->html, " <progress max=\"%llu\" value=\"%llu\">"
	    "</progress>",
	    (unsigned long long)answer_number(row, "of"),
	    (unsigned long long)answer_number(row, "done"));
}

void
me_progress(struct me_page *page, const struct answer *row, bool is_test)
{
	html_markup(&page->html, "<p class=\"health\">");
	if (!slice_is_str(answer_text(row, "state"), "over"))
		add_stage(page, row);
	else if (end_of(row) != FETCH_END_DONE) {
		mark(page, "bad", SAY_ME_BAD);
		if (answer_number(row, "taken") > 0) {
			add_collected(page, row);
			html_markup(&page->html, " ");
		}
		add_failure(page, row);
	} else {
		mark(page, "fine", SAY_ME_FINE);
		if (is_test)
			add_tested(page, row);
		else
			add_collected(page, row);
	}
	html_markup(&page->html, "</p>\n");
}
