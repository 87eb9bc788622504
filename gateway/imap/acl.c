/*
 * acl.c - SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 3)
 *
 * The owner of a mailbox may do everything in it, always: nobody can take that
 * away, nor lock themselves out.  Whom an identifier means the keeper says once,
 * when a right is granted; from then on it is the account, by its number.
 */
#include <errno.h>
#include <string.h>

#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visitor.h"
#include "lib/base/text.h"
#include "store/folders.h"

#define ANYONE		"anyone"
#define LINE_BYTES	(128 * 1024)	/* RIGHTS_MOST of some 350 bytes */

/* A SETACL or DELETEACL on its way. */
struct granting {
	uint32_t	 mailbox;
	struct slice	 identifier;	/* without its '-' */
	bool		 is_negative;
	struct slice	 word;		/* [+-]letters */
};

/* The name of the account itself, as far as we know it. */
static struct slice
own_name(const struct imapd_session *session)
{
	struct slice rest = slice_str(session->prefix), space;

	return session->is_visit && slice_cut(&rest, FOLDER_SEPARATOR, &space) ?
	    rest : slice_str(session->login);
}

/* RFC 4314 2: "-fred" is what is taken from fred. */
static bool
cut_sign(struct slice *identifier)
{
	if (identifier->len < 2 || identifier->at[0] != '-')
		return false;
	*identifier = slice_after(*identifier, 1);
	return true;
}

/* "[+-]rights" (RFC 4314 3.1). */
static bool
read_rights(struct imapd_parse *parse, struct granting *granting)
{
	unsigned rights;

	return imapd_astring(parse, &granting->word) &&
	    (rights_change(granting->word, 0, &rights) == 0 ||
	    imapd_parse_fault(parse, "no right is called so"));
}

static void
waiting(struct imapd_session *session)
{
	session->asked = true;
}

static void
done(struct imapd_session *session)
{
	imapd_finish(session, "OK so it is");
	imapd_tell_shared(session);
}

static void
grant(struct imapd_session *session, uint64_t who, struct slice name)
{
	struct granting *granting = session->work;
	struct right right = { .who = who, .name = name,
	    .is_negative = granting->is_negative };
	unsigned before = 0;
	int r;

	/* a right may have been taken from us while we asked */
	r = imapd_may(session, granting->mailbox, RIGHT_ADMIN);
	if (r == 0)
		r = rights_row(session->account, granting->mailbox, who,
		    granting->is_negative, &before);
	if (r == 0)
		r = rights_change(granting->word, before, &right.rights);
	if (r == 0)
		r = rights_set(session->account, granting->mailbox, &right);
	if (r == -EDQUOT)
		imapd_finish(session, "NO [LIMIT] %d have rights here already",
		    RIGHTS_MOST);
	else if (r < 0)
		imapd_refuse(session, r);
	else
		done(session);
}

static void
on_who(void *arg, int status, uint64_t account, struct slice address)
{
	struct imapd_session *session = arg;

	if (status < 0)
		imapd_refuse(session, -EAGAIN);
	else if (account == 0)
		imapd_finish(session, "NO nobody here is called so");
	else if (account == session->owner)
		imapd_finish(session,
		    "NO [CANNOT] the owner may do everything, always");
	else
		grant(session, account, address);
	imapd_go(session);
}

/* Whom is it for? */
static void
find_whom(struct imapd_session *session, const struct granting *granting)
{
	int r;

	if (slice_is_str(granting->identifier, ANYONE)) {
		grant(session, RIGHTS_ANYONE, granting->identifier);
		return;
	}
	session->more = waiting;
	r = session->ports.office.who == NULL ? -ENOTCONN :
	    session->ports.office.who(session->ports.arg,
	    granting->identifier, on_who, session);
	if (r < 0)
		imapd_refuse(session, -EAGAIN);
}

void
imapd_setacl(struct imapd_session *session, struct imapd_parse *parse)
{
	struct granting *granting = imapd_work(session, sizeof(*granting));
	struct slice name;
	int r;

	if (granting == NULL || !imapd_mailbox(parse, &name) ||
	    !imapd_space(parse) ||
	    !imapd_astring(parse, &granting->identifier) ||
	    !imapd_space(parse) || !read_rights(parse, granting) ||
	    !imapd_end(parse) || !imapd_is_here(session, &name))
		return;
	granting->is_negative = cut_sign(&granting->identifier);
	r = imapd_find_mailbox(session, name, RIGHT_ADMIN,
	    &granting->mailbox);
	if (r < 0)
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
	else
		find_whom(session, granting);
}

/* The rows that DELETEACL names. */
struct deleting {
	const struct granting *granting;
	uint64_t	 who[RIGHTS_MOST];
	size_t		 count;
};

static int
note_row(void *arg, const struct right *right)
{
	struct deleting *deleting = arg;

	if (right->is_negative == deleting->granting->is_negative &&
	    slice_is_nocase(right->name, deleting->granting->identifier) &&
	    deleting->count < RIGHTS_MOST)
		deleting->who[deleting->count++] = right->who;
	return 0;
}

/* By the name it was granted to, be that account still there or not. */
static int
delete_rows(struct imapd_session *session, const struct granting *granting)
{
	struct deleting deleting = { .granting = granting };
	int r = rights_each(session->account, granting->mailbox, note_row,
	    &deleting);

	for (size_t i = 0; r == 0 && i < deleting.count; i++) {
		const struct right none = { .who = deleting.who[i],
		    .name = granting->identifier,
		    .is_negative = granting->is_negative };

		r = rights_set(session->account, granting->mailbox, &none);
	}
	return r;
}

void
imapd_deleteacl(struct imapd_session *session, struct imapd_parse *parse)
{
	struct granting *granting = imapd_work(session, sizeof(*granting));
	struct slice name;
	int r;

	if (granting == NULL || !imapd_mailbox(parse, &name) ||
	    !imapd_space(parse) ||
	    !imapd_astring(parse, &granting->identifier) ||
	    !imapd_end(parse) || !imapd_is_here(session, &name))
		return;
	granting->is_negative = cut_sign(&granting->identifier);
	r = imapd_find_mailbox(session, name, RIGHT_ADMIN,
	    &granting->mailbox);
	if (r == 0)
		r = delete_rows(session, granting);
	if (r < 0)
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
	else
		done(session);
}

static void
add_one(struct text *line, bool is_negative, struct slice who, unsigned rights)
{
	TEXT_AUTO name = TEXT_INIT(RIGHTS_WHO_BYTES + 2);

	if (is_negative)
		text_add_byte(&name, '-');
	text_add(&name, who);
	text_add_byte(line, ' ');
	imapd_add_astring(line, text_slice(&name), false);
	text_add_byte(line, ' ');
	rights_add(line, rights, true);
}

static int
add_row(void *arg, const struct right *right)
{
	add_one(arg, right->is_negative, right->name, right->rights);
	return 0;
}

/* What the mailbox of the command is, for a reply that begins with `word`. */
static bool
begin(struct imapd_session *session, struct slice name, unsigned rights,
    const char *word, struct text *line, uint32_t *mailbox_out)
{
	int r = imapd_find_mailbox(session, name, rights, mailbox_out);

	if (r < 0) {
		imapd_refuse(session, r == -EINVAL ? -ENOENT : r);
		return false;
	}
	text_addf(line, "* %s ", word);
	imapd_add_name(session, line, name);
	return true;
}

static void
end(struct imapd_session *session, struct text *line)
{
	text_add_str(line, "\r\n");
	imapd_write(session, line);
	imapd_finish(session, "OK that is all");
}

void
imapd_getacl(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO line = TEXT_INIT(LINE_BYTES);
	struct slice name;
	uint32_t mailbox;
	int r;

	if (!imapd_mailbox(parse, &name) || !imapd_end(parse) ||
	    !imapd_is_here(session, &name) || !begin(session, name,
	    RIGHT_ADMIN, "ACL", &line, &mailbox))
		return;
	add_one(&line, false, own_name(session), RIGHTS_ALL);
	r = rights_each(session->account, mailbox, add_row, &line);
	if (r < 0)
		imapd_refuse(session, r);
	else
		end(session, &line);
}

/* RFC 4314 3.7: what everybody like that has anyway, then what can be granted,
 * each by itself. */
void
imapd_listrights(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO line = TEXT_INIT(LINE_BYTES);
	struct slice name, identifier;
	uint32_t mailbox;

	if (!imapd_mailbox(parse, &name) || !imapd_space(parse) ||
	    !imapd_astring(parse, &identifier) || !imapd_end(parse) ||
	    !imapd_is_here(session, &name) || !begin(session, name,
	    RIGHT_ADMIN, "LISTRIGHTS", &line, &mailbox))
		return;
	text_add_byte(&line, ' ');
	imapd_add_astring(&line, identifier, false);
	text_add_byte(&line, ' ');
	if (slice_is_nocase(identifier, own_name(session)))
		rights_add(&line, RIGHTS_ALL, true);
	else
		text_add_str(&line, "\"\" l r s w i p k x t e c d a");
	end(session, &line);
}

/* RFC 4314 3.8: for whom any of l r i k x a is there. */
void
imapd_myrights(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO line = TEXT_INIT(LINE_BYTES);
	struct slice name;
	uint32_t mailbox;
	unsigned rights;
	int r;

	if (!imapd_mailbox(parse, &name) || !imapd_end(parse) ||
	    !imapd_is_here(session, &name) || !begin(session, name, 0,
	    "MYRIGHTS", &line, &mailbox))
		return;
	r = imapd_rights(session, mailbox, &rights);
	if (r == 0 && (rights & (RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT |
	    RIGHT_CREATE | RIGHT_DELETE | RIGHT_ADMIN)) == 0)
		r = -ENOENT;
	if (r < 0) {
		imapd_refuse(session, r);
		return;
	}
	text_add_byte(&line, ' ');
	rights_add(&line, rights, true);
	end(session, &line);
}
