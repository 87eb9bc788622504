/*
 * visitor.c - what somebody may do in mailboxes that are not theirs (RFC 4314)
 */
#include "gateway/imap/visitor.h"

#include <errno.h>
#include <string.h>

#include "gateway/imap/across.h"
#include "gateway/imap/reply.h"
#include "store/folders.h"

/* A right that is as good as seeing the name (RFC 4314 4, MYRIGHTS). */
#define RIGHTS_THAT_SHOW RIGHT_LOOKUP

/*
 * What a visitor may give, and which of these rights one must have for it in the
 * mailbox that is open (RFC 4314 4); 0: none, or the handler looks itself.
 * Whatever is not named here is no command for a visitor.
 */
static const struct {
	imapd_session_fn	*handler;
	unsigned		 any_of;
} visits[] = {
	{ imapd_noop,		RIGHT_READ },
	{ imapd_logout,		0 },
	{ imapd_enable,		0 },
	{ imapd_select,		0 },
	{ imapd_examine,	0 },
	{ imapd_create,		0 },
	{ imapd_delete,		0 },
	{ imapd_rename,		0 },
	{ imapd_status,		0 },
	{ imapd_append,		0 },
	{ imapd_idle,		RIGHT_READ },
	{ imapd_close,		0 },
	{ imapd_unselect,	0 },
	{ imapd_expunge,	RIGHT_EXPUNGE },
	{ imapd_uid_expunge,	RIGHT_EXPUNGE },
	{ imapd_search,		RIGHT_READ },
	{ imapd_sort,		RIGHT_READ },
	{ imapd_thread,		RIGHT_READ },
	{ imapd_fetch,		RIGHT_READ },
	{ imapd_store,		RIGHT_SEEN | RIGHT_WRITE | RIGHT_MARK },
	{ imapd_copy,		RIGHT_READ },
	{ imapd_move,		RIGHT_READ },
	{ imapd_replace,	0 },
	{ imapd_getmetadata,	0 },
	{ imapd_setmetadata,	0 },
	{ imapd_setacl,		0 },
	{ imapd_deleteacl,	0 },
	{ imapd_getacl,		0 },
	{ imapd_listrights,	0 },
	{ imapd_myrights,	0 },
	{ imapd_visit_into,	0 },
	{ imapd_visit_take,	0 },
	{ imapd_visit_open,	0 },
	{ imapd_visit_names,	0 },
	{ imapd_visit_export,	RIGHT_READ },
	{ imapd_visit_gone,	RIGHT_EXPUNGE },
	{ imapd_visit_out,	RIGHT_EXPUNGE },
	{ imapd_visit_put,	0 },
};

#define VISITS	(sizeof(visits) / sizeof(visits[0]))

static size_t
find_row(const struct imapd_command *command)
{
	size_t i = 0;

	while (i < VISITS && visits[i].handler != command->handler.session)
		i++;
	return i;
}

bool
imapd_may_visit(const struct imapd_command *command)
{
	return find_row(command) < VISITS;
}

int
imapd_rights(const struct imapd_session *session, uint32_t mailbox,
    unsigned *rights_out)
{
	if (session->is_visit && session->visitor != session->owner)
		return rights_of(session->account, mailbox, session->visitor,
		    rights_out);
	*rights_out = RIGHTS_ALL;
	return 0;
}

bool
imapd_may_run(struct imapd_session *session)
{
	unsigned needs;
	int r;

	if (!session->is_visit || session->selected == NULL)
		return true;
	needs = visits[find_row(session->command)].any_of;
	r = imapd_rights(session, selected_mailbox(session->selected),
	    &session->rights);
	if (r < 0) {
		session->rights = 0;
		imapd_refuse(session, r);
		return false;
	}
	if (needs == 0 || (session->rights & needs) != 0)
		return true;
	imapd_refuse(session, -EACCES);
	return false;
}

bool
imapd_strip(const struct imapd_session *session, struct slice *name)
{
	struct slice prefix = slice_str(session->prefix);

	if (name->len <= prefix.len + 1 || name->at[prefix.len] != '/' ||
	    !slice_is(slice_first(*name, prefix.len), prefix))
		return false;
	*name = slice_after(*name, prefix.len + 1);
	return true;
}

int
imapd_may(const struct imapd_session *session, uint32_t mailbox,
    unsigned rights)
{
	unsigned has;
	int r;

	r = imapd_rights(session, mailbox, &has);
	if (r < 0 || (has & rights) == rights)
		return r;
	return (has & RIGHTS_THAT_SHOW) != 0 ? -EACCES : -ENOENT;
}

int
imapd_find_mailbox(const struct imapd_session *session, struct slice name,
    unsigned rights, uint32_t *mailbox_out)
{
	uint32_t mailbox;
	int r = folder_find(session->account, name, &mailbox);

	if (r == 0)
		r = imapd_may(session, mailbox, rights);
	if (r == 0)
		*mailbox_out = mailbox;
	return r;
}

int
imapd_may_make(const struct imapd_session *session, struct slice name,
    uint32_t *above_out)
{
	size_t end;
	int r = -ENOENT;

	*above_out = MAILBOX_INBOX;
	if (!session->is_visit)
		return 0;
	if (name.len > 1 && name.at[name.len - 1] == FOLDER_SEPARATOR)
		name.len--;
	/* levels between the two are made, too */
	while (r == -ENOENT && (end = slice_find_last(name,
	    FOLDER_SEPARATOR)) != SIZE_MAX) {
		name = slice_first(name, end);
		r = folder_find(session->account, name, above_out);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	return imapd_may(session, *above_out, RIGHT_CREATE);
}

int
imapd_hide(const struct imapd_session *session, struct slice name, int error)
{
	uint32_t mailbox;

	if (!session->is_visit || error != -EEXIST)
		return error;
	/* where there is none, one below it stands in the way of RENAME */
	return imapd_find_mailbox(session, name, RIGHT_LOOKUP, &mailbox) == 0 ?
	    error : -EACCES;
}

bool
imapd_may_hear(struct imapd_session *session)
{
	if (session->is_visit && session->selected != NULL &&
	    imapd_rights(session, selected_mailbox(session->selected),
	    &session->rights) < 0)
		session->rights = 0;
	return (session->rights & RIGHT_READ) != 0;
}

uint8_t
imapd_may_flags(unsigned rights)
{
	unsigned flags = 0;

	if (rights & RIGHT_SEEN)
		flags |= LETTER_SEEN;
	if (rights & RIGHT_MARK)
		flags |= LETTER_DELETED;
	if (rights & RIGHT_WRITE)
		flags |= LETTER_ANSWERED | LETTER_FLAGGED | LETTER_DRAFT;
	return (uint8_t)flags;
}

void
imapd_add_name(const struct imapd_session *session, struct text *text,
    struct slice name)
{
	TEXT_AUTO whole = TEXT_INIT(IMAPD_PREFIX_SIZE + FOLDER_MAX_BYTES + 1);

	if (session->is_visit) {
		text_add_str(&whole, session->prefix);
		text_add_byte(&whole, FOLDER_SEPARATOR);
		text_add(&whole, name);
		name = text_slice(&whole);
	}
	imapd_add_mailbox(text, name, imapd_knows_utf8(session));
}

/* Nothing is done but to wait. */
static void
waiting(struct imapd_session *session)
{
	session->asked = true;
}

static void
on_told(void *arg)
{
	struct imapd_session *session = arg;

	imapd_say_closing(session);
	imapd_go(session);
}

void
imapd_tell_shared(struct imapd_session *session)
{
	if (session->ports.office.shared != NULL &&
	    session->ports.office.shared(session->ports.arg, on_told,
	    session) == 0)
		session->more = waiting;
}
