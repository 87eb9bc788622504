/*
 * vocabulary.c - how many different keywords the letters of a mailbox have
 */
#include "store/vocabulary.h"

#include <errno.h>

#include "store/account.h"
#include "store/index_inside.h"
#include "store/keywords.h"

/*
 * Words that are looked at: a mailbox whose mail was delivered with more takes
 * no further ones, whichever they are.
 */
#define LOOKED_AT	(2 * KEYWORDS_OF_MAILBOX)

static void
add(struct vocabulary *vocabulary, struct slice words)
{
	struct slice word;

	while (vocabulary->count < LOOKED_AT && slice_word(&words, &word)) {
		if (keywords_have(text_slice(&vocabulary->words), word))
			continue;
		keywords_add(&vocabulary->words, word);
		vocabulary->count++;
	}
}

static int
read_words(struct vocabulary *vocabulary, struct index *index,
    uint32_t mailbox)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_WORDS);
	int		r = 0;

	vocabulary_forget(vocabulary);
	vocabulary->words.limit = LOOKED_AT * (KEYWORDS_MOST + 1);
	db_put_u64(&q, ENTRY_FIRST(mailbox));
	db_put_u64(&q, ENTRY_LAST(mailbox));
	while (vocabulary->count < LOOKED_AT && (r = db_next(&q)) > 0)
		add(vocabulary, db_blob(&q, 0, KEYWORDS_MOST));
	if (r >= 0 && text_failed(&vocabulary->words))
		r = -ENOMEM;
	if (r < 0) {
		vocabulary_forget(vocabulary);
		return r;
	}
	vocabulary->mailbox = mailbox;
	return 0;
}

/* How many of them are new. */
static size_t
count_new(const struct vocabulary *vocabulary, struct slice words)
{
	struct slice word;
	size_t count = 0;

	while (slice_word(&words, &word))
		count += !keywords_have(text_slice(&vocabulary->words), word);
	return count;
}

static bool
has_room(const struct vocabulary *vocabulary, struct slice words)
{
	size_t more = count_new(vocabulary, words);

	return more == 0 || vocabulary->count + more <= KEYWORDS_OF_MAILBOX;
}

int
vocabulary_admit(struct vocabulary *vocabulary, struct index *index,
    uint32_t mailbox, struct slice words)
{
	bool is_fresh = vocabulary->mailbox != mailbox;
	int r = 0;

	if (words.len == 0)
		return 0;
	if (is_fresh)
		r = read_words(vocabulary, index, mailbox);
	if (r == 0 && !is_fresh && !has_room(vocabulary, words))
		r = read_words(vocabulary, index, mailbox);
	if (r < 0)
		return r;
	if (!has_room(vocabulary, words))
		return -E2BIG;
	add(vocabulary, words);
	if (text_failed(&vocabulary->words)) {
		vocabulary_forget(vocabulary);
		return -ENOMEM;
	}
	return 0;
}

void
vocabulary_forget(struct vocabulary *vocabulary)
{
	vocabulary->mailbox = 0;
	vocabulary->count = 0;
	text_clear(&vocabulary->words);
}

void
vocabulary_free(struct vocabulary *vocabulary)
{
	text_free(&vocabulary->words);
}
