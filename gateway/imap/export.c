/*
 * export.c - what a visitor's session does for COPY and MOVE between accounts
 *
 * Whoever gives these commands is another process of ours, and is judged like
 * any visitor.  A letter leaves as "* EXPORT uid id (flags) "date" {n}" and its
 * bytes; one that cannot be read ends the command with NO, and nothing of it is
 * copied at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "gateway/imap/across.h"
#include "gateway/imap/letter.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visitor.h"
#include "lib/base/pack.h"
#include "store/appending.h"

#define LINE_BYTES	8192	/* KEYWORDS_MOST and the rest of it fit */
_Static_assert(KEYWORDS_MOST + 512 <= LINE_BYTES,
    "whatever is kept of a letter beside its bytes goes into one line");

#define NAMES_STEP	1000
#define NAMES_BYTES	(16 * 1024)	/* "4294967295," of each, and the rest */

#define OPEN	IMAPD_SELECTED
#define STAY	IMAPD_NUMBERS_STAY
#define NOTHING	IMAPD_NEEDS_NOTHING

const struct imapd_command imapd_visit_commands[] = {
{ "INTO",	IMAPD_INSIDE, NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_into },	"4314 4" },
{ "TAKE",	IMAPD_INSIDE, NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_take },	"4314 4" },
{ "OPEN",	IMAPD_INSIDE, NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_open },	"4314 4" },
{ "NAMES",	OPEN,	NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_names },	"9051 6.4.9" },
{ "UID NAMES",	OPEN,	NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_names },	"9051 6.4.9" },
{ "EXPORT",	OPEN,	NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_export },	"4314 4" },
{ "UID EXPORT",	OPEN,	NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_export },	"4314 4" },
{ "GONE",	OPEN,	IMAPD_NEEDS_WRITE, IMAPD_ARGS, IMAPD_NUMBERS_MOVE, { .session = imapd_visit_gone },	"4314 4" },
{ "OUT",	OPEN,	IMAPD_NEEDS_WRITE, IMAPD_ARGS, STAY, { .session = imapd_visit_out },	"8508 3.5" },
{ "UID OUT",	OPEN,	IMAPD_NEEDS_WRITE, IMAPD_ARGS, STAY, { .session = imapd_visit_out },	"8508 3.5" },
{ "PUT",	IMAPD_INSIDE, NOTHING, IMAPD_ARGS, STAY, { .session = imapd_visit_put },	"8508 3.2" },
{ 0 }
};

void
imapd_visit_into(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice name;
	uint32_t mailbox;
	int r;

	if (!imapd_mailbox(parse, &name) || !imapd_end(parse) ||
	    !imapd_is_here(session, &name))
		return;
	r = imapd_find_mailbox(session, name, RIGHT_INSERT, &mailbox);
	if (r < 0)
		imapd_refuse_into(session, r);
	else
		imapd_finish(session, "OK it may be put there");
}

/* A session of the account itself goes on in the mailbox of another. */
void
imapd_visit_open(struct imapd_session *session, struct imapd_parse *parse)
{
	uint64_t number;
	int r;

	if (!imapd_number(parse, UINT32_MAX, &number) || !imapd_end(parse))
		return;
	imapd_leave(session);
	session->is_read_only = false;
	r = session->visitor != session->owner ? -ENOENT :
	    selected_open(session->account, (uint32_t)number,
	    &session->selected);
	if (r < 0)
		imapd_refuse(session, r);
	else
		imapd_finish(session, "OK it is open");
}

struct exporting {
	size_t		*places;
	size_t		 count, next;
	bool		 is_move;
	struct imapd_letter letter;
	uint64_t	 at, left;
	void		(*go)(struct imapd_session *);
};

static void	go_letter(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct exporting *work = session->work;

	imapd_letter_end(&work->letter);
	free(work->places);
}

static void
fail(struct imapd_session *session)
{
	imapd_finish(session, "NO [UNAVAILABLE] a message cannot be read");
}

/*
 * The name of what becomes of this entry when it is moved: the same however
 * often it is tried, so that it comes to be once (queue.h has the same of
 * deliveries).  An entry is moved away once in its life.
 */
static bool
name_moved(const struct imapd_session *session, uint32_t uid,
    struct message_id *id)
{
	TEXT_AUTO what = TEXT_INIT(128);
	unsigned char digest[EVP_MAX_MD_SIZE];

	pack_bytes(&what, slice_of("moved", 5));
	pack_u64(&what, session->owner);
	pack_u32(&what, selected_mailbox(session->selected));
	pack_u32(&what, uid);
	if (text_failed(&what) || EVP_Digest(what.at, what.len, digest, NULL,
	    EVP_sha256(), NULL) != 1)
		return false;
	memcpy(id->bytes, digest, MESSAGE_ID_BYTES);
	return true;
}

/* Its bytes, a piece a turn. */
static void
go_bytes(struct imapd_session *session)
{
	struct exporting *work = session->work;
	struct slice piece;

	if (work->left == 0) {
		(void)stream_write(session->stream, slice_str("\r\n"));
		imapd_letter_end(&work->letter);
		work->next++;
		work->go = go_letter;
		return;
	}
	/* half of it is said: who reads it must not take it for all */
	if (imapd_letter_piece(&work->letter, work->at, work->left,
	    &piece) < 0 || piece.len == 0) {
		session->is_over = true;
		return;
	}
	work->at += piece.len;
	work->left -= piece.len;
	(void)stream_write(session->stream, piece);
}

static void
open_letter(struct imapd_session *session)
{
	struct exporting *work = session->work;
	struct selected_letter letter = *selected_at(session->selected,
	    work->places[work->next]);
	TEXT_AUTO line = TEXT_INIT(LINE_BYTES);
	char name[MESSAGE_ID_CHARS + 1];
	struct message_id id = { { 0 } };

	if (imapd_letter_try(&work->letter) < 0 ||
	    (work->is_move && !name_moved(session, letter.uid, &id))) {
		fail(session);
		return;
	}
	message_id_write(&id, name);
	text_addf(&line, "* EXPORT %u %s ", letter.uid, name);
	/* wherever it goes it is \Recent, or it is not */
	letter.is_recent = false;
	imapd_add_flags(session, &line, &letter);
	text_add_byte(&line, ' ');
	imapd_add_date_time(&line, work->letter.facts.received_at_utc_ms);
	text_addf(&line, " {%llu}\r\n",
	    (unsigned long long)work->letter.facts.bytes);
	imapd_write(session, &line);
	work->at = 0;
	work->left = work->letter.facts.bytes;
	work->go = go_bytes;
}

static void
on_big(void *arg, int fd)
{
	struct imapd_session *session = arg;
	struct exporting *work = session->work;

	session->asked = false;
	if (imapd_letter_take_file(&work->letter, fd) < 0)
		fail(session);
	else
		work->go = open_letter;
	timer_set(session->turn, 0);
}

static void
go_letter(struct imapd_session *session)
{
	struct exporting *work = session->work;
	struct message_id id;

	while (work->next < work->count && selected_is_expunged(
	    session->selected, work->places[work->next]))
		work->next++;
	if (work->next == work->count) {
		imapd_finish(session, "OK that is all");
		return;
	}
	if (imapd_letter_find(&work->letter, session->selected,
	    work->places[work->next], 0) < 0) {
		fail(session);
		return;
	}
	work->go = open_letter;
	if (!imapd_letter_lacks_file(&work->letter, &id))
		return;
	if (session->ports.big(session->ports.arg, &id, on_big, session) < 0)
		fail(session);
	else
		session->asked = true;
}

static void
more(struct imapd_session *session)
{
	struct exporting *work = session->work;

	work->go(session);
}

/* The work of a command with those of the set; NULL: it was answered. */
static struct exporting *
begin(struct imapd_session *session, struct imapd_set *set)
{
	struct exporting *work = imapd_work(session, sizeof(*work));

	if (work == NULL || !imapd_places(session, set,
	    imapd_is_uid(session), &work->places, &work->count))
		return NULL;
	session->drop = drop;
	work->letter.fd = -1;
	return work;
}

void
imapd_visit_export(struct imapd_session *session, struct imapd_parse *parse)
{
	struct exporting *work;
	struct imapd_set set;
	bool is_move;

	if (!imapd_set(parse, &set) || !imapd_space(parse))
		return;
	is_move = imapd_word(parse, "MOVE");
	if ((!is_move && !imapd_word(parse, "COPY")) || !imapd_end(parse))
		return;
	if (is_move && (session->is_read_only || (session->rights &
	    RIGHT_MARK) == 0 || (session->rights & RIGHT_EXPUNGE) == 0)) {
		imapd_refuse(session, -EACCES);
		return;
	}
	work = begin(session, &set);
	if (work == NULL)
		return;
	work->is_move = is_move;
	work->go = go_letter;
	session->more = more;
}

/* The next of them, a line a turn. */
static void
go_names(struct imapd_session *session)
{
	struct exporting *work = session->work;
	TEXT_AUTO line = TEXT_INIT(NAMES_BYTES);
	uint32_t uids[NAMES_STEP];
	size_t count = 0;

	while (count < NAMES_STEP && work->next < work->count)
		uids[count++] = selected_at(session->selected,
		    work->places[work->next++])->uid;
	if (count == 0) {
		imapd_finish(session, "OK these they are");
		return;
	}
	text_add_str(&line, "* NAMES ");
	imapd_add_uids(&line, uids, count);
	text_add_str(&line, "\r\n");
	imapd_write(session, &line);
}

void
imapd_visit_names(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_set set;

	if (!imapd_set(parse, &set) || !imapd_end(parse))
		return;
	if (begin(session, &set) != NULL)
		session->more = go_names;
}

void
imapd_visit_gone(struct imapd_session *session, struct imapd_parse *parse)
{
	struct message_id ids[SELECTED_STEP];
	size_t *places = NULL, count = 0, known = 0;
	struct imapd_set set;
	int r;

	if (!imapd_set(parse, &set) || !imapd_end(parse))
		return;
	if ((session->rights & RIGHT_MARK) == 0) {
		imapd_refuse(session, -EACCES);
		return;
	}
	if (!imapd_places(session, &set, true, &places, &count))
		return;
	r = selected_expunge(session->selected, places, count, ids, &known);
	free(places);
	if (r == 0) {
		session->ports.step(session->ports.arg, ids, known, "deleted");
		imapd_finish(session, "OK done");
	} else {
		imapd_refuse(session, r);
	}
}
