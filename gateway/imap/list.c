/*
 * list.c - LIST, LSUB and STATUS (RFC 9051 6.3.9, 6.3.11; RFC 3501 6.3.9)
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "gateway/imap/list_others.h"
#include "gateway/imap/list_status.h"
#include "gateway/imap/parse_list.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"

#define LINE_BYTES	4096	/* a name in modified UTF-7, attributes */

/* Names and subscriptions of one account. */
#define NAMES_MOST	(FOLDER_MOST + SUBSCRIPTIONS_MOST + 1024)
#define ROOM		(NAMES_MOST + IMAPD_OTHERS_MOST)
#define LISTING_MS	5	/* then others get a turn */

/* What STATUS may tell of a mailbox. */
struct status {
	struct folder_status is;
	size_t		 recent;	/* letters that are \Recent */
};

/*
 * A listing: every name first, for what is below one decides about it.  Then
 * each is matched, then each is told, some at a time.
 */
struct listing {
	struct imapd_list_status others;	/* how theirs are */
	struct imapd_session	*session;
	struct imapd_list	 list;
	bool			 is_lsub;
	struct folder		*folders;	/* parents before children */
	bool			*is_match;	/* a pattern reaches it */
	size_t			 count, matched, told;
};
_Static_assert(offsetof(struct listing, others) == 0, "list_status.h");

static void
drop(struct imapd_session *session)
{
	struct listing *listing = session->work;

	free(listing->folders);
	free(listing->is_match);
}

/* What STATUS tells of a mailbox: these items, at the least.  As
 * folder_status(), or -errno. */
static int
find_status(const struct imapd_session *session, uint32_t mailbox,
    unsigned items, struct status *status_out)
{
	int r = folder_status(session->account, mailbox, &status_out->is);

	status_out->recent = 0;
	/* RFC 9051 has no such flag */
	if (r == 0 && (items & IMAPD_STATUS_RECENT) != 0 && !session->rev2)
		r = selected_count_recent(session->account, mailbox,
		    session->selected, &status_out->recent);
	return r;
}

/* RFC 9051 6.3.11, in one order whatever the client asked in. */
static void
add_status(const struct imapd_session *session, struct text *text,
    struct slice name, const struct status *status, unsigned items)
{
	const struct folder_status *is = &status->is;
	const char *between = "";
	const struct {
		unsigned	 item;
		const char	*word;
		uint64_t	 value;
	} values[] = {
		{ IMAPD_STATUS_MESSAGES, "MESSAGES", is->messages },
		{ IMAPD_STATUS_RECENT,	"RECENT", status->recent },
		{ IMAPD_STATUS_UIDNEXT,	"UIDNEXT", is->uidnext },
		{ IMAPD_STATUS_UIDVALIDITY, "UIDVALIDITY", is->uidvalidity },
		{ IMAPD_STATUS_UNSEEN,	"UNSEEN", is->unseen },
		{ IMAPD_STATUS_DELETED,	"DELETED", is->deleted },
		{ IMAPD_STATUS_SIZE,	"SIZE", is->bytes },
		{ IMAPD_STATUS_MODSEQ,	"HIGHESTMODSEQ", is->highest_modseq },
		{ IMAPD_STATUS_LIMIT,	"APPENDLIMIT", session->message_bytes },
	};

	text_add_str(text, "* STATUS ");
	imapd_add_name(session, text, name);
	text_add_str(text, " (");
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if ((items & values[i].item) == 0)
			continue;
		text_addf(text, "%s%s %llu", between, values[i].word,
		    (unsigned long long)values[i].value);
		between = " ";
	}
	if (items & IMAPD_STATUS_ID) {
		text_addf(text, "%sMAILBOXID (", between);
		imapd_add_mailbox_id(text, is);
		text_add_byte(text, ')');
	}
	text_add_str(text, ")\r\n");
}

void
imapd_status(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO text = TEXT_INIT(LINE_BYTES);
	struct status status;
	struct slice name;
	uint32_t mailbox;
	unsigned items;
	int r;

	if (!imapd_mailbox(parse, &name) || !imapd_space(parse) ||
	    !imapd_status_read(parse, &items) || !imapd_end(parse))
		return;
	if (!imapd_is_here(session, &name))
		return;
	r = imapd_find_mailbox(session, name, RIGHT_READ, &mailbox);
	if (r == 0)
		r = find_status(session, mailbox, items, &status);
	if (r < 0) {
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
		return;
	}
	if (items & IMAPD_STATUS_MODSEQ)
		imapd_condstore(session);
	add_status(session, &text, name, &status, items);
	imapd_write(session, &text);
	imapd_finish(session, "OK that is how it is");
}

/* Does one of the patterns match? */
static bool
matches(const struct listing *listing, struct slice name)
{
	const struct imapd_list *list = &listing->list;

	for (size_t i = 0; i < list->pattern_count; i++)
		if (imapd_list_matches(list->patterns[i], name))
			return true;
	return false;
}

/* The attributes, RFC 9051 7.3.1. */
static void
add_attributes(const struct listing *listing, struct text *text,
    const struct folder *folder)
{
	const struct imapd_list *list = &listing->list;
	TEXT_AUTO words = TEXT_INIT(512);

	/* RFC 5258 3: the one means the other too, to who knows of it */
	if (folder->mailbox == 0 && !listing->is_lsub)
		text_add_str(&words, " \\NonExistent");
	if (folder->mailbox == 0 && !list->is_extended)
		text_add_str(&words, " \\Noselect");
	if (!listing->is_lsub) {
		text_add_str(&words, folder->has_children ?
		    " \\HasChildren" : " \\HasNoChildren");
		if (folder->is_subscribed && ((list->returns | list->select) &
		    IMAPD_LIST_SUBSCRIBED))
			text_add_str(&words, " \\Subscribed");
		imapd_add_uses(&words, folder->uses);
	}
	text_add(text, slice_after(text_slice(&words), 1));
}

static int
tell_line(struct listing *listing, const struct folder *folder,
    bool child_info)
{
	struct imapd_session *session = listing->session;
	TEXT_AUTO line = TEXT_INIT(2 * LINE_BYTES);
	struct text *out = &line;
	struct status status;
	int r = -ENOENT;

	text_addf(out, "* %s (", listing->is_lsub ? "LSUB" : "LIST");
	add_attributes(listing, out, folder);
	text_add_str(out, ") \"/\" ");
	imapd_add_mailbox(out, folder->name, imapd_knows_utf8(session));
	if (child_info)
		text_add_str(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	text_add_str(out, "\r\n");
	if (listing->list.status != 0 && folder->mailbox != 0 &&
	    folder->mailbox != IMAPD_MAILBOX_ELSEWHERE)
		r = find_status(session, folder->mailbox,
		    listing->list.status, &status);
	/* RFC 5819 2: behind each LIST; of one deleted meanwhile there is none */
	if (r == 0)
		add_status(session, out, folder->name, &status,
		    listing->list.status);
	imapd_write(session, out);
	if (listing->list.status != 0 &&
	    folder->mailbox == IMAPD_MAILBOX_ELSEWHERE)
		imapd_list_status(session, folder->name);
	return r == -ENOENT ? 0 : r;
}

/* Keep one name; the slices live in the command's arena. */
static int
keep(void *arg, const struct folder *folder)
{
	struct listing *listing = arg;
	struct folder *kept = &listing->folders[listing->count];

	if (listing->count == NAMES_MOST)
		return -EDQUOT;
	*kept = *folder;
	if (arena_copy(listing->session->arena, folder->name,
	    &kept->name) < 0)
		return -ENOMEM;
	listing->count++;
	return 0;
}

/* Is it one of those that were asked for? */
static bool
is_selected(const struct listing *listing, const struct folder *folder)
{
	unsigned select = listing->list.select;

	if (listing->is_lsub || (select & IMAPD_LIST_SUBSCRIBED))
		return folder->is_subscribed;
	if (select & IMAPD_LIST_SPECIAL)
		return folder->uses != 0;
	return folder->is_name;
}

/* Is `name` a level below `parent`? */
static bool
is_below(struct slice name, struct slice parent)
{
	return name.len > parent.len && name.at[parent.len] == '/' &&
	    slice_is(slice_first(name, parent.len), parent);
}

/*
 * Is one of those asked for below the `i`th, where no pattern reaches it (RFC
 * 5258 3.5; RFC 3501 6.3.9 of LSUB)?
 */
static bool
has_selected_below(const struct listing *listing, size_t i)
{
	struct slice parent = listing->folders[i].name;

	for (size_t n = i + 1; n < listing->count &&
	    is_below(listing->folders[n].name, parent); n++)
		if (is_selected(listing, &listing->folders[n]) &&
		    !listing->is_match[n])
			return true;
	return false;
}

static int
list_one(struct listing *listing, size_t i)
{
	struct folder *folder = &listing->folders[i];
	bool is_itself = is_selected(listing, folder), for_below = false;

	if (!listing->is_match[i])
		return 0;
	if (listing->is_lsub || (listing->list.select & IMAPD_LIST_RECURSIVE))
		for_below = has_selected_below(listing, i);
	if (listing->is_lsub && !is_itself && for_below)
		folder->mailbox = 0;	/* told as \Noselect */
	if (!is_itself && !for_below)
		return 0;
	return tell_line(listing, folder, for_below && !listing->is_lsub);
}

/* RFC 9051 6.3.9: the pattern goes on behind the reference. */
static int
join(struct listing *listing)
{
	struct imapd_list *list = &listing->list;
	TEXT_AUTO whole = TEXT_INIT(IMAPD_PATTERNS_BYTES);
	size_t bytes = 0;

	for (size_t i = 0; i < list->pattern_count; i++) {
		bytes += list->reference.len + list->patterns[i].len;
		if (bytes > IMAPD_PATTERNS_BYTES)
			return -E2BIG;
		if (list->reference.len == 0)
			continue;
		text_clear(&whole);
		text_add(&whole, list->reference);
		text_add(&whole, list->patterns[i]);
		if (text_failed(&whole) || arena_copy(listing->session->arena,
		    text_slice(&whole), &list->patterns[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* An empty pattern asks what separates levels. */
static bool
asks_separator(const struct imapd_list *list)
{
	return !list->is_extended && list->pattern_count == 1 &&
	    list->patterns[0].len == 0;
}

static void
more(struct imapd_session *session)
{
	struct listing *listing = session->work;
	uint64_t until = clock_ms() + LISTING_MS;
	int r = 0;

	for (; listing->matched < listing->count; listing->matched++) {
		if (clock_ms() > until)
			return;
		listing->is_match[listing->matched] = matches(listing,
		    listing->folders[listing->matched].name);
	}
	while (r == 0 && listing->told < listing->count) {
		if (clock_ms() > until ||
		    stream_waiting(session->stream) >= IMAPD_PAUSE)
			return;
		r = list_one(listing, listing->told++);
		if (r == 0 && session->more != more)
			return;		/* another process is asked */
	}
	if (r < 0)
		imapd_refuse(session, r);
	else
		imapd_finish(session, "OK those are all");
}

/* Nothing is done but to wait. */
static void
waiting(struct imapd_session *session)
{
	session->asked = true;
}

/* Without an answer one's own are listed all the same. */
static void
on_shares(void *arg, int status, struct slice shares)
{
	struct imapd_session *session = arg;
	struct listing *listing = session->work;
	int r = status < 0 ? 0 : imapd_list_others(session, shares,
	    listing->folders, &listing->count);

	session->more = more;
	if (r < 0)
		imapd_refuse(session, r);
	imapd_go(session);
}

/* What is there of other accounts? */
static void
ask_others(struct imapd_session *session)
{
	const struct listing *listing = session->work;

	if (session->ports.office.shares != NULL && !session->imports &&
	    imapd_wants_others(listing->list.patterns,
	    listing->list.pattern_count) && session->ports.office.shares(
	    session->ports.arg, slice_of(NULL, 0), on_shares, session) == 0)
		session->more = waiting;
}

static void
list_all(struct imapd_session *session, struct listing *listing)
{
	int r;

	if (listing->list.status & IMAPD_STATUS_MODSEQ)
		imapd_condstore(session);
	session->drop = drop;
	session->more = more;
	listing->session = session;
	listing->others.items = listing->list.status;
	listing->others.after = more;
	listing->folders = calloc(ROOM, sizeof(*listing->folders));
	listing->is_match = calloc(ROOM, sizeof(*listing->is_match));
	r = listing->folders == NULL || listing->is_match == NULL ? -ENOMEM :
	    join(listing);
	if (r == 0)
		r = folders_each(session->account, keep, listing);
	if (r == -E2BIG)
		imapd_finish(session, "NO [LIMIT] the patterns of one LIST "
		    "have %d bytes at most", IMAPD_PATTERNS_BYTES);
	else if (r < 0)
		imapd_refuse(session, r);
	else
		ask_others(session);
}

void
imapd_list(struct imapd_session *session, struct imapd_parse *parse)
{
	struct listing *listing = imapd_work(session, sizeof(*listing));

	if (listing == NULL || !imapd_list_read(parse, &listing->list))
		return;
	if (asks_separator(&listing->list)) {
		imapd_untagged(session->stream, "LIST (\\Noselect) \"/\" \"\"");
		imapd_finish(session, "OK that is it");
		return;
	}
	list_all(session, listing);
}

void
imapd_lsub(struct imapd_session *session, struct imapd_parse *parse)
{
	struct listing *listing = imapd_work(session, sizeof(*listing));

	if (listing == NULL || !imapd_list_read(parse, &listing->list))
		return;
	listing->is_lsub = true;
	if (listing->list.is_extended)
		(void)imapd_parse_fault(parse, "LSUB has no options");
	else
		list_all(session, listing);
}
