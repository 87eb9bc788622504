/*
 * list.c - LIST, LSUB and STATUS (RFC 9051 6.3.9, 6.3.11; RFC 3501 6.3.9)
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/parse_list.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/session.h"
#include "store/folders.h"

#define LINE_BYTES	4096	/* a name in modified UTF-7, attributes */

/* Names and subscriptions of one account. */
#define NAMES_MOST	(FOLDER_MOST + SUBSCRIPTIONS_MOST + 1024)
#define LISTING_BYTES	(2 * 1024 * 1024)

/* A listing: every name first, for what is below one decides about it. */
struct listing {
	struct imapd_session	*session;
	struct imapd_list	 list;
	bool			 is_lsub;
	struct folder		*folders;	/* parents before children */
	size_t			 count;
	struct text		 out;	/* STATUS comes behind each LIST */
};

/* RFC 9051 6.3.11, in one order whatever the client asked in. */
static void
add_status(const struct imapd_session *session, struct text *text,
    struct slice name, const struct folder_status *is, unsigned items)
{
	const char *between = "";
	const struct {
		unsigned	 item;
		const char	*word;
		uint64_t	 value;
	} values[] = {
		{ IMAPD_STATUS_MESSAGES, "MESSAGES", is->messages },
		{ IMAPD_STATUS_RECENT,	"RECENT", 0 },
		{ IMAPD_STATUS_UIDNEXT,	"UIDNEXT", is->uidnext },
		{ IMAPD_STATUS_UIDVALIDITY, "UIDVALIDITY", is->uidvalidity },
		{ IMAPD_STATUS_UNSEEN,	"UNSEEN", is->unseen },
		{ IMAPD_STATUS_DELETED,	"DELETED", is->deleted },
		{ IMAPD_STATUS_SIZE,	"SIZE", is->bytes },
		{ IMAPD_STATUS_MODSEQ,	"HIGHESTMODSEQ", is->highest_modseq },
		{ IMAPD_STATUS_LIMIT,	"APPENDLIMIT", session->message_bytes },
	};

	text_add_str(text, "* STATUS ");
	imapd_add_mailbox(text, name, session->rev2);
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
	struct folder_status is;
	struct slice name;
	uint32_t mailbox;
	unsigned items;
	int r;

	if (!imapd_mailbox(parse, &name) || !imapd_space(parse) ||
	    !imapd_status_read(parse, &items) || !imapd_end(parse))
		return;
	r = folder_find(session->account, name, &mailbox);
	if (r == 0)
		r = folder_status(session->account, mailbox, &is);
	if (r < 0) {
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
		return;
	}
	if (items & IMAPD_STATUS_MODSEQ)
		imapd_condstore(session);
	add_status(session, &text, name, &is, items);
	if (!text_failed(&text))
		(void)stream_write(session->stream, text_slice(&text));
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

	if (folder->mailbox == 0)
		text_add_str(&words, listing->is_lsub ? " \\Noselect" :
		    " \\NonExistent \\Noselect");
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

static void
add_line(struct listing *listing, const struct folder *folder,
    bool child_info)
{
	struct text *out = &listing->out;
	struct folder_status is;

	text_addf(out, "* %s (", listing->is_lsub ? "LSUB" : "LIST");
	add_attributes(listing, out, folder);
	text_add_str(out, ") \"/\" ");
	imapd_add_mailbox(out, folder->name, listing->session->rev2);
	if (child_info)
		text_add_str(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	text_add_str(out, "\r\n");
	if (listing->list.status != 0 && folder->mailbox != 0 &&
	    folder_status(listing->session->account, folder->mailbox,
	    &is) == 0)
		add_status(listing->session, out, folder->name, &is,
		    listing->list.status);
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
		    !matches(listing, listing->folders[n].name))
			return true;
	return false;
}

static void
list_one(struct listing *listing, size_t i)
{
	struct folder *folder = &listing->folders[i];
	bool is_itself = is_selected(listing, folder), for_below = false;

	if (!matches(listing, folder->name))
		return;
	if (listing->is_lsub || (listing->list.select & IMAPD_LIST_RECURSIVE))
		for_below = has_selected_below(listing, i);
	if (listing->is_lsub && !is_itself && for_below)
		folder->mailbox = 0;	/* told as \Noselect */
	if (is_itself || for_below)
		add_line(listing, folder, for_below && !listing->is_lsub);
}

/* RFC 9051 6.3.9: the pattern goes on behind the reference. */
static int
join(struct listing *listing)
{
	struct imapd_list *list = &listing->list;
	TEXT_AUTO whole = TEXT_INIT(8192);

	for (size_t i = 0; i < list->pattern_count &&
	    list->reference.len > 0; i++) {
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
list_all(struct imapd_session *session, struct listing *listing)
{
	int r;

	if (listing->list.status & IMAPD_STATUS_MODSEQ)
		imapd_condstore(session);
	listing->session = session;
	listing->out = (struct text)TEXT_INIT(LISTING_BYTES);
	listing->folders = calloc(NAMES_MOST, sizeof(*listing->folders));
	r = listing->folders == NULL ? -ENOMEM : join(listing);
	if (r == 0)
		r = folders_each(session->account, keep, listing);
	for (size_t i = 0; r == 0 && i < listing->count; i++)
		list_one(listing, i);
	if (r == 0 && text_failed(&listing->out))
		r = -ENOMEM;
	if (r == 0)
		(void)stream_write(session->stream,
		    text_slice(&listing->out));
	text_free(&listing->out);
	free(listing->folders);
	if (r < 0)
		imapd_refuse(session, r);
	else
		imapd_finish(session, "OK those are all");
}

void
imapd_list(struct imapd_session *session, struct imapd_parse *parse)
{
	struct listing listing = { 0 };

	if (!imapd_list_read(parse, &listing.list))
		return;
	if (asks_separator(&listing.list)) {
		imapd_untagged(session->stream, "LIST (\\Noselect) \"/\" \"\"");
		imapd_finish(session, "OK that is it");
		return;
	}
	list_all(session, &listing);
}

void
imapd_lsub(struct imapd_session *session, struct imapd_parse *parse)
{
	struct listing listing = { .is_lsub = true };

	if (!imapd_list_read(parse, &listing.list))
		return;
	if (listing.list.is_extended)
		(void)imapd_parse_fault(parse, "LSUB has no options");
	else
		list_all(session, &listing);
}
