/*
 * metadata.c - GETMETADATA and SETMETADATA (RFC 5464)
 *
 * What a program notes of a mailbox, or, of the name "", of the account.  Some
 * entries are not stored, but told of what is here, and cannot be set.  What is
 * /shared of the server would be the same for everybody: nobody sets it here.
 * Of a mailbox that others may read they see what is /shared, and set it if they
 * may write there; what is /private of it is its owner's, and they have nothing.
 */
#include <errno.h>

#include "gateway/imap/parse_metadata.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"

#define SPECIAL_USE	"/private/specialuse"	/* RFC 6154 4 */
#define ADMIN		"/shared/admin"		/* RFC 5464 6.2.1 */

/* All entries of a mailbox, each once, with their names in quotes. */
#define TOLD_BYTES	(METADATA_ENTRIES_MOST * \
			(METADATA_VALUE_MOST + METADATA_NAME_MOST + 64))

struct getting {
	struct imapd_session	*session;
	struct imapd_getmetadata get;
	bool			*found;		/* of each that is asked */
	struct text		 told;		/* entries and values */
	uint64_t		 longest;	/* value over MAXSIZE; 0: none */
};

/* RFC 5464 4.2.2 */
static bool
is_asked(const struct getting *getting, size_t i, struct slice name)
{
	struct slice asked = getting->get.entries[i], below;

	if (slice_is(asked, name))
		return true;
	if (getting->get.depth == IMAPD_DEPTH_0 || name.len <= asked.len ||
	    !slice_is(slice_first(name, asked.len), asked) ||
	    name.at[asked.len] != '/')
		return false;
	below = slice_after(name, asked.len + 1);
	return getting->get.depth == IMAPD_DEPTH_INFINITY ||
	    slice_find(below, '/') == SIZE_MAX;
}

static bool
is_private(struct slice name)
{
	return slice_has_prefix(name, "/private");
}

/* Add "/private/comment ", a space before it if others stand there. */
static void
add_name(struct getting *getting, struct slice name)
{
	if (getting->told.len > 0)
		text_add_byte(&getting->told, ' ');
	imapd_add_astring(&getting->told, name, false);
	text_add_byte(&getting->told, ' ');
}

static int
tell_entry(void *arg, struct slice name, struct slice value)
{
	struct getting *getting = arg;
	bool is_wanted = false;

	if (getting->session->is_visit && is_private(name))
		return 0;
	for (size_t i = 0; i < getting->get.count; i++) {
		if (!is_asked(getting, i, name))
			continue;
		getting->found[i] = is_wanted = true;
	}
	if (!is_wanted)
		return 0;
	/* RFC 5464 4.2.1 */
	if (value.len > getting->get.value_most) {
		if (getting->longest < value.len)
			getting->longest = value.len;
		return 0;
	}
	add_name(getting, name);
	if (slice_find(value, '\0') != SIZE_MAX)
		text_addf(&getting->told, "~");
	imapd_add_string(&getting->told, value,
	    imapd_knows_utf8(getting->session));
	return 0;
}

struct uses_of {
	uint32_t	mailbox;
	uint8_t		uses;
};

static int
look_at_uses(void *arg, const struct folder *folder)
{
	struct uses_of *of = arg;

	if (folder->mailbox == of->mailbox)
		of->uses = folder->uses;
	return 0;
}

/* The entries that are not stored; 0 or -errno. */
static int
tell_own(struct getting *getting, uint32_t mailbox)
{
	TEXT_AUTO value = TEXT_INIT(1024);
	struct uses_of of = { .mailbox = mailbox };
	struct slice login = slice_str(getting->session->login), name;
	int r;

	if (mailbox == 0) {
		if (slice_cut(&login, '@', &name)) {
			text_addf(&value, "mailto:postmaster@%.*s",
			    SLICE_FMT(login));
			(void)tell_entry(getting, slice_str(ADMIN),
			    text_slice(&value));
		}
		return 0;
	}
	r = folders_each(getting->session->account, look_at_uses, &of);
	if (r < 0 || of.uses == 0)
		return r;
	imapd_add_uses(&value, of.uses);
	(void)tell_entry(getting, slice_str(SPECIAL_USE),
	    slice_after(text_slice(&value), 1));
	return 0;
}

static void
drop(struct imapd_session *session)
{
	struct getting *getting = session->work;

	text_free(&getting->told);
}

/* The number of the mailbox, if they may do that in it; 0: the account.  0 or
 * -errno. */
static int
find_noted(struct imapd_session *session, const struct imapd_noted *noted,
    unsigned rights, uint32_t *mailbox_out)
{
	int r;

	*mailbox_out = 0;
	if (noted->is_server)
		return 0;
	r = imapd_find_mailbox(session, noted->name, rights, mailbox_out);
	return r == -EINVAL ? -ENOENT : r;
}

/* All was gathered. */
static void
tell(struct imapd_session *session)
{
	struct getting *getting = session->work;
	TEXT_AUTO line = TEXT_INIT(4096);

	/* an entry that was asked for and is not there has no value */
	for (size_t i = 0; i < getting->get.count; i++) {
		if (getting->found[i] || getting->get.depth != IMAPD_DEPTH_0)
			continue;
		add_name(getting, getting->get.entries[i]);
		text_add_str(&getting->told, "NIL");
	}
	if (text_failed(&getting->told)) {
		imapd_refuse(session, -ENOMEM);
		return;
	}
	if (getting->told.len > 0) {
		text_add_str(&line, "* METADATA ");
		if (getting->get.noted.is_server)
			text_add_str(&line, "\"\"");
		else
			imapd_add_name(session, &line,
			    getting->get.noted.name);
		text_add_str(&line, " (");
		imapd_write(session, &line);
		text_add_str(&getting->told, ")\r\n");
		imapd_write(session, &getting->told);
	}
	if (getting->longest > 0)
		imapd_finish(session, "OK [METADATA LONGENTRIES %llu] those "
		    "are left out", (unsigned long long)getting->longest);
	else
		imapd_finish(session, "OK that is all");
}

void
imapd_getmetadata(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_getmetadata get;
	struct getting *getting;
	uint32_t mailbox;
	int r;

	if (!imapd_getmetadata_read(parse, &get) || (!get.noted.is_server &&
	    !imapd_is_here(session, &get.noted.name)))
		return;
	getting = imapd_work(session, sizeof(*getting));
	if (getting == NULL)
		return;
	getting->session = session;
	getting->get = get;
	getting->told = (struct text)TEXT_INIT(TOLD_BYTES);
	session->drop = drop;
	getting->found = arena_array(session->arena, get.count,
	    sizeof(*getting->found));
	r = getting->found == NULL ? -ENOMEM :
	    find_noted(session, &get.noted, RIGHT_READ, &mailbox);
	if (r == 0)
		r = metadata_each(session->account, mailbox, tell_entry,
		    getting);
	if (r == 0)
		r = tell_own(getting, mailbox);
	if (r < 0)
		imapd_refuse(session, r);
	else
		tell(session);
}

/* What is told of what is here is set elsewhere. */
static bool
may_set(const struct imapd_setmetadata *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->noted.is_server ?
		    slice_has_prefix(set->changes[i].name, "/shared/") :
		    slice_is_str(set->changes[i].name, SPECIAL_USE))
			return false;
	return true;
}

/* A visitor has nothing private here. */
static bool
has_private(const struct imapd_setmetadata *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (is_private(set->changes[i].name))
			return true;
	return false;
}

void
imapd_setmetadata(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_setmetadata set;
	uint32_t mailbox;
	int r;

	if (!imapd_setmetadata_read(parse, &set) || (!set.noted.is_server &&
	    !imapd_is_here(session, &set.noted.name)))
		return;
	r = find_noted(session, &set.noted, RIGHT_READ, &mailbox);
	if (r == 0 && session->is_visit && has_private(&set)) {
		imapd_finish(session, "NO [METADATA NOPRIVATE] what is private "
		    "there is its owner's");
		return;
	}
	if (r == 0)
		r = find_noted(session, &set.noted, RIGHT_WRITE, &mailbox);
	if (r == 0 && !may_set(&set)) {
		imapd_finish(session, "NO [CANNOT] that entry is not yours "
		    "to set");
		return;
	}
	if (r == 0)
		r = metadata_set(session->account, mailbox, set.changes,
		    set.count);
	if (r == -EMSGSIZE)
		imapd_finish(session, "NO [METADATA MAXSIZE %d] a value is "
		    "too long", METADATA_VALUE_MOST);
	else if (r == -EDQUOT)
		imapd_finish(session, "NO [METADATA TOOMANY] there is no room "
		    "for more");
	else if (r < 0)
		imapd_refuse(session, r);
	else
		imapd_finish(session, "OK it is noted");
}
