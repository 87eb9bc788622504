/*
 * updates.c - what changed in the mailbox, told unasked (RFC 9051 7.4, 7.5)
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/reply.h"
#include "gateway/imap/resync.h"
#include "gateway/imap/session.h"

#define GONE_BYTES	4096	/* ranges in one response, or responses in one
				   piece: not a limit */
#define LINE_BYTES	4096	/* KEYWORDS_MOST and the rest of it fit */
#define RECENT		(LETTER_ALL_FLAGS + 1)	/* a bit beside theirs */

static int
room(const struct imapd_session *session)
{
	return stream_waiting(session->stream) >= IMAPD_PAUSE;
}

/* What is being told; what has gone, of many at once. */
struct telling {
	struct imapd_session *session;
	struct text	 gone;		/* EXPUNGE responses; with QRESYNC the
					   ranges of VANISHED that are
					   complete */
	uint32_t	 first, last;	/* the one that grows; 0: none does */
};

static void
end_range(struct telling *telling)
{
	struct imapd_range range = { telling->first, telling->last };

	if (range.low != 0)
		imapd_add_range(&telling->gone, &range);
	telling->first = telling->last = 0;
}

/* Those that have gone are told before anything else (RFC 7162 3.2.10.2). */
static void
flush(struct telling *telling)
{
	struct slice gone;

	end_range(telling);
	/* who misses one counts wrong from then on */
	if (text_failed(&telling->gone))
		telling->session->is_over = true;
	gone = text_slice(&telling->gone);
	if (gone.len > 0 && telling->session->qresync)
		imapd_say_vanished(telling->session, "", gone);
	else if (gone.len > 0)
		/* what the stream cannot take it tells as STREAM_FAILED */
		(void)stream_write(telling->session->stream, gone);
	text_clear(&telling->gone);
}

static int
tell_expunged(void *arg, size_t n, uint32_t uid)
{
	struct telling *telling = arg;

	if (!telling->session->qresync) {
		text_add_str(&telling->gone, "* ");
		text_add_u64(&telling->gone, n + 1);
		text_add_str(&telling->gone, " EXPUNGE\r\n");
		if (telling->gone.len < GONE_BYTES)
			return 0;
		flush(telling);
		return room(telling->session);
	}
	if (telling->last + 1 != uid)
		end_range(telling);
	if (telling->first == 0)
		telling->first = uid;
	telling->last = uid;
	return telling->gone.len >= GONE_BYTES;
}

void
imapd_tell_recent(struct imapd_session *session)
{
	size_t count = selected_recent(session->selected);

	if (session->rev2 || count == session->recent)
		return;
	imapd_untagged(session->stream, "%zu RECENT", count);
	session->recent = count;
}

static int
tell_exists(void *arg, size_t count)
{
	struct telling *telling = arg;

	flush(telling);
	imapd_untagged(telling->session->stream, "%zu EXISTS", count);
	imapd_tell_recent(telling->session);
	return room(telling->session);
}

void
imapd_add_flags(struct imapd_session *session, struct text *text,
    const struct selected_letter *letter)
{
	static const struct {
		unsigned	 bit;
		const char	*word;
	} flags[] = {
		{ LETTER_ANSWERED,	"\\Answered" },
		{ LETTER_FLAGGED,	"\\Flagged" },
		{ LETTER_DELETED,	"\\Deleted" },
		{ LETTER_SEEN,		"\\Seen" },
		{ LETTER_DRAFT,		"\\Draft" },
		{ RECENT,		"\\Recent" },
	};
	struct slice words = selected_words(session->selected,
	    letter->keywords);
	unsigned is = letter->flags | (letter->is_recent && !session->rev2 ?
	    RECENT : 0);
	const char *between = "";

	text_add_byte(text, '(');
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if ((is & flags[i].bit) == 0)
			continue;
		text_add_str(text, between);
		text_add_str(text, flags[i].word);
		between = " ";
	}
	if (words.len > 0) {
		text_add_str(text, between);
		text_add(text, words);
	}
	text_add_byte(text, ')');
}

void
imapd_tell_letter(struct imapd_session *session, size_t n, bool with_flags)
{
	const struct selected_letter *letter =
	    selected_at(session->selected, n);
	TEXT_AUTO text = TEXT_INIT(LINE_BYTES);
	const char *between = "";

	text_add_str(&text, "* ");
	text_add_u64(&text, n + 1);
	text_add_str(&text, " FETCH (");
	/* RFC 9051 6.4.9: in an answer to UID STORE the UID stands as well;
	 * RFC 7162 3.2.4 */
	if (session->rev2 || session->qresync || imapd_is_uid(session)) {
		text_add_str(&text, "UID ");
		text_add_u64(&text, letter->uid);
		between = " ";
	}
	if (with_flags) {
		text_addf(&text, "%sFLAGS ", between);
		imapd_add_flags(session, &text, letter);
		selected_was_told(session->selected, n);
		between = " ";
	}
	if (session->condstore) {
		text_add_str(&text, between);
		text_add_str(&text, "MODSEQ (");
		text_add_u64(&text, letter->modseq);
		text_add_byte(&text, ')');
	}
	text_add_str(&text, ")\r\n");
	/* what the stream cannot take it tells as STREAM_FAILED */
	if (text_failed(&text))
		session->is_over = true;
	else
		(void)stream_write(session->stream, text_slice(&text));
}

static int
tell_changed(void *arg, size_t n)
{
	struct telling *telling = arg;

	flush(telling);
	imapd_tell_letter(telling->session, n, true);
	return room(telling->session);
}

bool
imapd_tell(struct imapd_session *session, bool may_expunge)
{
	static const struct selected_teller teller = {
		.expunged = tell_expunged, .exists = tell_exists,
		.changed = tell_changed,
	};
	struct telling telling = {
		.session = session, .gone = TEXT_INIT(2 * GONE_BYTES),
	};
	int r = selected_update(session->selected, may_expunge, &teller,
	    &telling);

	flush(&telling);
	text_free(&telling.gone);
	/* some that were may have gone */
	if (r == 0)
		imapd_tell_recent(session);
	if (r < 0) {
		imapd_untagged(session->stream,
		    "BYE the mailbox cannot be read now");
		session->is_over = true;
		session->ports.failed(session->ports.arg, r);
	}
	return r <= 0;
}

void
imapd_add_range(struct text *text, const struct imapd_range *range)
{
	char last = text->len > 0 ? text->at[text->len - 1] : ' ';

	if (last >= '0' && last <= '9')
		text_add_byte(text, ',');
	text_addf(text, range->low == range->high ? "%u" : "%u:%u",
	    range->low, range->high);
}

size_t
imapd_add_uid_runs(struct text *text, const uint32_t *uids, size_t count,
    size_t most_runs)
{
	size_t i = 0, last;

	for (; i < count && most_runs > 0; i = last + 1, most_runs--) {
		last = i;
		while (last + 1 < count && uids[last + 1] == uids[last] + 1)
			last++;
		imapd_add_range(text, &(struct imapd_range){ uids[i],
		    uids[last] });
	}
	return i;
}

void
imapd_add_uids(struct text *text, const uint32_t *uids, size_t count)
{
	(void)imapd_add_uid_runs(text, uids, count, SIZE_MAX);
}

/* A run of places, low to high, both within the view. */
static size_t
add_places(size_t *places, size_t count, size_t low, size_t high)
{
	for (size_t n = low; n <= high; n++)
		places[count++] = n;
	return count;
}

/* The places of UIDs; those nobody has are passed over (RFC 9051 6.4.9). */
static size_t
find_uids(const struct selected *selected, const struct imapd_set *set,
    size_t *places)
{
	size_t count = 0, all = selected_count(selected), n;

	for (size_t i = 0; i < set->count; i++)
		for (n = selected_find(selected, set->ranges[i].low); n < all &&
		    selected_at(selected, n)->uid <= set->ranges[i].high; n++)
			places[count++] = n;
	return count;
}

/* "$": the UIDs that a search kept and that are still there. */
static size_t
find_saved(const struct imapd_session *session, size_t *places)
{
	const struct selected *selected = session->selected;
	size_t count = 0, n;

	for (size_t i = 0; i < session->saved_count; i++) {
		n = selected_find(selected, session->saved[i]);
		if (n < selected_count(selected) &&
		    selected_at(selected, n)->uid == session->saved[i])
			places[count++] = n;
	}
	return count;
}

/* How many letters the ranges may name, for the memory they take. */
static size_t
set_size(const struct imapd_set *set, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count && count < most; i++)
		count += (size_t)set->ranges[i].high - set->ranges[i].low + 1;
	return count < most ? count : most;
}

bool
imapd_places(struct imapd_session *session, struct imapd_set *set,
    bool is_uid, size_t **places_out, size_t *count_out)
{
	size_t all = selected_count(session->selected), count = 0, *places;
	uint32_t star = (uint32_t)all;

	if (is_uid)
		star = all == 0 ? 0 :
		    selected_at(session->selected, all - 1)->uid;
	imapd_set_ranges(set, star);
	if (!set->is_saved && !is_uid && set->count > 0 &&
	    (set->ranges[0].low == 0 ||
	    set->ranges[set->count - 1].high > all)) {
		imapd_bad(session, "there is no message of that number");
		return false;
	}
	places = calloc((set->is_saved ? session->saved_count :
	    set_size(set, all)) + 1, sizeof(*places));
	if (places == NULL) {
		imapd_refuse(session, -ENOMEM);
		return false;
	}
	if (set->is_saved) {
		count = find_saved(session, places);
	} else if (is_uid) {
		count = find_uids(session->selected, set, places);
	} else {
		for (size_t i = 0; i < set->count; i++)
			count = add_places(places, count,
			    set->ranges[i].low - 1, set->ranges[i].high - 1);
	}
	*places_out = places;
	*count_out = count;
	return true;
}
