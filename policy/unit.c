/*
 * unit.c - amounts as people write them: "64MiB", "60s", "5d", "yes"
 */
#include "policy/unit.h"

#include <errno.h>
#include <inttypes.h>

static const struct suffix {
	enum unit	 unit;
	const char	*word;
	uint64_t	 times;
} suffixes[] = {	/* the largest of a unit first, for unit_write() */
	{ UNIT_BYTES,	"TiB",	UINT64_C(1) << 40 },
	{ UNIT_BYTES,	"GiB",	UINT64_C(1) << 30 },
	{ UNIT_BYTES,	"MiB",	UINT64_C(1) << 20 },
	{ UNIT_BYTES,	"KiB",	UINT64_C(1) << 10 },
	{ UNIT_BYTES,	"B",	1 },
	{ UNIT_SECONDS,	"w",	7 * 24 * 60 * 60 },
	{ UNIT_SECONDS,	"d",	24 * 60 * 60 },
	{ UNIT_SECONDS,	"h",	60 * 60 },
	{ UNIT_SECONDS,	"m",	60 },
	{ UNIT_SECONDS,	"s",	1 },
	{ UNIT_DAYS,	"w",	7 },
	{ UNIT_DAYS,	"d",	1 },
};

#define SUFFIXES	(sizeof(suffixes) / sizeof(suffixes[0]))

static const struct {
	const char	*word;
	bool		 truth;
} truths[] = {
	{ "yes", true }, { "no", false }, { "true", true },
	{ "false", false }, { "on", true }, { "off", false },
};

/* What one `word` behind a number multiplies it by, or 0: no such word. */
static uint64_t
suffix_times(enum unit unit, struct slice word)
{
	if (word.len == 0)
		return 1;
	for (size_t i = 0; i < SUFFIXES; i++)
		if (suffixes[i].unit == unit &&
		    slice_is_word(word, suffixes[i].word))
			return suffixes[i].times;
	return 0;
}

int
unit_read(struct slice s, enum unit unit, uint64_t *amount_out)
{
	size_t digits = 0;
	uint64_t n, times;
	int r;

	while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
		digits++;
	r = slice_u64(slice_first(s, digits), UINT64_MAX, &n);
	if (r < 0)
		return r;
	times = suffix_times(unit, slice_trim(slice_after(s, digits)));
	if (times == 0)
		return -EINVAL;
	if (__builtin_mul_overflow(n, times, &n))
		return -ERANGE;
	*amount_out = n;
	return 0;
}

void
unit_write(struct text *text, enum unit unit, uint64_t amount)
{
	for (size_t i = 0; i < SUFFIXES; i++) {
		const struct suffix *s = &suffixes[i];

		if (s->unit != unit || amount == 0 || amount % s->times != 0)
			continue;
		text_addf(text, "%" PRIu64 "%s", amount / s->times, s->word);
		return;
	}
	text_addf(text, "%" PRIu64, amount);
}

int
unit_read_bool(struct slice s, bool *truth_out)
{
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		if (slice_is_word(s, truths[i].word)) {
			*truth_out = truths[i].truth;
			return 0;
		}
	}
	return -EINVAL;
}
