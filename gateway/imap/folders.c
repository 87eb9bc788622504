/*
 * folders.c - CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3)
 */
#include <errno.h>

#include "gateway/imap/relay.h"
#include "gateway/imap/visitor.h"
#include "store/folders.h"

/* RFC 6154 2: a mailbox's use, as CREATE and LIST say it. */
static const struct {
	const char	*word;
	uint8_t		 use;
} uses[] = {
	{ "Archive",	FOLDER_ARCHIVE },
	{ "Drafts",	FOLDER_DRAFTS },
	{ "Junk",	FOLDER_JUNK },
	{ "Sent",	FOLDER_SENT },
	{ "Trash",	FOLDER_TRASH },
};

void
imapd_add_uses(struct text *text, uint8_t bits)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (bits & uses[i].use)
			text_addf(text, " \\%s", uses[i].word);
}

/* A mailbox keeps both numbers under any name, and no other ever has them. */
void
imapd_add_mailbox_id(struct text *text, const struct folder_status *is)
{
	text_addf(text, "F%x-%x", is->uidvalidity, is->mailbox);
}

/* "USE (\Sent)" in CREATE (RFC 6154 3); *known_out: we have all of them. */
static bool
read_uses(struct imapd_parse *parse, uint8_t *uses_out, bool *known_out)
{
	struct slice word;
	uint8_t bit;

	if (!imapd_byte(parse, '(') || !imapd_word(parse, "USE") ||
	    !imapd_space(parse) || !imapd_byte(parse, '('))
		return imapd_parse_fault(parse, "CREATE knows USE only");
	while (imapd_peek(parse) != ')') {
		if (!imapd_byte(parse, '\\') || !imapd_atom(parse, &word))
			return false;
		bit = 0;
		for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
			if (slice_is_word(word, uses[i].word))
				bit = uses[i].use;
		*known_out &= bit != 0;
		*uses_out |= bit;
		if (!imapd_maybe(parse, ' '))
			break;
	}
	return imapd_byte(parse, ')') && imapd_byte(parse, ')');
}

static void
done(struct imapd_session *session, int r, const char *words)
{
	if (r < 0)
		imapd_refuse(session, r);
	else
		imapd_finish(session, "OK %s", words);
}

void
imapd_create(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO code = TEXT_INIT(64);
	struct folder_status is;
	struct slice name;
	uint8_t use = 0;
	bool known = true;
	uint32_t mailbox, above;
	int r;

	if (!imapd_mailbox(parse, &name) || (imapd_maybe(parse, ' ') &&
	    !read_uses(parse, &use, &known)) || !imapd_end(parse))
		return;
	if (!known) {
		imapd_finish(session, "NO [USEATTR] no mailbox here has "
		    "that use");
		return;
	}
	if (!imapd_is_here(session, &name))
		return;
	/* whose clients would file their mail where the visitor reads it */
	if (session->is_visit && use != 0) {
		imapd_finish(session, "NO [USEATTR] only its owner gives a "
		    "mailbox a use");
		return;
	}
	r = imapd_may_make(session, name, &above);
	if (r == 0)
		r = imapd_hide(session, name, folder_create(session->account,
		    name, use, &mailbox));
	/* RFC 4314 leaves it to us: else its maker could do nothing in it */
	if (r == 0 && session->is_visit && above == MAILBOX_INBOX)
		r = rights_copy(session->account, above, mailbox);
	if (r == 0)
		r = folder_status(session->account, mailbox, &is);
	if (r < 0) {
		imapd_refuse(session, r);
		return;
	}
	/* RFC 8474 4.1 */
	text_add_str(&code, "MAILBOXID (");
	imapd_add_mailbox_id(&code, &is);
	text_add_byte(&code, ')');
	imapd_finish_coded(session, text_slice(&code), "it is there");
	imapd_tell_shared(session);
}

void
imapd_delete(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice name;
	uint32_t mailbox;
	int r = 0;

	if (!imapd_mailbox(parse, &name) || !imapd_end(parse) ||
	    !imapd_is_here(session, &name))
		return;
	if (session->is_visit)
		r = imapd_find_mailbox(session, name, RIGHT_DELETE, &mailbox);
	if (r == 0)
		r = folder_delete(session->account, name);
	done(session, r, "it is gone");
	imapd_tell_shared(session);
}

/* The mailboxes that RENAME takes along. */
struct along {
	const struct imapd_session *session;
	uint32_t	 mailbox;	/* with this one */
	struct text	 name;		/* of it; none yet while it is empty */
};

/* Each name comes right before what is below it. */
static int
may_go_along(void *arg, const struct folder *folder)
{
	struct along *along = arg;
	struct slice name = text_slice(&along->name);
	int r;

	if (folder->mailbox == along->mailbox)
		text_add(&along->name, folder->name);
	if (text_failed(&along->name))
		return -ENOMEM;
	if (folder->mailbox == 0 || name.len == 0 ||
	    folder->name.len <= name.len ||
	    folder->name.at[name.len] != FOLDER_SEPARATOR ||
	    !slice_is(slice_first(folder->name, name.len), name))
		return 0;
	r = imapd_may(along->session, folder->mailbox, RIGHT_DELETE);
	/* that something is there, they may learn; not what */
	return r == -ENOENT ? -EACCES : r;
}

/* RFC 4314 4: x in the one and in all that go along, k above the other. */
static int
may_rename(struct imapd_session *session, struct slice from, struct slice to)
{
	struct along along = { .session = session,
	    .name = TEXT_INIT(FOLDER_MAX_BYTES) };
	int r = imapd_find_mailbox(session, from, RIGHT_DELETE,
	    &along.mailbox);
	uint32_t above;

	/* what is below INBOX stays (RFC 9051 6.3.6) */
	if (r == 0 && along.mailbox != MAILBOX_INBOX)
		r = folders_each(session->account, may_go_along, &along);
	text_free(&along.name);
	return r < 0 ? r : imapd_may_make(session, to, &above);
}

void
imapd_rename(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice from, to, prefix, other;
	int r = 0;

	if (!imapd_mailbox(parse, &from) || !imapd_space(parse) ||
	    !imapd_mailbox(parse, &to) || !imapd_end(parse))
		return;
	if (!imapd_is_elsewhere(session, from, &prefix))
		prefix = slice_of(NULL, 0);
	if (!imapd_is_elsewhere(session, to, &other))
		other = slice_of(NULL, 0);
	/* who may do what in it would be another account's to say */
	if (!slice_is(prefix, other)) {
		imapd_finish(session, "NO [CANNOT] a mailbox stays in its "
		    "account: move the messages");
		return;
	}
	if (!imapd_is_here(session, &from) || !imapd_is_here(session, &to))
		return;
	if (session->is_visit)
		r = may_rename(session, from, to);
	if (r == 0)
		r = imapd_hide(session, to, folder_rename(session->account,
		    from, to));
	done(session, r, "it has another name");
	imapd_tell_shared(session);
}

static void
subscribe(struct imapd_session *session, struct imapd_parse *parse, bool is)
{
	struct slice name;

	if (imapd_mailbox(parse, &name) && imapd_end(parse))
		done(session, folder_subscribe(session->account, name, is),
		    is ? "it is subscribed to" : "it is not subscribed to");
}

void
imapd_subscribe(struct imapd_session *session, struct imapd_parse *parse)
{
	subscribe(session, parse, true);
}

void
imapd_unsubscribe(struct imapd_session *session, struct imapd_parse *parse)
{
	subscribe(session, parse, false);
}
