/*
 * sort.c - SORT (RFC 5256 3, RFC 5267 3, RFC 5957)
 *
 * First the search, then the keys of what was found, then the order of them;
 * each goes on in steps.  A letter costs 16 bytes, 8 a key, and the bytes of keys
 * that are strings, at most SORT_KEY_MOST each: some 100 bytes for a letter that
 * is sorted by subject and date, 5 MB for 50,000 of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/imap/gather.h"
#include "gateway/imap/parse_sort.h"
#include "lib/base/merge.h"
#include "lib/message/sort_key.h"

/* Of all keys, and of all strings: 500,000 letters by subject and date. */
#define KEYS_BYTES	(32 * 1024 * 1024)
#define STRINGS_BYTES	(48 * 1024 * 1024)
#define ORDER_STEP	1000	/* letters placed: below 1 ms */
#define ORDER_MS	5

struct sort {
	struct imapd_gather	 gather;	/* first: session->work */
	struct imapd_sort	 asked;
	int64_t			*keys;		/* of each letter, in a row */
	struct text		 strings;	/* a length (2) and its bytes */
	uint32_t		*order;		/* in room for two */
	struct merge		 merge;
};

static void
drop(struct imapd_session *session)
{
	struct sort *sort = session->work;

	imapd_find_end(&sort->gather.finding);
	free(sort->keys);
	free(sort->order);
	text_free(&sort->strings);
}

static bool
is_string(enum imapd_sort_kind kind)
{
	return kind >= IMAPD_SORT_CC;
}

/* Keep a key that is a string; *at_out is its place. */
static int
add_string(struct sort *sort, enum imapd_sort_kind kind,
    const struct structure *structure, int64_t *at_out)
{
	static const enum sort_key keys[] = {
		[IMAPD_SORT_CC] = SORT_CC,
		[IMAPD_SORT_FROM] = SORT_FROM,
		[IMAPD_SORT_SUBJECT] = SORT_SUBJECT,
		[IMAPD_SORT_TO] = SORT_TO,
		[IMAPD_SORT_DISPLAYFROM] = SORT_DISPLAYFROM,
		[IMAPD_SORT_DISPLAYTO] = SORT_DISPLAYTO,
	};
	TEXT_AUTO key = TEXT_INIT(SORT_KEY_MOST);
	bool is_reply;
	int r = structure == NULL ? 0 :
	    sort_key_add(&key, structure, keys[kind], &is_reply);

	if (r < 0)
		return r;
	*at_out = (int64_t)sort->strings.len;
	text_add_byte(&sort->strings, (char)(key.len >> 8));
	text_add_byte(&sort->strings, (char)(key.len & 0xff));
	text_add(&sort->strings, text_slice(&key));
	return text_failed(&sort->strings) ? -ENOBUFS : 0;
}

static struct slice
string_at(const struct sort *sort, int64_t at)
{
	const char *length = sort->strings.at + at;

	return slice_of(length + 2, (size_t)(unsigned char)length[0] << 8 |
	    (unsigned char)length[1]);
}

static int
add_letter(struct imapd_session *session, const struct letter_facts *facts,
    const struct structure *structure)
{
	struct sort *sort = session->work;
	int64_t *keys = sort->keys +
	    sort->gather.finding.gathered * sort->asked.count;
	/* seconds, as INTERNALDATE is told */
	int64_t came = facts == NULL ? 0 : facts->received_at_utc_ms / 1000;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sort->asked.count; i++) {
		enum imapd_sort_kind kind = sort->asked.keys[i].kind;

		if (kind == IMAPD_SORT_ARRIVAL)
			keys[i] = came;
		else if (kind == IMAPD_SORT_DATE)
			keys[i] = structure != NULL && structure->has_sent ?
			    structure->sent_utc : came;
		else if (kind == IMAPD_SORT_SIZE)
			keys[i] = facts == NULL ? 0 : (int64_t)facts->bytes;
		else
			r = add_string(sort, kind, structure, &keys[i]);
	}
	return r;
}

static int
in_order(void *arg, uint32_t a, uint32_t b)
{
	const struct sort *sort = arg;
	size_t count = sort->asked.count;
	const int64_t *one = sort->keys + a * count;
	const int64_t *two = sort->keys + b * count;
	int order = 0;

	for (size_t i = 0; i < count && order == 0; i++) {
		order = is_string(sort->asked.keys[i].kind) ?
		    slice_order(string_at(sort, one[i]),
		    string_at(sort, two[i])) :
		    one[i] < two[i] ? -1 : one[i] > two[i];
		/* RFC 5256 3: equals stay in the order of the mailbox */
		if (sort->asked.keys[i].reverse)
			order = -order;
	}
	return order;
}

static void
tell(struct imapd_session *session)
{
	struct sort *sort = session->work;
	struct imapd_finding *finding = &sort->gather.finding;
	uint32_t *order = merge_items(&sort->merge);

	for (size_t i = 0; i < finding->found; i++)
		order[i] = imapd_is_uid(session) ? finding->uids[order[i]] :
		    finding->numbers[order[i]];
	imapd_find_tell(session, "SORT", order);
}

static void
go_order(struct imapd_session *session)
{
	struct sort *sort = session->work;
	uint64_t until = clock_ms() + ORDER_MS;
	bool is_done;

	do {
		is_done = merge_step(&sort->merge, ORDER_STEP);
	} while (!is_done && clock_ms() <= until);
	if (is_done)
		tell(session);
}

static void
order_all(struct imapd_session *session)
{
	struct sort *sort = session->work;
	size_t found = sort->gather.finding.found;

	for (size_t i = 0; i < found; i++)
		sort->order[i] = (uint32_t)i;
	merge_begin(&sort->merge, sort->order, sort->order + found, found,
	    in_order, sort);
	sort->gather.finding.go = go_order;
}

/* The letters are found. */
static void
found_all(struct imapd_session *session)
{
	struct sort *sort = session->work;
	size_t found = sort->gather.finding.found, count = sort->asked.count;
	bool wants_structure = false;

	for (size_t i = 0; i < count; i++)
		if (is_string(sort->asked.keys[i].kind) ||
		    sort->asked.keys[i].kind == IMAPD_SORT_DATE)
			wants_structure = true;
	if (found > KEYS_BYTES / (count * sizeof(*sort->keys))) {
		imapd_gather_refuse(session, -ENOBUFS);
		return;
	}
	sort->keys = calloc(found * count + 1, sizeof(*sort->keys));
	sort->order = calloc(found * 2 + 1, sizeof(*sort->order));
	if (sort->keys == NULL || sort->order == NULL)
		imapd_refuse(session, -ENOMEM);
	else
		imapd_gather(session, wants_structure, add_letter, order_all);
}

void
imapd_sort(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_sort asked;
	struct sort *sort;

	if (!imapd_sort_read(parse, &asked))
		return;
	sort = imapd_work(session, sizeof(*sort));
	if (sort == NULL)
		return;
	session->drop = drop;
	sort->asked = asked;
	sort->gather.finding.gathers = true;
	sort->strings.limit = STRINGS_BYTES;
	imapd_find(session, &asked.search, found_all);
}
