/*
 * match.c - does a letter match a search?
 */
#include "gateway/imap/match.h"

#include <errno.h>

#include "lib/base/zone.h"
#include "store/keywords.h"

#define DAY_MS		86400000
#define NARROW_AFTER	8	/* letters: to ask costs as much */
#define RUN_MOST	50	/* letters in one look at the index */
/* A step of find.h, folded: one byte may become twelve. */
#define FOLDED_BYTES	(256 * 1024)

static unsigned	needed(enum imapd_key_kind);

static bool
looks_at_words(const struct imapd_key *key)
{
	return key->kind == IMAPD_KEY_TEXT || key->kind == IMAPD_KEY_BODY ||
	    key->kind == IMAPD_KEY_HEADER;
}

static bool
is_of_saving(const struct imapd_key *key)
{
	return key->kind == IMAPD_KEY_SAVED_BEFORE ||
	    key->kind == IMAPD_KEY_SAVED_ON ||
	    key->kind == IMAPD_KEY_SAVED_SINCE;
}

/* The keys that look at the words of letters, in the order of the tree. */
static int
collect(struct imapd_match *match, const struct imapd_key *key,
    const char **words_out)
{
	struct imapd_sought *sought;
	int r = 0;

	for (; r == 0 && key != NULL; key = key->next) {
		match->needs |= needed(key->kind);
		match->wants_saved = match->wants_saved || is_of_saving(key);
		if (looks_at_words(key)) {
			if (match->sought_count == IMAPD_SOUGHT_MOST) {
				*words_out = "a search looks for 32 texts at "
				    "most";
				return -E2BIG;
			}
			sought = &match->sought[match->sought_count++];
			sought->key = key;
			r = finder_begin(&sought->finder, key->text);
			if (r == -E2BIG)
				*words_out = "a text that is looked for has "
				    "8192 bytes at most";
			else if (r == 0)
				(void)finder_word(&sought->finder,
				    &sought->word);
		}
		if (r == 0)
			r = collect(match, key->inside, words_out);
	}
	return r;
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
    struct imapd_key *keys, const char **words_out)
{
	int r;

	*match = (struct imapd_match){
		.session = session, .keys = keys, .now_ms = clock_utc_ms(),
		.copy = TEXT_INIT(64 * 1024 + 2 * BIG_BYTES),
		.folded = TEXT_INIT(FOLDED_BYTES),
		.letter = { .fd = -1 },
	};
	r = collect(match, keys, words_out);
	if (r == 0)
		settle_sets(match, keys);
	return r;
}

static void
end_reading(struct imapd_match *match)
{
	if (match->reads != 0)
		letter_text_end(&match->reader);
	match->reads = 0;
	match->piece = slice_of(NULL, 0);
}

void
imapd_match_next(struct imapd_match *match)
{
	end_reading(match);
	imapd_letter_end(&match->letter);
	match->has = 0;
}

void
imapd_match_end(struct imapd_match *match)
{
	imapd_match_next(match);
	search_query_free(match->query);
	for (size_t i = 0; i < match->sought_count; i++)
		finder_end(&match->sought[i].finder);
	text_free(&match->folded);
	text_free(&match->copy);
}

bool
imapd_match_narrow(struct imapd_match *match)
{
	if (match->is_narrowed || match->opened < NARROW_AFTER)
		return false;
	if (match->query == NULL) {
		match->query = search_query_new(match->session->account);
		if (match->query == NULL) {
			match->is_narrowed = true;
			return false;
		}
		for (size_t i = 0; i < match->sought_count; i++)
			match->sought[i].indexed = search_query_add(
			    match->query, match->sought[i].key->text);
	}
	match->is_narrowed = !search_query_step(match->query);
	return !match->is_narrowed;
}

int
imapd_match_look(struct imapd_match *match, size_t n)
{
	int r = imapd_letter_find(&match->letter, match->session->selected, n,
	    match->wants_saved ? FACTS_SAVED : 0);

	if (r == 0)
		match->has = IMAPD_HAS_FACTS | (match->letter.packed.len > 0 ?
		    IMAPD_HAS_STRUCTURE : 0);
	return r;
}

/* The message of a big letter, from its file: a bad sector is an error for one
 * letter. */
static int
read_message(void *arg, uint64_t at, size_t most, struct slice *piece_out)
{
	struct imapd_match *match = arg;

	return imapd_letter_piece(&match->letter,
	    match->letter.facts.trace_bytes + at, most, piece_out);
}

/* Does the key still look at what is read now? */
static bool
is_looking(const struct imapd_match *match, const struct imapd_sought *sought)
{
	return !sought->found && sought->key->kind !=
	    (match->reads == LETTER_TEXT_HEADER ? IMAPD_KEY_BODY :
	    IMAPD_KEY_HEADER);
}

static bool
is_any_looking(const struct imapd_match *match)
{
	for (size_t i = 0; i < match->sought_count; i++)
		if (is_looking(match, &match->sought[i]))
			return true;
	return false;
}

/* Words without which nothing that is looked for can be there; or none. */
static void
seek(struct imapd_match *match)
{
	size_t count = 0;

	for (size_t i = 0; i < match->sought_count; i++) {
		if (!is_looking(match, &match->sought[i]))
			continue;
		if (match->sought[i].word.len == 0)
			return;
		match->words[count++] = match->sought[i].word;
	}
	letter_text_seek(&match->reader, match->words, count);
}

/* Its fields, or what is behind them. */
static void
read_part(struct imapd_match *match, unsigned what)
{
	struct slice copy = text_slice(&match->copy);
	const struct letter_facts *facts = &match->letter.facts;
	struct message_bytes bytes = { .size = facts->body_bytes,
	    .read = read_message, .arg = match };
	struct slice trace = text_slice(&match->letter.trace);

	if (match->letter.is_lent) {
		trace = facts->text.trace;
		bytes = message_bytes_in(facts->text.body);
	} else if (!facts->is_big) {
		trace = slice_first(copy, facts->trace_bytes);
		bytes = message_bytes_in(slice_after(copy,
		    facts->trace_bytes));
	}
	match->reads = what;
	match->piece = slice_of(NULL, 0);
	match->name_bytes = 0;
	letter_text_begin_bytes(&match->reader, &match->letter.structure,
	    trace, &bytes, what);
	seek(match);
}

/* Its bytes are at hand, and its structure. */
static void
begin_reading(struct imapd_match *match)
{
	match->has |= IMAPD_HAS_STRUCTURE;
	for (size_t i = 0; i < match->sought_count; i++) {
		struct imapd_sought *sought = &match->sought[i];

		finder_again(&sought->finder);
		/* that a field is there at all has to be seen */
		sought->found = sought->key->text.len == 0 &&
		    sought->key->kind != IMAPD_KEY_HEADER;
	}
	read_part(match, LETTER_TEXT_HEADER);
}

int
imapd_match_open(struct imapd_match *match)
{
	const struct letter_facts *facts = &match->letter.facts;
	int r = imapd_letter_structure(&match->letter);

	match->opened++;
	text_clear(&match->copy);
	if (r == 0 && !facts->is_big)
		r = imapd_letter_add(&match->letter, 0, facts->trace_bytes +
		    facts->body_bytes, &match->copy);
	if (r < 0)
		return r;
	begin_reading(match);
	return 0;
}

size_t
imapd_match_run(const struct imapd_match *match, size_t n, size_t count,
    unsigned *wanted_out)
{
	const unsigned rows = IMAPD_HAS_FACTS | IMAPD_HAS_STRUCTURE;
	size_t run = 1, most = RUN_MOST;

	/* what a row may decide is no reason to read letters with it */
	if ((match->needs & IMAPD_HAS_TEXT) != 0 && (match->needs & rows) != 0)
		return 0;
	if ((match->needs & IMAPD_HAS_TEXT) != 0 && !match->is_narrowed)
		most = NARROW_AFTER;
	while (run < most && n + run < count &&
	    imapd_match_judge(match, n + run) == IMAPD_NOT_YET)
		run++;
	*wanted_out = (match->wants_saved ? FACTS_SAVED : 0) |
	    ((match->needs & rows) == IMAPD_HAS_FACTS ? 0 : FACTS_STRUCTURE) |
	    ((match->needs & IMAPD_HAS_TEXT) != 0 ? FACTS_TEXT : 0);
	return run;
}

bool
imapd_match_take(struct imapd_match *match, size_t n,
    const struct letter_facts *facts)
{
	struct imapd_letter *letter = &match->letter;

	if (facts == NULL)
		return false;
	if ((match->needs & IMAPD_HAS_TEXT) != 0) {
		if (!imapd_letter_lend(letter, match->session->selected, n,
		    facts, true))
			return false;
		match->opened++;
		match->has = IMAPD_HAS_FACTS;
		begin_reading(match);
		return true;
	}
	if ((match->needs & IMAPD_HAS_STRUCTURE) != 0 && structure_open(
	    facts->structure, &letter->structure) < 0)
		return false;
	letter->facts = *facts;
	match->has = IMAPD_HAS_FACTS | (match->needs & IMAPD_HAS_STRUCTURE);
	return true;
}

/* A piece begins that does not go on where the last one ended; of the header
 * that is a field. */
static void
begin_piece(struct imapd_match *match, struct slice piece)
{
	bool is_header = match->reads == LETTER_TEXT_HEADER;
	struct slice name = { NULL, 0 };

	match->name_bytes = 0;
	if (is_header && slice_cut(&piece, ':', &name))
		match->name_bytes = name.len + 2;
	for (size_t i = 0; i < match->sought_count; i++) {
		struct imapd_sought *sought = &match->sought[i];

		finder_break(&sought->finder);
		sought->is_field = sought->key->kind == IMAPD_KEY_HEADER &&
		    is_header && slice_is_nocase(name, sought->key->field);
		if (sought->is_field && sought->key->text.len == 0)
			sought->found = true;
	}
}

/* Show a step of the piece to every key that looks at it. */
static int
show_step(struct imapd_match *match)
{
	struct slice step = find_step(&match->piece), folded, value;
	int r = 0;

	text_clear(&match->folded);
	find_fold(&match->folded, step);
	if (text_failed(&match->folded))
		return -ENOMEM;
	folded = text_slice(&match->folded);
	/* RFC 9051 6.4.4: HEADER looks behind the name, which is ASCII */
	value = slice_after(folded, match->name_bytes);
	match->name_bytes -= folded.len - value.len;
	for (size_t i = 0; r >= 0 && i < match->sought_count; i++) {
		struct imapd_sought *sought = &match->sought[i];

		if (!is_looking(match, sought) || (!sought->is_field &&
		    sought->key->kind == IMAPD_KEY_HEADER))
			continue;
		r = finder_add_folded(&sought->finder, sought->is_field ?
		    value : folded);
		sought->found = r > 0;
	}
	return r < 0 ? r : 0;
}

/* Take the next piece.  1, 0: there is none, or -errno. */
static int
next_piece(struct imapd_match *match)
{
	bool is_fresh = false;
	int r = letter_text_next(&match->reader, &match->piece, &is_fresh);

	if (r > 0 && is_fresh)
		begin_piece(match, match->piece);
	return r;
}

int
imapd_match_read(struct imapd_match *match)
{
	int r = 0;

	if (is_any_looking(match))
		r = match->piece.len > 0 ? 1 : next_piece(match);
	if (r > 0) {
		r = show_step(match);
		return r < 0 ? r : 1;
	}
	if (r < 0)
		return r;
	if (match->reads == LETTER_TEXT_HEADER) {
		letter_text_end(&match->reader);
		read_part(match, LETTER_TEXT_BODY);
		return 1;
	}
	match->has |= IMAPD_HAS_TEXT;
	end_reading(match);
	return 0;
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

/* RFC 9051 6.4.4: the day that INTERNALDATE tells, in the office's zone. */
static int64_t
day_of(int64_t utc_ms)
{
	int64_t ms = utc_ms + (int64_t)zone_minutes(utc_ms) * 60000;

	return ms >= 0 ? ms / DAY_MS : -1;
}

/* A key that one letter's row, view or bytes answer. */
static bool
holds(const struct imapd_match *match, const struct imapd_key *key, size_t n)
{
	const struct selected_letter *letter =
	    selected_at(match->session->selected, n);
	const struct letter_facts *facts = &match->letter.facts;
	const struct structure *structure = &match->letter.structure;
	/* RFC 9051 has no such flag: to who speaks that nothing is new */
	bool is_recent = letter->is_recent && !match->session->rev2;
	int64_t came = facts->received_at_utc_ms;
	int64_t saved = facts->saved_at_utc_ms != 0 ?
	    facts->saved_at_utc_ms : came;

	switch (key->kind) {
	case IMAPD_KEY_FLAG:
		return (letter->flags & key->flag) != 0;
	case IMAPD_KEY_NO_FLAG:
		return (letter->flags & key->flag) == 0;
	case IMAPD_KEY_NEW:
		return is_recent && (letter->flags & LETTER_SEEN) == 0;
	case IMAPD_KEY_RECENT:
		return is_recent;
	case IMAPD_KEY_OLD:
		return !is_recent;
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

/* The index knows that the letter does not have this text. */
static bool
is_excluded(const struct imapd_match *match, const struct imapd_key *key,
    size_t n)
{
	for (size_t i = 0; match->query != NULL && i < match->sought_count;
	    i++) {
		const struct imapd_sought *sought = &match->sought[i];

		if (sought->key == key)
			return sought->indexed >= 0 && search_query_excludes(
			    match->query, sought->indexed, selected_at(
			    match->session->selected, n)->letter);
	}
	return false;
}

static enum imapd_verdict	judge_all(const struct imapd_match *,
				    const struct imapd_key *, size_t n);

static enum imapd_verdict	judge_either(const struct imapd_match *,
				    const struct imapd_key *, size_t n);

static enum imapd_verdict
judge_one(const struct imapd_match *match, const struct imapd_key *key, size_t n)
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
		return is_excluded(match, key, n) ? IMAPD_NO : IMAPD_NOT_YET;
	if (needs == IMAPD_HAS_TEXT)
		return was_found(match, key);
	return holds(match, key, n) ? IMAPD_YES : IMAPD_NO;
}

/* All of them hold: one that does not decides. */
static enum imapd_verdict
judge_all(const struct imapd_match *match, const struct imapd_key *keys, size_t n)
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
judge_either(const struct imapd_match *match, const struct imapd_key *keys,
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
imapd_match_judge(const struct imapd_match *match, size_t n)
{
	return judge_all(match, match->keys, n);
}
