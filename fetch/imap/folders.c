/*
 * folders.c - the folders of an IMAP account, one after another
 *
 * INBOX comes first.  A folder is opened read-only unless something may be
 * deleted there, so that nothing of it changes by being collected.  One that
 * cannot be opened, or was asked for by name and is not there, is told, and
 * passed by; what its listing is answered then counts for nothing.
 */
#include <stdlib.h>

#include "fetch/collect_inside.h"
#include "fetch/imap/items.h"
#include "fetch/imap/name.h"
#include "fetch/imap/session.h"
#include "lib/message/envelope.h"

static void	select_one(struct collect *);
static void	say_rows(struct imap_session *);

/* What is said of a folder by LIST (RFC 9051 7.3.1, RFC 6154 2). */
static const struct {
	const char	*attribute;
	bool		 is_skipped;
	const char	*into;		/* its name here; NULL: its own */
} attributes[] = {
	{ "\\Noselect",		true,	NULL },
	{ "\\NonExistent",	true,	NULL },
	/* these show messages that are in other folders as well */
	{ "\\All",		true,	NULL },
	{ "\\Flagged",		true,	NULL },
	{ "\\Important",	true,	NULL },
	{ "\\Sent",		false,	"Sent" },
	{ "\\Drafts",		false,	"Drafts" },
	{ "\\Trash",		false,	"Trash" },
	{ "\\Junk",		false,	"Junk" },
	{ "\\Archive",		false,	"Archive" },
};

/* Finding them */

static void
add(struct collect *collect, struct slice name, struct slice utf8,
    struct slice into)
{
	struct imap_session *session = collect->conversation->imap;
	struct imap_folder *folder = &session->folders[session->count];

	if (session->count == IMAP_FOLDERS_MOST ||
	    arena_copy(session->arena, name, &folder->name) < 0 ||
	    arena_copy(session->arena, utf8, &folder->utf8) < 0 ||
	    arena_copy(session->arena, into, &folder->into) < 0)
		collect_note(collect, FETCH_END_INCONSISTENT, false,
		    slice_str("it has more folders than can be collected"));
	else
		session->count++;
}

static bool
is_listed(const struct imap_session *session, struct slice utf8)
{
	for (unsigned i = 0; i < session->count; i++)
		if (slice_is(session->folders[i].utf8, utf8))
			return true;
	return false;
}

/* False: it is none to be collected. */
static bool
read_attributes(const struct imap_value *list, struct slice *into_out)
{
	for (uint32_t i = 1; i < list->span; i += list[i].span)
		for (size_t k = 0;
		    k < sizeof(attributes) / sizeof(*attributes); k++) {
			if (!imap_is_atom(&list[i], attributes[k].attribute))
				continue;
			if (attributes[k].is_skipped)
				return false;
			*into_out = slice_str(attributes[k].into);
		}
	return true;
}

/*
 * The name here.  Where all folders stand below INBOX (Courier, many a panel)
 * that level says nothing.
 */
static struct slice
local_name(struct slice utf8, const struct imap_value *delimiter,
    struct text *local)
{
	struct slice level, rest;

	imap_name_local(utf8, delimiter->kind == IMAP_STRING &&
	    delimiter->text.len == 1 ? delimiter->text.at[0] : '\0',
	    FETCHED_INTO_MOST, local);
	rest = text_slice(local);
	return slice_cut(&rest, '/', &level) &&
	    slice_is_word(level, "INBOX") ? rest : text_slice(local);
}

/* As the server writes it, as people read it, or what it is for. */
static bool
is_chosen(struct imap_choice *choice, struct slice utf8, struct slice here,
    struct slice purpose)
{
	bool takes = imap_choice_takes(choice, utf8);

	takes = imap_choice_takes(choice, here) || takes;
	return imap_choice_takes(choice, purpose) || takes;
}

/* * LIST (attributes) "delimiter" name */
static bool
on_list(void *arg, uint32_t about, const struct imap_reply *reply,
    const struct mended *mended)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;
	const struct imap_value *list = reply->values, *delimiter, *name;
	TEXT_AUTO utf8 = TEXT_INIT(FETCHED_FOLDER_MOST);
	TEXT_AUTO local = TEXT_INIT(FETCHED_FOLDER_MOST);
	TEXT_AUTO quoted = TEXT_INIT(IMAP_LINE_BYTES / 2);
	struct slice purpose = { NULL, 0 }, here;

	(void)about;
	(void)mended;
	if (reply->count < 3 || list->kind != IMAP_LIST ||
	    list->span + 2 > reply->count)
		return false;
	delimiter = list + list->span;
	name = delimiter + 1;
	if (delimiter->span != 1 || !imap_is_text(name) ||
	    !read_attributes(list, &purpose))
		return true;
	if (imap_name_decode(name->text, &utf8) < 0 || utf8.len == 0 ||
	    imap_quote(name->text, &quoted) < 0 || text_failed(&quoted)) {
		collect_note(collect, FETCH_END_INCONSISTENT, false,
		    slice_str("a folder has a name that is none"));
		return true;
	}
	/* RFC 9051 5.1: INBOX is that in any case; it is there already */
	if (slice_is_word(text_slice(&utf8), "INBOX") ||
	    is_listed(session, text_slice(&utf8)))
		return true;
	here = local_name(text_slice(&utf8), delimiter, &local);
	if (is_chosen(&session->choice, text_slice(&utf8), here, purpose))
		add(collect, name->text, text_slice(&utf8),
		    purpose.len > 0 ? purpose : here);
	return true;
}

/* The first folder; or there is none of those that were asked for. */
static void
folders_known(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;
	TEXT_AUTO words = TEXT_INIT(FETCHED_FOLDER_MOST + 64);
	struct slice name;

	if (imap_choice_missing(&session->choice, &name)) {
		text_addf(&words, "there is no folder \"%.*s\"",
		    SLICE_FMT(name));
		collect_note(collect, FETCH_END_INCONSISTENT, false,
		    text_slice(&words));
	}
	if (session->count > 0)
		select_one(collect);
	else
		collect_quit(collect);
}

static void
on_listed(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;

	(void)about;
	if (reply->says != IMAP_OK)
		imap_refuse(collect, reply, false);
	else if (conversation_is_open(collect))
		folders_known(collect);
}

static const struct imap_command command_list = {
	.verb = "LIST", .hears = "LIST", .data = on_list, .done = on_listed
};

void
imap_folders(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;
	unsigned special = IMAP_CAN_SPECIAL_USE | IMAP_CAN_LIST_EXTENDED;

	collect_stage(collect, FETCH_STAGE_LISTING);
	session->folders = arena_array(session->arena, IMAP_FOLDERS_MOST,
	    sizeof(*session->folders));
	if (session->folders == NULL || imap_choice_read(session->arena,
	    slice_str(collect->account.folders), &session->choice) < 0) {
		collect_break(collect, FETCH_END_LOCAL,
		    "too many folders are named, or memory is out");
		return;
	}
	if (imap_choice_takes(&session->choice, slice_str("INBOX")))
		add(collect, slice_str("INBOX"), slice_str("INBOX"),
		    slice_of(NULL, 0));
	if (!imap_choice_wants_list(&session->choice))
		folders_known(collect);
	else
		imap_say_words(session->imap, &command_list, 0,
		    slice_str((session->can & special) == special ?
		    "\"\" \"*\" RETURN (SPECIAL-USE)" : "\"\" \"*\""));
}

/* Selecting one */

static struct imap_folder *
folder_of(struct imap_session *session)
{
	return &session->folders[session->at];
}

void
imap_next(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;

	conversation_next(collect);
	if (!conversation_is_open(collect))
		return;
	session->at++;
	if (session->at < session->count)
		select_one(collect);
	else
		collect_quit(collect);
}

static bool
on_exists(void *arg, uint32_t about, const struct imap_reply *reply,
    const struct mended *mended)
{
	struct collect *collect = arg;

	(void)about;
	(void)mended;
	if (!reply->has_number)
		return false;
	collect->conversation->imap->exists = reply->number;
	return true;
}

static void
on_selected(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	(void)about;
	if (!conversation_is_open(collect))
		return;
	session->is_selected = reply->says == IMAP_OK;
	if (session->is_selected &&
	    slice_is_str(folder_of(session)->utf8, "INBOX"))
		collect->outcome.mark = imap_mark(session);
	if (session->is_selected) {
		collect->conversation->arrival = (struct arrival){
		    .into = folder_of(session)->into
		};
		step_list(collect);
		return;
	}
	/* of INBOX it is the account that cannot be collected */
	if (slice_is_str(folder_of(session)->utf8, "INBOX"))
		imap_refuse(collect, reply, false);
	else {
		collect_note(collect, FETCH_END_INCONSISTENT, true,
		    reply->words);
		imap_next(collect);
	}
}

static const struct imap_command
command_select = { .verb = "SELECT", .hears = "EXISTS", .data = on_exists,
    .done = on_selected },
command_examine = { .verb = "EXAMINE", .hears = "EXISTS", .data = on_exists,
    .done = on_selected };

static void
select_one(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;
	bool deletes = collect->task == FETCH_COLLECT &&
	    (collect->account.delete_after_days != FETCH_KEEP ||
	    collect->account.mirror || before_deletes(collect));
	TEXT_AUTO quoted = TEXT_INIT(IMAP_LINE_BYTES / 2);

	session->is_selected = false;
	session->is_fickle = false;
	session->exists = session->uidvalidity = session->uid_next = 0;
	session->marked_count = 0;
	(void)imap_quote(folder_of(session)->name, &quoted);
	imap_say_words(session->imap, deletes ? &command_select :
	    &command_examine, 0, text_slice(&quoted));
	say_rows(session);
}

/* Listing it */

/* Remember that it is marked.  False: no memory. */
static bool
mark(struct imap_session *session, uint32_t uid)
{
	size_t size = session->marked_size == 0 ? 64 :
	    session->marked_size * 2;
	uint32_t *marked;

	/* a server that repeats itself does not make it grow without end */
	if (session->marked_count > LISTING_MOST)
		return false;
	if (session->marked_count == session->marked_size) {
		marked = reallocarray(session->marked, size, sizeof(*marked));
		if (marked == NULL)
			return false;
		session->marked = marked;
		session->marked_size = size;
	}
	session->marked[session->marked_count++] = uid;
	return true;
}

static int
by_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool
imap_is_marked(const struct collect *collect, uint32_t uid)
{
	const struct imap_session *session = collect->conversation->imap;

	return session->marked_count > 0 && bsearch(&uid, session->marked,
	    session->marked_count, sizeof(uid), by_uid) != NULL;
}

/* It is about the folder at hand, and not about one that was refused. */
static bool
is_of_this(const struct collect *collect, uint32_t about)
{
	return about == collect->conversation->imap->at + 1;
}

static bool
on_row(void *arg, uint32_t about, const struct imap_reply *reply,
    const struct mended *mended)
{
	struct collect *collect = arg;
	struct imap_items items;

	(void)mended;
	/* flags that somebody changes now come without a size */
	if (!is_of_this(collect, about) ||
	    imap_items_read(reply, &items) < 0 || items.uid == 0 ||
	    !items.has_bytes)
		return false;
	listing_add(collect, items.uid, items.bytes);
	/* by its owner: not taken; or by us, and still to be expunged */
	if (items.is_deleted && !mark(collect->conversation->imap, items.uid))
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	return true;
}

static int
by_number(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* RFC 9051 2.3.1.1: UIDs grow; what a server tells twice counts once. */
static void
sort_rows(struct listing *listing)
{
	size_t kept = 0;

	if (listing->count == 0)
		return;
	qsort(listing->rows, listing->count, sizeof(*listing->rows),
	    by_number);
	for (size_t i = 1; i < listing->count; i++)
		if (listing->rows[i].number != listing->rows[kept].number)
			listing->rows[++kept] = listing->rows[i];
	listing->count = kept + 1;
}

static void
tell_rows(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;
	struct listing *listing = &collect->conversation->listing;

	if (session->is_fickle)
		session->uidvalidity = 0;
	sort_rows(listing);
	if (session->marked_count > 0)
		qsort(session->marked, session->marked_count,
		    sizeof(*session->marked), by_uid);
	listing->uidvalidity = session->uidvalidity;
	listing_begin(collect, folder_of(session)->utf8,
	    session->uidvalidity != 0);
	if (conversation_is_open(collect))
		listing_end(collect);
}

static void
on_rows_end(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	const struct imap_session *session = collect->conversation->imap;

	if (!conversation_is_open(collect) || !is_of_this(collect, about))
		return;
	/*
	 * A listing that is not whole would tell the ledger what is not so; but
	 * some servers know no 1:* where nothing is.
	 */
	if (!session->is_selected)
		collect_break(collect, FETCH_END_INCONSISTENT,
		    "it lists a folder that it has not opened");
	else if (reply->says == IMAP_OK || session->exists == 0)
		tell_rows(collect);
	else
		imap_refuse(collect, reply, false);
}

static const struct imap_command command_rows = {
	.verb = "UID FETCH", .hears = "FETCH", .data = on_row,
	.done = on_rows_end
};

/* Together with the folder: that is a round trip less (RFC 9051 5.5). */
static void
say_rows(struct imap_session *session)
{
	imap_say_words(session->imap, &command_rows, session->at + 1,
	    slice_str("1:* (UID FLAGS RFC822.SIZE)"));
}

void
imap_list(struct collect *collect)
{
	if (collect->conversation->imap->exists > LISTING_MOST)
		collect_break(collect, FETCH_END_INCONSISTENT,
		    "it lists more messages than can be collected");
}
