/*
 * store.c - STORE (RFC 9051 6.4.6, RFC 7162 3.1.3)
 *
 * Whether a letter was changed since is looked at where it is changed, in one
 * call of the store; all sessions of an account run in one process, so nobody
 * comes in between.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/parse_sync.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visitor.h"

#define KEYWORDS_BYTES	16384	/* HARDENING 2: 200 keywords */

struct storing {
	struct flag_change	 change;
	struct text		 keywords;
	bool			 is_silent;
	size_t			*places;
	size_t			 count, next, told;
	uint64_t		 modseq;	/* given in the last step */
	uint32_t		*modified;	/* numbers, or UIDs, of those that
						   were changed since */
	size_t			 modified_count;
};

static void
drop(struct imapd_session *session)
{
	struct storing *work = session->work;

	text_free(&work->keywords);
	free(work->places);
	free(work->modified);
}

static bool
is_conditional(const struct storing *work)
{
	return work->change.unchanged_since != UINT64_MAX;
}

static void
note_modified(void *arg, size_t n)
{
	struct imapd_session *session = arg;
	struct storing *work = session->work;

	if (is_conditional(work))
		work->modified[work->modified_count++] =
		    imapd_is_uid(session) ?
		    selected_at(session->selected, n)->uid : (uint32_t)n + 1;
}

/*
 * RFC 9051 6.4.6: without .SILENT the flags are told, changed or not.  With it
 * the number is told to who knows such (RFC 7162 3.1.3), and the flags of a
 * letter that somebody else has changed.
 */
static void
tell_one(struct imapd_session *session, size_t n)
{
	const struct storing *work = session->work;
	uint64_t modseq = selected_at(session->selected, n)->modseq;
	bool is_ours = modseq == work->modseq;
	bool is_theirs = !is_ours && modseq > work->change.unchanged_since;

	if (!work->is_silent || is_theirs)
		imapd_tell_letter(session, n, true);
	else if (session->condstore && (is_ours || is_conditional(work)))
		imapd_tell_letter(session, n, false);
}

static void
tell_some(struct imapd_session *session)
{
	struct storing *work = session->work;

	for (; work->told < work->next && stream_waiting(session->stream) <
	    IMAPD_PAUSE; work->told++) {
		size_t n = work->places[work->told];

		if (!selected_is_expunged(session->selected, n))
			tell_one(session, n);
	}
}

static void
finish(struct imapd_session *session)
{
	const struct storing *work = session->work;
	TEXT_AUTO code = TEXT_INIT(IMAPD_CLOSING_BYTES / 2);

	if (work->modified_count == 0) {
		imapd_finish(session, "OK changed");
		return;
	}
	text_add_str(&code, "MODIFIED ");
	imapd_add_uids(&code, work->modified, work->modified_count);
	if (text_failed(&code))
		imapd_finish(session, "NO [LIMIT] too many of them were "
		    "changed since to name them: look at all");
	else
		imapd_finish_coded(session, text_slice(&code),
		    "those were changed since");
}

static void
more(struct imapd_session *session)
{
	struct storing *work = session->work;
	size_t count = work->count - work->next;
	int r;

	if (work->told < work->next) {
		tell_some(session);
		return;
	}
	if (count == 0) {
		finish(session);
		return;
	}
	if (count > SELECTED_STEP)
		count = SELECTED_STEP;
	r = selected_flag(session->selected, work->places + work->next,
	    count, &work->change, note_modified, session, &work->modseq);
	if (r < 0) {
		/* RFC 9051 9: a keyword is an atom, the parser saw to that */
		imapd_refuse(session, r == -EINVAL ? -E2BIG : r);
		return;
	}
	work->next += count;
	session->ports.wrote(session->ports.arg);
}

/* "+FLAGS.SILENT" and its like. */
static bool
read_how(struct imapd_parse *parse, enum flag_how *how_out, bool *silent_out)
{
	*how_out = imapd_maybe(parse, '+') ? FLAG_ADD :
	    imapd_maybe(parse, '-') ? FLAG_REMOVE : FLAG_SET;
	*silent_out = imapd_word(parse, "FLAGS.SILENT");
	return *silent_out || imapd_word(parse, "FLAGS") ||
	    imapd_parse_fault(parse, "STORE changes FLAGS only");
}

static void
add_keywords(struct text *text, const struct imapd_flags *flags)
{
	for (size_t i = 0; i < flags->count; i++) {
		if (i > 0)
			text_add_byte(text, ' ');
		text_add(text, flags->keywords[i]);
	}
}

/*
 * RFC 4314 4: what they may not change stays as it is; false: that is all that
 * is asked for.
 */
static bool
keep_to_rights(const struct imapd_session *session, struct flag_change *change)
{
	uint8_t may = imapd_may_flags(session->rights);
	bool has_flags = change->flags != 0;

	if (session->rights == RIGHTS_ALL)
		return true;
	change->keeps = LETTER_ALL_FLAGS & (uint8_t)~may;
	change->flags &= may;
	change->keeps_keywords = (session->rights & RIGHT_WRITE) == 0;
	if (change->keeps_keywords) {
		has_flags |= change->keywords.len > 0;
		change->keywords = slice_of(NULL, 0);
	}
	return !has_flags || change->flags != 0 || change->keywords.len > 0;
}

void
imapd_store(struct imapd_session *session, struct imapd_parse *parse)
{
	struct storing *work;
	struct imapd_set set;
	struct imapd_flags flags;
	enum flag_how how;
	uint64_t unchanged_since;
	bool is_silent;

	if (!imapd_set(parse, &set) || !imapd_space(parse) ||
	    !imapd_unchanged_read(parse, &unchanged_since) ||
	    !read_how(parse, &how, &is_silent) || !imapd_space(parse) ||
	    !imapd_flags(parse, false, &flags) || !imapd_end(parse))
		return;
	work = imapd_work(session, sizeof(*work));
	if (work == NULL || !imapd_places(session, &set,
	    imapd_is_uid(session), &work->places, &work->count))
		return;
	work->is_silent = is_silent;
	work->keywords = (struct text)TEXT_INIT(KEYWORDS_BYTES);
	session->drop = drop;
	if (unchanged_since != UINT64_MAX) {
		imapd_condstore(session);
		work->modified = calloc(work->count + 1,
		    sizeof(*work->modified));
		if (work->modified == NULL) {
			imapd_refuse(session, -ENOMEM);
			return;
		}
	}
	add_keywords(&work->keywords, &flags);
	work->change = (struct flag_change){
		.how = how, .flags = flags.bits,
		.keywords = text_slice(&work->keywords),
		.unchanged_since = unchanged_since,
	};
	if (keep_to_rights(session, &work->change))
		session->more = more;
	else
		imapd_refuse(session, -EACCES);
}
