/*
 * undo_holds.c - release what a rule has held
 *
 * A release skips every judge, so what somebody else would have held as well
 * stays: another rule, the virus scanner, DMARC, the spam filter.  The row names
 * who was first of those that are equally severe; who came after that, or was
 * milder, stands in the message's own lines.
 */
#include "programs/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "filters/auth/enforce.h"
#include "filters/listed.h"
#include "filters/spam/spam.h"
#include "queue/held_reader.h"
#include "queue/traced.h"

struct releasing {
	struct undo		*undo;
	struct held_reader	*reader;
	struct text		 what, words;
	bool			 is_released;	/* the last one */
	bool			 is_over;	/* or was it held no more */
};

/* The row number of that finding in the sets of traced.h. */
static uint32_t
may_be(const uint32_t may[TRACED_ROWS], const char *name)
{
	const struct findings_row *row;

	for (unsigned i = 0; (row = findings_row(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return may[i];
	return 0;
}

/* Does the author's domain disown it, and is that a reason to hold mail? */
static bool
is_disowned(const struct cli *cli, const struct verdict *verdict)
{
	TEXT_AUTO lines = TEXT_INIT(VERDICT_LINES * 1024);
	const uint32_t fails = UINT32_C(1) << ORIGIN_FAIL |
	    UINT32_C(1) << ORIGIN_PERMERROR;
	const uint32_t asks = UINT32_C(1) << DMARC_QUARANTINE |
	    UINT32_C(1) << DMARC_REJECT;
	uint32_t may[TRACED_ROWS], dmarc;

	if (dmarc_action_of(slice_str(cli->config.dmarc_action)) ==
	    DMARC_ACTION_MARK)
		return false;
	for (size_t i = 0; i < verdict->line_count; i++)
		text_addf(&lines, "%s: %s\r\n", verdict->lines[i].name,
		    verdict->lines[i].value);
	traced_findings(text_slice(&lines), cli->config.hostname, may);
	dmarc = may_be(may, "dmarc");
	return dmarc != UINT32_MAX && (dmarc & fails) != 0 &&
	    (may_be(may, "dmarc-policy") & asks) != 0;
}

/* A line that says why it should wait all the same; NULL: none does. */
static const char *
other_reason(const struct cli *cli, const struct verdict *verdict)
{
	bool spam_waits = spam_action_of(slice_str(cli->config.spam_action)) ==
	    SPAM_ACTION_HOLD;

	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct verdict_line *line = &verdict->lines[i];

		if (strcmp(line->name, "X-Postroom-Virus") == 0)
			return line->value;
		/* what was discarded hides that a list would have it wait */
		if (verdict->action == VERDICT_QUARANTINE &&
		    strcmp(line->name, LISTED_LINE) == 0 &&
		    slice_find_str(slice_str(line->value), " lists ") !=
		    SIZE_MAX)
			return line->value;
		if (spam_waits && strcmp(line->name, "X-Postroom-Spam") == 0 &&
		    slice_has_prefix(slice_str(line->value), "spam"))
			return line->value;
	}
	return is_disowned(cli, verdict) ? "DMARC" : NULL;
}

/*
 * "words (rule "NAME")", or, where it was not certain what it should remove,
 * "rule "NAME" could not be examined": as rules_judge() writes it.
 */
static bool
is_by_rule(const struct undo *undo, const char *reason)
{
	TEXT_AUTO end = TEXT_INIT(256);
	struct slice name;

	text_add_str(&end, "(rule \"");
	text_add(&end, undo->rule);
	text_add_str(&end, "\")");
	text_add_byte(&end, '\0');
	/* a name that is not ASCII has question marks there */
	for (size_t i = 0; i + 1 < end.len; i++)
		if ((unsigned char)end.at[i] < 0x20 ||
		    (unsigned char)end.at[i] > 0x7e)
			end.at[i] = '?';
	if (text_failed(&end))
		return false;
	/* without its brackets */
	name = slice_of(end.at + 1, end.len - 3);
	return slice_has_suffix(slice_str(reason), end.at) ||
	    (slice_is(slice_first(slice_str(reason), name.len), name) &&
	    slice_has_prefix(slice_after(slice_str(reason), name.len),
	    " could not be examined"));
}

/* The message that is to be released. */
static const struct message_id *
whose(const struct undo_item *item)
{
	return item->deed == UNDO_REMOVED ? &item->original : &item->id;
}

/*
 * Ask the hub for it, by its name.  0; 1: it is held no more; 2: not now; or
 * told, as -code.
 */
static int
ask_about(struct undo *undo, const char *what, const struct message_id *id)
{
	const struct admin_request *request = admin_find(slice_str(what));
	TEXT_AUTO answer = TEXT_INIT(CLI_WORDS_BYTES);
	char name[MESSAGE_ID_CHARS + 1];
	const char *values[ADMIN_ARGS] = { name };
	json_t *object;
	const char *error;
	int r;

	message_id_write(id, name);
	r = cli_ask(undo->cli, request, values, &answer);
	if (r != CLI_OK)
		return -r;
	object = json_loadb(answer.at, answer.len, 0, NULL);
	error = json_string_value(json_object_get(object, "error"));
	r = json_is_true(json_object_get(object, "ok")) ? 0 :
	    error != NULL && strcmp(error, "no-such") == 0 ? 1 : 2;
	json_decref(object);
	return r;
}

static void
leave(struct releasing *work, const struct undo_item *item)
{
	undo_tell(work->undo, item, UNDO_LEFT, work->what.at, &work->words);
}

/* Not for this rule alone: say so.  True: it is left as it is. */
static bool
has_others(struct releasing *work, const struct undo_item *item,
    const struct held_message *held)
{
	enum language language = work->undo->cli->language;
	const char *reason = held->verdict->reason;

	/* of the message as it came its reason says what it is */
	if (item->deed == UNDO_REMOVED || is_by_rule(work->undo, reason))
		reason = other_reason(work->undo->cli, held->verdict);
	if (reason != NULL) {
		TEXT_AUTO shown = TEXT_INIT(4 * VERDICT_VALUE_MAX);

		cli_add_visible(&shown, slice_str(reason));
		text_add_byte(&shown, '\0');
		text_say(&work->words, language, UNDO_HELD_ELSE,
		    text_failed(&shown) ? "?" : shown.at);
		return true;
	}
	if (item->other_held) {
		text_say(&work->words, language, UNDO_HELD_BY_OTHER);
		return true;
	}
	if (item->deed != UNDO_REMOVED || !item->other_removed)
		return false;
	text_say(&work->words, language, UNDO_REMOVED_BY_OTHER);
	return true;
}

static int
release(struct releasing *work, const struct undo_item *item)
{
	struct undo *undo = work->undo;
	int r = undo->is_dry ? 0 : ask_about(undo, "hold release",
	    whose(item));

	if (r < 0)
		return -r;
	work->is_released = r == 0;
	work->is_over = r == 1;
	if (r == 0)
		text_say(&work->words, undo->cli->language, UNDO_RELEASED);
	else if (r == 1)
		text_say(&work->words, undo->cli->language, UNDO_NOT_HELD);
	else
		text_say(&work->words, undo->cli->language, UNDO_LATER);
	undo_tell(undo, item, r == 0 ? UNDO_RELEASED : UNDO_LEFT,
	    work->what.at, &work->words);
	return CLI_OK;
}

/* An attachment was removed: which message is the one as it came? */
static void
say_original(struct releasing *work, const struct undo_item *item)
{
	enum language language = work->undo->cli->language;
	char name[MESSAGE_ID_CHARS + 1];

	message_id_write(&item->original, name);
	if (item->has_original)
		text_say(&work->words, language, UNDO_ORIGINAL, name);
	else
		text_say(&work->words, language, UNDO_NO_ORIGINAL);
}

static int
take_back(struct releasing *work, const struct undo_item *item)
{
	enum language language = work->undo->cli->language;
	bool is_known = item->deed != UNDO_REMOVED || item->has_original;
	struct held_message held;
	int r = work->reader == NULL || !is_known ? -ENOENT :
	    held_reader_read(work->reader, whose(item), &held);

	text_clear(&work->what);
	text_clear(&work->words);
	work->is_released = false;
	work->is_over = r == -ENOENT && is_known;
	if (item->deed == UNDO_REMOVED)
		say_original(work, item);
	if (r == 0)
		undo_add_what(&work->what, held.bytes);
	text_add_byte(&work->what, '\0');
	if (r == -ENOENT && is_known)
		text_say(&work->words, language, UNDO_NOT_HELD);
	else if (r < 0 && is_known)
		text_say(&work->words, language, UNDO_UNREADABLE,
		    strerror(-r));
	else if (is_known && !has_others(work, item, &held))
		return release(work, item);
	leave(work, item);
	return CLI_OK;
}

/* The letter that lacks something: the message as it came went instead. */
static int
drop_letter(struct releasing *work, const struct undo_item *item)
{
	struct undo *undo = work->undo;
	int r = undo->is_dry ? 0 : ask_about(undo, "hold delete", &item->id);

	if (r < 0)
		return -r;
	text_clear(&work->words);
	if (r == 0)
		text_say(&work->words, undo->cli->language, UNDO_INSTEAD);
	else if (r == 1)
		text_say(&work->words, undo->cli->language, UNDO_NOT_HELD);
	else
		text_say(&work->words, undo->cli->language,
		    UNDO_LETTER_STAYS);
	leave(work, item);
	return CLI_OK;
}

/*
 * The rule has removed something from the message and held what was left of it.
 * One of the two goes to its people: the message as it came, if it can.  Where
 * that is held no more they have it already, or the postmaster has deleted it,
 * and what becomes of the letter is left to him.
 */
static int
take_back_both(struct releasing *work, const struct undo_item *held,
    const struct undo_item *removed)
{
	int r = take_back(work, removed);

	if (r != CLI_OK)
		return r;
	if (work->is_released)
		return drop_letter(work, held);
	if (!work->is_over)
		return take_back(work, held);
	text_clear(&work->words);
	text_say(&work->words, work->undo->cli->language, UNDO_LETTER_STAYS);
	leave(work, held);
	return CLI_OK;
}

static int
take_back_item(struct releasing *work, const struct undo_item *item)
{
	const struct undo_item *other = undo_find(work->undo, &item->id,
	    item->deed == UNDO_HELD ? UNDO_REMOVED : UNDO_HELD);

	if (item->deed == UNDO_HELD && other != NULL)
		return take_back_both(work, item, other);
	if (item->deed == UNDO_HELD ||
	    (item->deed == UNDO_REMOVED && other == NULL))
		return take_back(work, item);
	return CLI_OK;		/* none of these, or done with what was held */
}

int
undo_holds(struct undo *undo)
{
	struct releasing work = { .undo = undo,
	    .what = TEXT_INIT(CLI_WORDS_BYTES),
	    .words = TEXT_INIT(CLI_WORDS_BYTES) };
	char path[PATH_MAX + 16];
	int fd, r;

	(void)snprintf(path, sizeof(path), "%s/queue",
	    undo->cli->config.data_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : held_reader_open(fd, &work.reader);
	if (r < 0 && r != -ENOENT)
		r = cli_fail(undo->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-r));
	else
		r = CLI_OK;
	for (size_t i = 0; r == CLI_OK && i < undo->count; i++)
		r = take_back_item(&work, &undo->items[i]);
	held_reader_close(work.reader);
	text_free(&work.what);
	text_free(&work.words);
	if (fd >= 0)
		(void)close(fd);
	return r;
}
