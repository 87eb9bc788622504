/*
 * select.c - SELECT, EXAMINE, CLOSE, UNSELECT, EXPUNGE (RFC 9051 6.3, 6.4)
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/parse_sync.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/resync.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"
#include "store/vocabulary.h"

#define FLAG_WORDS "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
/* HARDENING 2: 200 keywords of 64 characters.  Delivered mail may bring more:
 * those are told that come first; the others can be used all the same. */
#define WORDS_BYTES	16384

struct flag_words {
	struct text	text;		/* a space before each */
	size_t		count;
};

static int
add_word(void *arg, struct slice word)
{
	struct flag_words *words = arg;

	if (words->text.len + 1 + word.len > WORDS_BYTES)
		return 1;
	text_add_byte(&words->text, ' ');
	text_add(&words->text, word);
	words->count++;
	return 0;
}

/* RFC 4314 5.2: of all flags and of these words those that they may set. */
static void
add_kept(struct text *text, unsigned rights, struct slice words)
{
	TEXT_AUTO kept = TEXT_INIT(2 * WORDS_BYTES);

	if (rights == RIGHTS_ALL) {
		text_add_str(text, FLAG_WORDS);
		text_add(text, words);
		return;
	}
	if (rights & RIGHT_WRITE)
		text_add_str(&kept, " \\Answered \\Flagged \\Draft");
	if (rights & RIGHT_MARK)
		text_add_str(&kept, " \\Deleted");
	if (rights & RIGHT_SEEN)
		text_add_str(&kept, " \\Seen");
	if (rights & RIGHT_WRITE)
		text_add(&kept, words);
	text_add(text, slice_after(text_slice(&kept), 1));
}

/* RFC 9051 6.3.2 wants the flags that letters have and can be given. */
static int
tell_flags(struct imapd_session *session)
{
	struct flag_words words = { TEXT_INIT(WORDS_BYTES), 0 };
	TEXT_AUTO text = TEXT_INIT(3 * WORDS_BYTES);
	int r = selected_each_word(session->selected, add_word, &words);

	text_add_str(&text, "* FLAGS (" FLAG_WORDS);
	text_add(&text, text_slice(&words.text));
	text_add_str(&text, ")\r\n* OK [PERMANENTFLAGS (");
	if (!session->is_read_only) {
		add_kept(&text, session->rights, text_slice(&words.text));
		/* RFC 9051 7.1: new ones can be made, or no more of them */
		if (r == 0 && words.count < KEYWORDS_OF_MAILBOX &&
		    (session->rights & RIGHT_WRITE) != 0)
			text_add_str(&text, " \\*");
	}
	text_add_str(&text, ")] what can be kept\r\n");
	if (r >= 0)
		imapd_write(session, &text);
	text_free(&words.text);
	return r < 0 ? r : 0;
}

/* RFC 3501 6.3.1: the first message that nobody has read. */
static void
tell_unseen(struct imapd_session *session)
{
	size_t count = selected_count(session->selected);

	for (size_t n = 0; n < count; n++) {
		if (selected_at(session->selected, n)->flags & LETTER_SEEN)
			continue;
		imapd_untagged(session->stream, "OK [UNSEEN %zu] the first "
		    "that is not read", n + 1);
		return;
	}
}

static int
tell_mailbox(struct imapd_session *session, struct slice name,
    const struct folder_status *status)
{
	TEXT_AUTO list = TEXT_INIT(4096);
	TEXT_AUTO id = TEXT_INIT(64);
	int r = tell_flags(session);

	if (r < 0)
		return r;
	imapd_untagged(session->stream, "%zu EXISTS",
	    selected_count(session->selected));
	if (!session->rev2) {
		/* RFC 3501 6.3.1 */
		session->recent = SIZE_MAX;
		imapd_tell_recent(session);
		tell_unseen(session);
	}
	imapd_untagged(session->stream, "OK [UIDVALIDITY %u] of this mailbox",
	    status->uidvalidity);
	imapd_untagged(session->stream, "OK [UIDNEXT %u] or above",
	    selected_uidnext(session->selected));
	/* RFC 7162 3.1.2.1; RFC 4551 had it told to everybody */
	imapd_untagged(session->stream,
	    "OK [HIGHESTMODSEQ %llu] of this mailbox",
	    (unsigned long long)selected_modseq(session->selected));
	/* RFC 8474 4.2 */
	imapd_add_mailbox_id(&id, status);
	imapd_untagged(session->stream, "OK [MAILBOXID (%.*s)] of it",
	    SLICE_FMT(text_slice(&id)));
	imapd_add_name(session, &list, name);
	if (session->rev2 && !text_failed(&list))
		imapd_untagged(session->stream, "LIST () \"/\" %.*s",
		    SLICE_FMT(text_slice(&list)));
	return 0;
}

static int
open_mailbox(struct imapd_session *session, struct slice name,
    struct folder_status *status_out)
{
	uint32_t mailbox;
	int r;

	r = imapd_find_mailbox(session, name, RIGHT_READ, &mailbox);
	if (r == 0)
		r = imapd_rights(session, mailbox, &session->rights);
	if (r == 0)
		r = selected_open(session->account, mailbox,
		    &session->selected);
	if (r == 0)
		r = folder_status(session->account, mailbox, status_out);
	if (r < 0)
		imapd_leave(session);
	return r;
}

void
imapd_opened(struct imapd_session *session)
{
	imapd_finish(session, session->is_read_only ?
	    "OK [READ-ONLY] it is open" : "OK [READ-WRITE] it is open");
}

static void
open_as(struct imapd_session *session, struct imapd_parse *parse,
    bool is_read_only)
{
	struct imapd_select select;
	struct folder_status status;
	struct slice name;
	int r;

	if (!imapd_mailbox(parse, &name) ||
	    !imapd_select_read(parse, &select) || !imapd_end(parse))
		return;
	if (select.has_qresync && !session->qresync) {
		/* RFC 7162 3.2.3 */
		(void)imapd_parse_fault(parse, "ENABLE QRESYNC comes first");
		return;
	}
	if (!imapd_is_here(session, &name))
		return;
	/* RFC 9051 6.3.2: whatever comes of it, the old one is closed */
	if (session->selected != NULL || session->away != NULL)
		imapd_untagged(session->stream,
		    "OK [CLOSED] the mailbox before is closed");
	imapd_leave(session);
	session->is_read_only = is_read_only;
	if (select.has_condstore)
		imapd_condstore(session);
	r = open_mailbox(session, name, &status);
	if (r < 0) {
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
		return;
	}
	/* RFC 4314 5.2 */
	session->is_read_only |= (session->rights & (RIGHT_INSERT |
	    RIGHT_EXPUNGE | RIGHT_MARK | RIGHT_SEEN | RIGHT_WRITE)) == 0;
	if (!session->is_read_only)
		selected_claim(session->selected);
	r = tell_mailbox(session, name, &status);
	if (r < 0) {
		imapd_leave(session);
		imapd_refuse(session, r);
		return;
	}
	/* whatever the client changes first has numbers by then */
	if (!session->is_read_only)
		session->ports.wrote(session->ports.arg);
	/* RFC 7162 3.2.5: of another mailbox nothing that is known is true */
	if (select.has_qresync && select.uidvalidity == status.uidvalidity)
		imapd_resync(session, &select);
	else
		imapd_opened(session);
}

void
imapd_select(struct imapd_session *session, struct imapd_parse *parse)
{
	open_as(session, parse, false);
}

void
imapd_examine(struct imapd_session *session, struct imapd_parse *parse)
{
	open_as(session, parse, true);
}

void
imapd_unselect(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	imapd_leave(session);
	imapd_finish(session, "OK closed");
}

/* Letters on their way out. */
struct expunging {
	size_t	*places;
	size_t	 count, next;
	bool	 closes;	/* the mailbox is left behind it */
};

static void
drop_expunging(struct imapd_session *session)
{
	struct expunging *work = session->work;

	free(work->places);
}

static void
finish_expunging(struct imapd_session *session)
{
	const struct expunging *work = session->work;

	if (work->closes) {
		/* RFC 7162 3.2.8: and no number, for what went is not told */
		imapd_leave(session);
		imapd_finish(session, "OK closed");
	} else if (session->condstore && work->count > 0) {
		imapd_finish_numbered(session, "deleted for good");
	} else {
		imapd_finish(session, "OK deleted for good");
	}
}

static void
more_expunging(struct imapd_session *session)
{
	struct expunging *work = session->work;
	struct message_id ids[EXPUNGE_STEP];
	size_t count = work->count - work->next, known;
	int r;

	if (count == 0) {
		finish_expunging(session);
		return;
	}
	if (count > EXPUNGE_STEP)
		count = EXPUNGE_STEP;
	r = selected_expunge(session->selected, work->places + work->next,
	    count, ids, &known);
	if (r < 0) {
		imapd_refuse(session, r);
		return;
	}
	session->ports.step(session->ports.arg, ids, known, "deleted");
	work->next += count;
}

/* Of all letters, or of those in `set`, delete what is marked so. */
static void
expunge(struct imapd_session *session, struct imapd_set *set, bool closes)
{
	struct imapd_range all = { 1, UINT32_MAX };
	struct imapd_set everything = { .count = 1, .ranges = &all };
	struct expunging *work = imapd_work(session, sizeof(*work));
	const struct selected_letter *letter;
	size_t count, kept = 0;

	if (work == NULL || !imapd_places(session, set == NULL ? &everything :
	    set, true, &work->places, &count))
		return;
	session->drop = drop_expunging;
	for (size_t i = 0; i < count; i++) {
		letter = selected_at(session->selected, work->places[i]);
		if ((letter->flags & LETTER_DELETED) &&
		    !selected_is_expunged(session->selected, work->places[i]))
			work->places[kept++] = work->places[i];
	}
	work->count = kept;
	work->closes = closes;
	session->more = more_expunging;
}

void
imapd_expunge(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	expunge(session, NULL, false);
}

void
imapd_uid_expunge(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_set set;

	if (imapd_set(parse, &set) && imapd_end(parse))
		expunge(session, &set, false);
}

/* RFC 9051 6.4.1: nothing is told of what goes, and nothing does in EXAMINE. */
void
imapd_close(struct imapd_session *session, struct imapd_parse *parse)
{
	/* RFC 4314 4: without the right it closes, and nothing goes */
	if (session->is_read_only || (session->rights & RIGHT_EXPUNGE) == 0)
		imapd_unselect(session, parse);
	else
		expunge(session, NULL, true);
}
