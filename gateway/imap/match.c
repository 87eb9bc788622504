/*
 * match.c - does a letter match a search?
 */
#include "gateway/imap/match.h"

#include <errno.h>
#include <sys/mman.h>

#include "lib/message/header.h"
#include "lib/message/words.h"
#include "store/keywords.h"

#define DAY_MS		86400000
#define FIELD_BYTES	(1024 * 1024)	/* of one decoded: HARDENING 2 */

/* The words that are looked for in whole letters, in the order of the tree. */
static void
collect(struct imapd_match *match, const struct imapd_key *key)
{
	for (; key != NULL; key = key->next) {
		if (key->kind == IMAPD_KEY_TEXT || key->kind == IMAPD_KEY_BODY)
			match->sought[match->sought_count++].key = key;
		collect(match, key->inside);
	}
}

/* "*" and order of the sets. */
static void
settle_sets(struct imapd_match *match, struct imapd_key *key)
{
	const struct selected *selected = match->session->selected;
	size_t count = selected_count(selected);

	for (; key != NULL; key = key->next) {
		if (key->kind == IMAPD_KEY_SET)
			imapd_set_ranges(&key->set, (uint32_t)count);
		else if (key->kind == IMAPD_KEY_UIDS)
			imapd_set_ranges(&key->set, count == 0 ? 0 :
			    selected_at(selected, count - 1)->uid);
		settle_sets(match, key->inside);
	}
}

int
imapd_match_begin(struct imapd_match *match, struct imapd_session *session,
    struct imapd_key *keys)
{
	*match = (struct imapd_match){
		.session = session, .keys = keys, .now_ms = clock_utc_ms(),
		.copy = TEXT_INIT(64 * 1024 + 2 * BIG_BYTES),
		.letter = { .fd = -1 },
	};
	match->sought = arena_array(session->arena, IMAPD_KEYS_MOST,
	    sizeof(*match->sought));
	if (match->sought == NULL)
		return -ENOMEM;
	collect(match, keys);
	settle_sets(match, keys);
	return 0;
}

static void
end_reading(struct imapd_match *match)
{
	if (match->reads != 0)
		letter_text_end(&match->reader);
	match->reads = 0;
	for (size_t i = 0; i < match->sought_count; i++)
		finder_end(&match->sought[i].finder);
}

void
imapd_match_next(struct imapd_match *match)
{
	end_reading(match);
	if (match->map != NULL)
		(void)munmap(match->map,
		    (size_t)match->letter.facts.body_bytes);
	match->map = NULL;
	imapd_letter_end(&match->letter);
	match->has = 0;
}

void
imapd_match_end(struct imapd_match *match)
{
	imapd_match_next(match);
	text_free(&match->copy);
}

int
imapd_match_look(struct imapd_match *match, size_t n)
{
	int r = imapd_letter_find(&match->letter, match->session->selected, n,
	    FACTS_SAVED);

	if (r == 0)
		match->has = IMAPD_HAS_FACTS | (match->letter.packed.len > 0 ?
		    IMAPD_HAS_STRUCTURE : 0);
	return r;
}

/* All bytes of the letter, where they stay while it is read. */
static int
hold_bytes(struct imapd_match *match)
{
	const struct letter_facts *facts = &match->letter.facts;
	size_t size = (size_t)facts->body_bytes;
	int r;

	if (facts->is_big) {
		match->trace = text_slice(&match->letter.trace);
		match->map = mmap(NULL, size, PROT_READ, MAP_PRIVATE,
		    match->letter.fd, 0);
		if (match->map == MAP_FAILED) {
			match->map = NULL;
			return -errno;
		}
		match->message = slice_of(match->map, size);
		return 0;
	}
	text_clear(&match->copy);
	r = imapd_letter_add(&match->letter, 0, facts->trace_bytes +
	    facts->body_bytes, &match->copy);
	match->trace = slice_first(text_slice(&match->copy),
	    facts->trace_bytes);
	match->message = slice_after(text_slice(&match->copy),
	    facts->trace_bytes);
	return r;
}

static void
read_part(struct imapd_match *match, unsigned what)
{
	match->reads = what;
	letter_text_begin(&match->reader, &match->letter.structure,
	    match->trace, match->message, what);
	for (size_t i = 0; i < match->sought_count; i++)
		finder_break(&match->sought[i].finder);
}

int
imapd_match_open(struct imapd_match *match)
{
	int r = imapd_letter_structure(&match->letter);

	if (r == 0)
		r = hold_bytes(match);
	if (r < 0)
		return r;
	match->has |= IMAPD_HAS_STRUCTURE;
	for (size_t i = 0; i < match->sought_count; i++) {
		r = finder_begin(&match->sought[i].finder,
		    match->sought[i].key->text);
		if (r < 0)
			return r;
		match->sought[i].found = match->sought[i].key->text.len == 0;
	}
	read_part(match, LETTER_TEXT_HEADER);
	return 0;
}

/* Show a piece to every key it is for. */
static int
show(struct imapd_match *match, struct slice piece, bool is_fresh)
{
	for (size_t i = 0; i < match->sought_count; i++) {
		struct imapd_sought *sought = &match->sought[i];
		int r;

		if (sought->found || (match->reads == LETTER_TEXT_HEADER &&
		    sought->key->kind == IMAPD_KEY_BODY))
			continue;
		if (is_fresh)
			finder_break(&sought->finder);
		r = finder_add(&sought->finder, piece);
		if (r < 0)
			return r;
		sought->found = r > 0;
	}
	return 0;
}

static bool
all_found(const struct imapd_match *match)
{
	for (size_t i = 0; i < match->sought_count; i++)
		if (!match->sought[i].found)
			return false;
	return true;
}

int
imapd_match_read(struct imapd_match *match)
{
	struct slice piece = { NULL, 0 };
	bool is_fresh = false;
	int r = 0;

	if (!all_found(match)) {
		r = letter_text_next(&match->reader, &piece, &is_fresh);
		if (r > 0) {
			r = show(match, piece, is_fresh);
			return r < 0 ? r : 1;
		}
		if (r == 0 && match->reads == LETTER_TEXT_HEADER) {
			letter_text_end(&match->reader);
			read_part(match, LETTER_TEXT_BODY);
			return 1;
		}
	}
	if (r == 0)
		match->has |= IMAPD_HAS_TEXT;
	end_reading(match);
	return r;
}

/* RFC 9051 6.4.4: a field of that name that contains the text. */
static enum imapd_verdict
in_block(const struct imapd_key *key, struct slice block)
{
	TEXT_AUTO value = TEXT_INIT(FIELD_BYTES);
	struct header_field field;
	struct finder finder;
	bool found = false;

	if (finder_begin(&finder, key->text) < 0)
		return IMAPD_NO;
	while (!found && header_next(&block, &field)) {
		if (!slice_is_nocase(field.name, key->field))
			continue;
		text_clear(&value);
		words_decode(&value, field.value);
		finder_break(&finder);
		found = key->text.len == 0 ||
		    finder_add(&finder, text_slice(&value)) > 0;
	}
	finder_end(&finder);
	return found ? IMAPD_YES : IMAPD_NO;
}

static enum imapd_verdict
in_header(const struct imapd_match *match, const struct imapd_key *key)
{
	struct slice message = match->message;

	if (in_block(key, match->trace) == IMAPD_YES)
		return IMAPD_YES;
	(void)header_skip_mbox(&message);
	return in_block(key, slice_first(message, header_bytes(message)));
}

static enum imapd_verdict
was_found(const struct imapd_match *match, const struct imapd_key *key)
{
	for (size_t i = 0; i < match->sought_count; i++)
		if (match->sought[i].key == key)
			return match->sought[i].found ? IMAPD_YES : IMAPD_NO;
	return IMAPD_NO;
}

static bool
has_keyword(const struct imapd_match *match,
    const struct selected_letter *letter, struct slice keyword)
{
	return keywords_have(selected_words(match->session->selected,
	    letter->keywords), keyword);
}

static bool
was_saved(const struct imapd_session *session, uint32_t uid)
{
	size_t low = 0, high = session->saved_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (session->saved[middle] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < session->saved_count && session->saved[low] == uid;
}

/* RFC 8474 5.1: as FETCH tells it. */
static bool
is_email_id(const struct letter_facts *facts, struct slice text)
{
	TEXT_AUTO id = TEXT_INIT(128);

	imapd_add_email_id(&id, facts);
	return slice_is(text_slice(&id), text);
}

static int64_t
day_of(int64_t utc_ms)
{
	return utc_ms >= 0 ? utc_ms / DAY_MS : -1;
}

/* A key that one letter's row, view or bytes answer. */
static bool
holds(const struct imapd_match *match, const struct imapd_key *key, size_t n)
{
	const struct selected_letter *letter =
	    selected_at(match->session->selected, n);
	const struct letter_facts *facts = &match->letter.facts;
	const struct structure *structure = &match->letter.structure;
	int64_t came = facts->received_at_utc_ms;
	int64_t saved = facts->saved_at_utc_ms != 0 ?
	    facts->saved_at_utc_ms : came;

	switch (key->kind) {
	case IMAPD_KEY_FLAG:
		return (letter->flags & key->flag) != 0;
	case IMAPD_KEY_NO_FLAG:
		return (letter->flags & key->flag) == 0;
	case IMAPD_KEY_KEYWORD:
		return has_keyword(match, letter, key->text);
	case IMAPD_KEY_NO_KEYWORD:
		return !has_keyword(match, letter, key->text);
	case IMAPD_KEY_SET:
		return key->set.is_saved ? was_saved(match->session,
		    letter->uid) : imapd_set_has(&key->set, (uint32_t)n + 1);
	case IMAPD_KEY_UIDS:
		return key->set.is_saved ? was_saved(match->session,
		    letter->uid) : imapd_set_has(&key->set, letter->uid);
	case IMAPD_KEY_MODSEQ:
		return letter->modseq >= key->number;
	case IMAPD_KEY_BEFORE:
		return day_of(came) < key->day;
	case IMAPD_KEY_ON:
		return day_of(came) == key->day;
	case IMAPD_KEY_SINCE:
		return day_of(came) >= key->day;
	case IMAPD_KEY_SAVED_BEFORE:
		return day_of(saved) < key->day;
	case IMAPD_KEY_SAVED_ON:
		return day_of(saved) == key->day;
	case IMAPD_KEY_SAVED_SINCE:
		return day_of(saved) >= key->day;
	case IMAPD_KEY_YOUNGER:
		return match->now_ms - came <= (int64_t)key->number * 1000;
	case IMAPD_KEY_OLDER:
		return match->now_ms - came >= (int64_t)key->number * 1000;
	case IMAPD_KEY_EMAILID:
		return is_email_id(facts, key->text);
	case IMAPD_KEY_LARGER:
		return facts->bytes > key->number;
	case IMAPD_KEY_SMALLER:
		return facts->bytes < key->number;
	case IMAPD_KEY_SENT_BEFORE:
		return structure->has_sent && structure->sent_day < key->day;
	case IMAPD_KEY_SENT_ON:
		return structure->has_sent && structure->sent_day == key->day;
	case IMAPD_KEY_SENT_SINCE:
		return structure->has_sent && structure->sent_day >= key->day;
	default:
		return key->kind != IMAPD_KEY_NONE;
	}
}

/* What has to be at hand for a key of that kind. */
static unsigned
needed(enum imapd_key_kind kind)
{
	switch (kind) {
	case IMAPD_KEY_BEFORE:
	case IMAPD_KEY_ON:
	case IMAPD_KEY_SINCE:
	case IMAPD_KEY_SAVED_BEFORE:
	case IMAPD_KEY_SAVED_ON:
	case IMAPD_KEY_SAVED_SINCE:
	case IMAPD_KEY_YOUNGER:
	case IMAPD_KEY_OLDER:
	case IMAPD_KEY_LARGER:
	case IMAPD_KEY_SMALLER:
	case IMAPD_KEY_EMAILID:
		return IMAPD_HAS_FACTS;
	case IMAPD_KEY_SENT_BEFORE:
	case IMAPD_KEY_SENT_ON:
	case IMAPD_KEY_SENT_SINCE:
		return IMAPD_HAS_STRUCTURE;
	case IMAPD_KEY_HEADER:
	case IMAPD_KEY_BODY:
	case IMAPD_KEY_TEXT:
		return IMAPD_HAS_TEXT;
	default:
		return 0;
	}
}

static enum imapd_verdict	judge_all(struct imapd_match *,
				    const struct imapd_key *, size_t n);

static enum imapd_verdict	judge_either(struct imapd_match *,
				    const struct imapd_key *, size_t n);

static enum imapd_verdict
judge_one(struct imapd_match *match, const struct imapd_key *key, size_t n)
{
	enum imapd_verdict inside;
	unsigned needs;

	switch (key->kind) {
	case IMAPD_KEY_AND:
		return judge_all(match, key->inside, n);
	case IMAPD_KEY_OR:
		return judge_either(match, key->inside, n);
	case IMAPD_KEY_NOT:
		inside = judge_one(match, key->inside, n);
		return inside == IMAPD_NOT_YET ? inside :
		    inside == IMAPD_YES ? IMAPD_NO : IMAPD_YES;
	default:
		break;
	}
	needs = needed(key->kind);
	if ((match->has & needs) != needs)
		return IMAPD_NOT_YET;
	if (key->kind == IMAPD_KEY_HEADER)
		return in_header(match, key);
	if (needs == IMAPD_HAS_TEXT)
		return was_found(match, key);
	return holds(match, key, n) ? IMAPD_YES : IMAPD_NO;
}

/* All of them hold: one that does not decides. */
static enum imapd_verdict
judge_all(struct imapd_match *match, const struct imapd_key *keys, size_t n)
{
	enum imapd_verdict verdict = IMAPD_YES, one;

	for (; keys != NULL; keys = keys->next) {
		one = judge_one(match, keys, n);
		if (one == IMAPD_NO)
			return one;
		if (one == IMAPD_NOT_YET)
			verdict = one;
	}
	return verdict;
}

/* One of them holds: one that does decides. */
static enum imapd_verdict
judge_either(struct imapd_match *match, const struct imapd_key *keys,
    size_t n)
{
	enum imapd_verdict verdict = IMAPD_NO, one;

	for (; keys != NULL; keys = keys->next) {
		one = judge_one(match, keys, n);
		if (one == IMAPD_YES)
			return one;
		if (one == IMAPD_NOT_YET)
			verdict = one;
	}
	return verdict;
}

enum imapd_verdict
imapd_match_judge(struct imapd_match *match, size_t n)
{
	return judge_all(match, match->keys, n);
}
