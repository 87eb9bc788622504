/*
 * notice.c - what the hub has to say to people by mail, in their language
 */
#include "fetch/notice.h"

#include <string.h>

#include "lib/base/amounts.h"
#include "lib/base/zone.h"

#define INDENT		"  "
#define NAME_BYTES	100	/* that are shown of a name */
#define WORDS_BYTES	250	/* and of a server's words */
#define WORD_BYTES	256	/* of an address or a label in a command: all */
#define SHOWN_SIZE	(4 * WORD_BYTES + 1)	/* each byte as \xNN */
#define WHEN_SIZE	40
#define NAME_WIDTH	46	/* of a table's first column, in characters */
#define AMOUNT_WIDTH	11

/* A paragraph is a line: whoever shows it breaks it where it suits. */
#define line_say(text, language, name, ...) \
	(text_say(text, language, name, ##__VA_ARGS__), \
	text_add_byte(text, '\n'))
#define item_say(text, language, name, ...) \
	(text_add_str(text, INDENT), \
	line_say(text, language, name, ##__VA_ARGS__))

enum sentence
notice_end(enum fetch_end end)
{
	static const enum sentence ends[FETCH_END_COUNT] = {
		[FETCH_END_DONE] = SAY_DONE,
		[FETCH_END_UNREACHABLE] = SAY_END_UNREACHABLE,
		[FETCH_END_TIMED_OUT] = SAY_END_TIMED_OUT,
		[FETCH_END_NO_TLS] = SAY_ME_END_NO_TLS,
		[FETCH_END_TLS] = SAY_ME_END_TLS,
		[FETCH_END_DISTRUSTED] = SAY_END_DISTRUSTED,
		[FETCH_END_REFUSED] = SAY_ME_END_REFUSED,
		[FETCH_END_BUSY] = SAY_END_BUSY,
		[FETCH_END_MECHANISM] = SAY_ME_END_MECHANISM,
		[FETCH_END_NONSENSE] = SAY_ME_END_NONSENSE,
		[FETCH_END_INCONSISTENT] = SAY_END_INCONSISTENT,
		[FETCH_END_CLOSED] = SAY_END_CLOSED,
		[FETCH_END_PAUSED] = SAY_ME_END_PAUSED,
		[FETCH_END_LINE] = SAY_ME_END_LINE,
		[FETCH_END_DAY] = SAY_END_DAY,
		[FETCH_END_UNSAID] = SAY_ME_END_UNSAID,
		[FETCH_END_LOCAL] = SAY_ME_END_LOCAL,
		[FETCH_END_NOT_OFFERED] = SAY_END_NOT_OFFERED,
		[FETCH_END_NOT_ALLOWED] = SAY_END_NOT_ALLOWED,
		[FETCH_END_CONSENT] = SAY_END_CONSENT,
		[FETCH_END_CLIENT] = SAY_END_CLIENT,
		[FETCH_END_INNER] = SAY_END_INNER,
		[FETCH_END_WANTS_LOGIN] = SAY_END_WANTS_LOGIN,
	};

	return ends[end];
}

enum sentence
notice_cause(enum line_cause cause)
{
	static const enum sentence causes[LINE_CAUSES] = {
		[LINE_SESSION] = SAY_CAUSE_SESSION,
		[LINE_LISTING] = SAY_CAUSE_LISTING,
		[LINE_HEADERS] = SAY_CAUSE_HEADERS,
		[LINE_MAIL] = SAY_CAUSE_MAIL,
		[LINE_DUPLICATES] = SAY_CAUSE_DUPLICATES,
		[LINE_REFETCHED] = SAY_CAUSE_REFETCHED,
		[LINE_OAUTH] = SAY_CAUSE_OAUTH,
		[LINE_ETRN] = SAY_CAUSE_ETRN,
		[LINE_SENDING] = SAY_CAUSE_SENDING,
	};

	return causes[cause];
}

/* Characters, none of which moves what is around it. */
static bool
is_quiet(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		/* U+0080 to U+009F are controls as well */
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < s.len &&
		    (unsigned char)s.at[i + 1] < 0xa0))
			return false;
	}
	return slice_is_utf8(s);
}

/*
 * Bytes at the start of `s` that turn the direction of a line, or end it: what is
 * held could be shown as from somebody else.  0: none do.
 */
static size_t
turner(struct slice s)
{
	unsigned char c[3] = { 0 };

	for (size_t i = 0; i < sizeof(c) && i < s.len; i++)
		c[i] = (unsigned char)s.at[i];
	if (c[0] == 0xd8 && c[1] == 0x9c)	/* U+061C */
		return 2;
	/* U+200E and F, U+2028 to 2E, U+2066 to 69 */
	if (c[0] == 0xe2 && ((c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f ||
	    (c[2] >= 0xa8 && c[2] <= 0xae))) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
		return 3;
	return 0;
}

static void
add_straight(struct text *text, struct slice s)
{
	while (s.len > 0) {
		size_t skips = turner(s);

		if (skips == 0)
			text_add_byte(text, s.at[0]);
		s = slice_after(s, skips == 0 ? 1 : skips);
	}
}

/* Something from outside, at most `most` bytes of it, as a C string. */
static void
shown(struct slice s, size_t most, char out[SHOWN_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(SHOWN_SIZE);
	struct slice cut = slice_first(s, most);

	/* the limit may fall into a character */
	for (unsigned i = 0; i < 3 && cut.len < s.len &&
	    !slice_is_utf8(cut); i++)
		cut = slice_first(cut, cut.len - (cut.len > 0));
	if (is_quiet(cut))
		add_straight(&text, cut);
	else
		text_add_escaped(&text, cut, most);
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

/* As a shell takes it for one word, whatever it is. */
static void
add_shell_word(struct text *text, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		text_add_str(text, word);
		return;
	}
	text_add_byte(text, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			text_add_str(text, "'\\''");
		else
			text_add_byte(text, *word);
	text_add_byte(text, '\'');
}

/* "postroom fetch VERB ADDRESS LABEL", with `option` before the label */
static void
add_command(struct text *text, const char *verb, const char *option,
    const struct notice *notice, const struct notice_mailbox *mailbox)
{
	char word[SHOWN_SIZE];

	text_addf(text, "postroom fetch %s ", verb);
	shown(notice->address, WORD_BYTES, word);
	add_shell_word(text, word);
	text_addf(text, " %s", option);
	/* whole, or it would not be found */
	shown(mailbox->label, WORD_BYTES, word);
	add_shell_word(text, word);
}

static size_t
told_count(const struct notice *notice)
{
	return notice->mailbox_count < NOTICE_MOST ? notice->mailbox_count :
	    NOTICE_MOST;
}

static void
add_mailbox(struct text *body, enum language language,
    const struct notice_mailbox *mailbox)
{
	char label[SHOWN_SIZE], host[SHOWN_SIZE];

	shown(mailbox->label, NAME_BYTES, label);
	shown(mailbox->host, NAME_BYTES, host);
	text_add_byte(body, '\n');
	item_say(body, language, NOTICE_MAILBOX, label, host);
}

/* After the mailboxes. */
static void
add_more(struct text *body, enum language language,
    const struct notice *notice)
{
	unsigned more = (unsigned)(notice->mailbox_count - told_count(notice));

	text_add_byte(body, '\n');
	if (more > 0) {
		item_say(body, language, NOTICE_AND_MORE, more);
		text_add_byte(body, '\n');
	}
}

static void
add_failure(struct text *body, enum language language,
    const struct notice_mailbox *mailbox)
{
	char words[SHOWN_SIZE], at[WHEN_SIZE];

	add_mailbox(body, language, mailbox);
	when(mailbox->since_utc_ms, at);
	item_say(body, language, NOTICE_SINCE, at);
	if (mailbox->success_utc_ms != 0) {
		when(mailbox->success_utc_ms, at);
		item_say(body, language, NOTICE_SUCCESS, at);
	} else {
		item_say(body, language, NOTICE_NO_SUCCESS);
	}
	text_add_str(body, INDENT);
	text_add_str(body, say(language, notice_end(mailbox->end)));
	if (mailbox->words.len > 0) {
		shown(mailbox->words, WORDS_BYTES, words);
		text_add_byte(body, ' ');
		if (mailbox->server_said)
			text_say(body, language, END_SERVER_SAID, words);
		else
			text_say(body, language, END_DETAILS, words);
	}
	text_add_byte(body, '\n');
}

static void
write_failing(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	char label[SHOWN_SIZE];

	if (notice->mailbox_count == 1) {
		shown(notice->mailboxes[0].label, NAME_BYTES, label);
		text_say(subject, language, NOTICE_FAILS_ONE, label);
	} else {
		text_say(subject, language, NOTICE_FAILS_MANY,
		    (unsigned)notice->mailbox_count);
	}
	line_say(body, language, NOTICE_FAILS);
	for (size_t i = 0; i < told_count(notice); i++)
		add_failure(body, language, &notice->mailboxes[i]);
	add_more(body, language, notice);
	line_say(body, language, NOTICE_WAITS, NOTICE_AGAIN_DAYS);
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_TRY);
	text_add_byte(body, '\n');
	for (size_t i = 0; i < told_count(notice); i++) {
		text_add_str(body, INDENT);
		add_command(body, "now", "--label ", notice,
		    &notice->mailboxes[i]);
		text_add_byte(body, '\n');
	}
}

static void
write_working(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	char label[SHOWN_SIZE], at[WHEN_SIZE];

	if (notice->mailbox_count == 1) {
		shown(notice->mailboxes[0].label, NAME_BYTES, label);
		text_say(subject, language, NOTICE_WORKS_ONE, label);
	} else {
		text_say(subject, language, NOTICE_WORKS_MANY,
		    (unsigned)notice->mailbox_count);
	}
	line_say(body, language, NOTICE_WORKS);
	for (size_t i = 0; i < told_count(notice); i++) {
		add_mailbox(body, language, &notice->mailboxes[i]);
		when(notice->mailboxes[i].success_utc_ms, at);
		item_say(body, language, NOTICE_WORKED, at);
		when(notice->mailboxes[i].since_utc_ms, at);
		item_say(body, language, NOTICE_FAILED, at);
	}
	add_more(body, language, notice);
	line_say(body, language, NOTICE_NOTHING);
}

static void
add_grant(struct text *body, enum language language,
    const struct notice *notice, const struct notice_mailbox *mailbox)
{
	TEXT_AUTO command = TEXT_INIT(NOTICE_BODY_BYTES);
	char at[WHEN_SIZE];

	add_mailbox(body, language, mailbox);
	when(mailbox->ends_utc_ms, at);
	item_say(body, language, NOTICE_ENDS, at);
	add_command(&command, "consent", "", notice, mailbox);
	text_add_byte(&command, '\0');
	if (text_failed(&command))
		body->failed = true;
	else
		item_say(body, language, NOTICE_CONSENT, command.at);
}

static void
write_grant(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	char label[SHOWN_SIZE], at[WHEN_SIZE];

	if (notice->mailbox_count == 1) {
		shown(notice->mailboxes[0].label, NAME_BYTES, label);
		when(notice->mailboxes[0].ends_utc_ms, at);
		text_say(subject, language, NOTICE_GRANT_ONE, label, at);
	} else {
		text_say(subject, language, NOTICE_GRANT_MANY,
		    (unsigned)notice->mailbox_count);
	}
	line_say(body, language, NOTICE_GRANT);
	for (size_t i = 0; i < told_count(notice); i++)
		add_grant(body, language, notice, &notice->mailboxes[i]);
	add_more(body, language, notice);
	line_say(body, language, NOTICE_GRANT_AFTER);
}

/* The line's month */

/* `s`, and blanks until it is that many characters wide, on either side. */
static void
add_padded(struct text *text, const char *s, unsigned width, bool right)
{
	unsigned wide = 0;

	for (const char *at = s; *at != '\0'; at++)
		wide += ((unsigned char)*at & 0xc0) != 0x80;
	if (!right)
		text_add_str(text, s);
	for (; wide < width; wide++)
		text_add_byte(text, ' ');
	if (right)
		text_add_str(text, s);
}

static void
add_amount(struct text *text, enum language language, uint64_t bytes)
{
	char amount[AMOUNT_SIZE];

	amount_bytes(language, bytes, amount);
	add_padded(text, amount, AMOUNT_WIDTH, true);
}

static void
add_carried(struct text *text, enum language language, const char *name,
    uint64_t in, uint64_t out)
{
	text_add_str(text, INDENT);
	add_padded(text, name, NAME_WIDTH, false);
	add_amount(text, language, in);
	add_amount(text, language, out);
	text_add_byte(text, '\n');
}

static void
add_rows(struct text *text, enum language language,
    const struct notice_row *rows, size_t count)
{
	char name[SHOWN_SIZE];

	for (size_t i = 0; i < count && i < NOTICE_MOST; i++) {
		if (rows[i].name.len > 0)
			shown(rows[i].name, NAME_BYTES, name);
		add_carried(text, language, rows[i].name.len > 0 ? name :
		    say(language, rows[i].cause), rows[i].in, rows[i].out);
	}
	if (count > NOTICE_MOST)
		item_say(text, language, NOTICE_AND_MORE,
		    (unsigned)(count - NOTICE_MOST));
}

static void
add_saved(struct text *text, enum language language, enum sentence name,
    uint64_t bytes)
{
	text_add_str(text, INDENT);
	add_padded(text, say(language, name), NAME_WIDTH, false);
	add_amount(text, language, bytes);
	text_add_byte(text, '\n');
}

static void
add_budget(struct text *text, enum language language,
    const struct notice_figures *figures)
{
	char amount[AMOUNT_SIZE];
	double used = (double)figures->in + (double)figures->out;

	if (figures->budget == 0)
		return;
	used = used * 100 / (double)figures->budget;
	amount_bytes(language, figures->budget, amount);
	text_add_byte(text, '\n');
	line_say(text, language, NOTICE_BUDGET, amount,
	    used > 9999 ? 9999u : (unsigned)used);
}

static void
write_line(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	const struct notice_figures *figures = notice->figures;
	uint64_t saved = figures->skipped + figures->shared +
	    figures->compressed + figures->deferred;
	char carried[AMOUNT_SIZE], spared[AMOUNT_SIZE];

	amount_bytes(language, figures->in + figures->out, carried);
	amount_bytes(language, saved, spared);
	text_say(subject, language, NOTICE_LINE, figures->year,
	    figures->month, carried, spared);
	line_say(body, language, NOTICE_CARRIED);
	text_add_byte(body, '\n');
	text_add_str(body, INDENT);
	add_padded(body, "", NAME_WIDTH, false);
	add_padded(body, say(language, SAY_NOTICE_IN), AMOUNT_WIDTH, true);
	add_padded(body, say(language, SAY_NOTICE_OUT), AMOUNT_WIDTH, true);
	text_add_byte(body, '\n');
	add_rows(body, language, figures->causes, figures->cause_count);
	add_carried(body, language, say(language, SAY_NOTICE_IN_ALL),
	    figures->in, figures->out);
	add_budget(body, language, figures);
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_SAVED);
	text_add_byte(body, '\n');
	add_saved(body, language, SAY_NOTICE_SKIPPED, figures->skipped);
	add_saved(body, language, SAY_NOTICE_SHARED, figures->shared);
	add_saved(body, language, SAY_NOTICE_COMPRESSED, figures->compressed);
	add_saved(body, language, SAY_NOTICE_DEFERRED, figures->deferred);
	add_saved(body, language, SAY_NOTICE_IN_ALL, saved);
	if (figures->account_count == 0)
		return;
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_BY_ACCOUNT);
	text_add_byte(body, '\n');
	add_rows(body, language, figures->accounts, figures->account_count);
}

/* Held mail */

static void
add_held(struct text *body, enum language language,
    const struct notice_held *held)
{
	char words[SHOWN_SIZE], at[WHEN_SIZE];

	when(held->since_utc_ms, at);
	shown(held->from, NAME_BYTES, words);
	text_add_byte(body, '\n');
	item_say(body, language, NOTICE_HELD_FROM, at, words);
	shown(held->subject, NAME_BYTES, words);
	item_say(body, language, NOTICE_HELD_SUBJECT, words);
	shown(held->reason, WORDS_BYTES, words);
	item_say(body, language, NOTICE_HELD_WHY, words);
	if (held->score.len > 0) {
		shown(held->score, NAME_BYTES, words);
		item_say(body, language, NOTICE_HELD_SCORE, words);
	}
	if (held->number != 0)
		item_say(body, language, NOTICE_HELD_NUMBER, held->number);
	item_say(body, language, NOTICE_HELD_ID, held->id);
	if (held->ends_utc_ms != 0) {
		when(held->ends_utc_ms, at);
		item_say(body, language, NOTICE_HELD_ENDS, at);
	}
	if (held->link != NULL)
		item_say(body, language, NOTICE_HELD_LINK, held->link);
}

/* Without links they are asked to answer. */
static bool
has_links(const struct notice *notice)
{
	bool has = notice->held_count > 0;

	for (size_t i = 0; i < notice->held_count; i++)
		has = has && notice->held[i].link != NULL;
	return has;
}

/* No line of ours is one that would be read in an answer (held_words.h). */
static void
say_how(const struct notice *notice, enum language language, struct text *body)
{
	if (has_links(notice)) {
		line_say(body, language, NOTICE_HELD_OPEN);
		if (!notice->takes_reply)
			return;
		text_add_byte(body, '\n');
		line_say(body, language, NOTICE_HELD_OR_ANSWER);
	} else if (notice->takes_reply) {
		line_say(body, language, NOTICE_HELD_ANSWER);
	} else {
		line_say(body, language, NOTICE_HELD_WANTED);
	}
}

static void
write_held(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	unsigned all = (unsigned)notice->held_count + notice->held_more;

	if (all == 1)
		text_say(subject, language, NOTICE_HELD_ONE);
	else
		text_say(subject, language, NOTICE_HELD_MANY, all);
	line_say(body, language, NOTICE_HELD);
	text_add_byte(body, '\n');
	say_how(notice, language, body);
	for (size_t i = 0; i < notice->held_count; i++)
		add_held(body, language, &notice->held[i]);
	if (notice->held_more > 0) {
		text_add_byte(body, '\n');
		line_say(body, language, NOTICE_HELD_MORE, notice->held_more);
	}
}

static void
add_replied(struct text *body, enum language language,
    const struct held_replied *replied)
{
	enum sentence said;
	char words[SHOWN_SIZE];

	switch (replied->status) {
	case HOLD_OK:
		said = replied->is_spam ? SAY_NOTICE_REPLIED_SPAM :
		    SAY_NOTICE_REPLIED_TAKEN;
		break;
	case HOLD_NONE:
		said = SAY_NOTICE_REPLIED_NONE;
		break;
	case HOLD_KEPT:
		said = SAY_NOTICE_REPLIED_KEPT;
		break;
	case HOLD_DAMAGED:
		said = SAY_NOTICE_REPLIED_DAMAGED;
		break;
	default:
		said = SAY_NOTICE_REPLIED_LATER;
		break;
	}
	text_add_byte(body, '\n');
	text_add_str(body, INDENT);
	text_say(body, language, NOTICE_HELD_NUMBER, replied->number);
	text_add_byte(body, '\n');
	if (replied->subject.len > 0) {
		shown(replied->subject, NAME_BYTES, words);
		item_say(body, language, NOTICE_HELD_SUBJECT, words);
	}
	text_add_str(body, INDENT);
	text_add_str(body, say(language, said));
	text_add_byte(body, '\n');
}

static void
write_replied(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	text_say(subject, language, NOTICE_REPLIED_TITLE);
	if (notice->replied_count == 0) {
		line_say(body, language, NOTICE_REPLIED_UNREAD);
		return;
	}
	line_say(body, language, NOTICE_REPLIED);
	for (size_t i = 0; i < notice->replied_count; i++)
		add_replied(body, language, &notice->replied[i]);
}

static void
write_sends_much(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	static const enum sentence said[2][2] = {
		{ SAY_NOTICE_SENT_HOUR, SAY_NOTICE_SENT_DAY },
		{ SAY_NOTICE_SENT_TO_HOUR, SAY_NOTICE_SENT_TO_DAY },
	};
	char address[SHOWN_SIZE];

	shown(notice->address, NAME_BYTES, address);
	text_say(subject, language, NOTICE_SENDS, address);
	text_say_as(body, language, said[notice->sent_recipients]
	    [notice->sent_in_a_day], address, notice->sent);
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_SENDS_AFTER);
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_SENDS_WHO);
	line_say(body, language, NOTICE_SENDS_PASSWORD);
	text_addf(body, "\n    postroom account set %s --password\n", address);
}

static void
write_forwarded(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	char address[SHOWN_SIZE], at[WHEN_SIZE];

	shown(notice->address, WORD_BYTES, address);
	when(notice->since_utc_ms, at);
	text_say(subject, language, NOTICE_FORWARDED, address);
	if (notice->keeps)
		line_say(body, language, NOTICE_FORWARDED_TOO, at, address);
	else
		line_say(body, language, NOTICE_FORWARDED_AWAY, at, address);
	text_add_byte(body, '\n');
	line_say(body, language, NOTICE_SENDS_WHO);
	line_say(body, language, NOTICE_FORWARDED_NOT);
}

void
notice_write(const struct notice *notice, enum language language,
    struct text *subject, struct text *body)
{
	switch (notice->kind) {
	case NOTICE_FAILING:
		write_failing(notice, language, subject, body);
		break;
	case NOTICE_WORKING:
		write_working(notice, language, subject, body);
		break;
	case NOTICE_GRANT_EXPIRES:
		write_grant(notice, language, subject, body);
		break;
	case NOTICE_LINE_REPORT:
		write_line(notice, language, subject, body);
		break;
	case NOTICE_HELD:
		write_held(notice, language, subject, body);
		break;
	case NOTICE_REPLIED:
		write_replied(notice, language, subject, body);
		break;
	case NOTICE_SENDS_MUCH:
		write_sends_much(notice, language, subject, body);
		break;
	case NOTICE_FORWARDED:
		write_forwarded(notice, language, subject, body);
		break;
	case NOTICE_NO_WAY:
		text_say(subject, language, NOTICE_NO_WAY);
		line_say(body, language, NOTICE_NO_WAY_WHAT);
		text_add_str(body, "\n    postroom queue list\n\n");
		line_say(body, language, NOTICE_NO_WAY_GIVE);
		break;
	case NOTICE_KIND_COUNT:
		break;
	}
}
