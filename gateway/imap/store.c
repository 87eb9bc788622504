/*
 * store.c - STORE (RFC 9051 6.4.6)
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/reply.h"
#include "gateway/imap/session.h"

#define KEYWORDS_BYTES	16384	/* HARDENING 2: 200 keywords */

struct storing {
	struct flag_change	 change;
	struct text		 keywords;
	bool			 is_silent;
	size_t			*places;
	size_t			 count, next, told;
};

static void
drop(struct imapd_session *session)
{
	struct storing *work = session->work;

	text_free(&work->keywords);
	free(work->places);
}

/* RFC 9051 6.4.6: without .SILENT the flags are told, changed or not. */
static void
tell_some(struct imapd_session *session)
{
	struct storing *work = session->work;
	TEXT_AUTO flags = TEXT_INIT(8192);
	const struct selected_letter *letter;

	for (; work->told < work->next && stream_waiting(session->stream) <
	    IMAPD_PAUSE; work->told++) {
		size_t n = work->places[work->told];

		if (selected_is_expunged(session->selected, n))
			continue;
		letter = selected_at(session->selected, n);
		text_clear(&flags);
		imapd_add_flags(session, &flags, letter);
		if (imapd_is_uid(session))
			imapd_untagged(session->stream,
			    "%zu FETCH (UID %u FLAGS %.*s)", n + 1,
			    letter->uid, SLICE_FMT(text_slice(&flags)));
		else
			imapd_untagged(session->stream,
			    "%zu FETCH (FLAGS %.*s)", n + 1,
			    SLICE_FMT(text_slice(&flags)));
	}
}

static void
more(struct imapd_session *session)
{
	struct storing *work = session->work;
	size_t count = work->count - work->next;
	uint64_t modseq;
	int r;

	if (!work->is_silent && work->told < work->next) {
		tell_some(session);
		return;
	}
	if (count == 0) {
		imapd_finish(session, "OK changed");
		return;
	}
	if (count > SELECTED_STEP)
		count = SELECTED_STEP;
	r = selected_flag(session->selected, work->places + work->next,
	    count, &work->change, NULL, NULL, &modseq);
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

void
imapd_store(struct imapd_session *session, struct imapd_parse *parse)
{
	struct storing *work;
	struct imapd_set set;
	struct imapd_flags flags;
	enum flag_how how;
	bool is_silent;

	if (!imapd_set(parse, &set) || !imapd_space(parse) ||
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
	add_keywords(&work->keywords, &flags);
	work->change = (struct flag_change){
		.how = how, .flags = flags.bits,
		.keywords = text_slice(&work->keywords),
		.unchanged_since = UINT64_MAX,
	};
	session->more = more;
}
