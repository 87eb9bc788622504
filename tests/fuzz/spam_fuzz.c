/*
 * spam_fuzz.c - whatever a message is, its features keep to their limits
 *
 * None of them is there twice, all stand in the source, and what is learnt of
 * them is told in words that can be shown.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filters/spam/reasons.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
check_features(const struct spam_features *f)
{
	static uint32_t sorted[SPAM_FEATURES_MOST];
	size_t count = spam_features_count(f);

	assert(count > 0 && count <= SPAM_FEATURES_MOST);
	memcpy(sorted, spam_features_hashes(f), count * sizeof(sorted[0]));
	qsort(sorted, count, sizeof(sorted[0]), by_value);
	for (size_t i = 0; i < count; i++) {
		struct spam_origin origin = spam_features_origin(f, i);

		assert(i == 0 || sorted[i - 1] != sorted[i]);
		assert(origin.at + origin.bytes <= spam_features_source(f).len);
	}
}

static void
check_reasons(const struct spam_reason *reasons, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct slice words = slice_str(reasons[i].words);

		assert(slice_is_utf8(words));
		for (size_t k = 0; k < words.len; k++)
			assert((unsigned char)words.at[k] >= ' ' &&
			    words.at[k] != 0x7f);
	}
}

/* Teach an empty model that it is spam: it must be more like spam then. */
static void
check_learning(const struct spam_features *f)
{
	size_t bytes = spam_model_bytes(SPAM_BITS_LEAST);
	const uint32_t *hashes = spam_features_hashes(f);
	size_t count = spam_features_count(f);
	void *at = aligned_alloc(4096, bytes);
	struct spam_reasons reasons;
	struct spam_model model;

	assert(at != NULL);
	memset(at, 0, bytes);
	spam_model_make(at, SPAM_BITS_LEAST, 1);
	assert(spam_model_open(at, bytes, &model) == 0);
	assert(spam_model_learn(&model, hashes, count, true,
	    SPAM_RATE_CLICKS, 2) < 1e-9);
	assert(spam_model_score(&model, hashes, count) > 0);
	assert(spam_reasons_find(&model, f, &reasons) == 0);
	check_reasons(reasons.spam, reasons.spam_count);
	check_reasons(reasons.wanted, reasons.wanted_count);
	free(at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spam_features *f;
	static bool is_open;

	if (!is_open)
		is_open = words_open() == 0;
	if (f == NULL)
		f = spam_features_new();
	assert(is_open && f != NULL);
	assert(spam_features_read(f, slice_of(data, size)) == 0);
	check_features(f);
	check_learning(f);
	return 0;
}
