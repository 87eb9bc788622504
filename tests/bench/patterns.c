/*
 * patterns.c - a text past many patterns: chosen first, or one by one
 *
 *	patterns FILE <TEXT
 *
 * FILE has a pattern in each line.  Printed are, of so many rounds in turn, the
 * medians of what both ways cost in ms of processor time, how many patterns
 * there are, have a word of four bytes that must be there, were chosen for this
 * text, and match it.  One by one is PCRE2 with JIT and a single call for each,
 * without the stretches that pattern.h goes in.  Both must find the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "filters/literals.h"
#include "filters/pattern.h"
#include "filters/prefilter.h"

#define ROUNDS	9
#define MOST	1000		/* patterns */
#define WORD	4		/* bytes of one that counts */

struct bench {
	struct prefilter_pattern sources[MOST];
	struct pattern		*patterns[MOST];
	pcre2_code		*codes[MOST];
	bool			 found[MOST];
	size_t			 count, chosen, words;
	struct prefilter	*prefilter;
	struct pattern_space	*space;
	pcre2_match_data	*data;
};

static int
fail(const char *what)
{
	(void)fprintf(stderr, "patterns: %s\n", what);
	return 1;
}

static double
processor_ms(void)
{
	struct timespec at;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at) < 0)
		return 0;
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static void
read_all(FILE *file, struct text *text)
{
	char buffer[65536];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(text, slice_of(buffer, n));
}

static bool
has_word(struct slice source)
{
	struct literals set;

	literals_read(source, PATTERN_CASELESS, &set);
	for (size_t i = 0; i < set.count; i++)
		if (set.each[i].len < WORD)
			return false;
	return set.count > 0;
}

static int
add(struct bench *bench, struct slice source)
{
	TEXT_AUTO fault = TEXT_INIT(1000);
	size_t n = bench->count, at;
	int error;

	bench->codes[n] = pcre2_compile((PCRE2_SPTR)source.at, source.len,
	    PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_CASELESS,
	    &error, &at, NULL);
	if (bench->codes[n] == NULL ||
	    pcre2_jit_compile(bench->codes[n], PCRE2_JIT_COMPLETE) != 0 ||
	    pattern_new(source, PATTERN_CASELESS, &bench->patterns[n],
	    &fault) < 0) {
		(void)fprintf(stderr, "/%.*s/: ", SLICE_FMT(source));
		return fail("no pattern, or there is no JIT");
	}
	bench->sources[bench->count++] =
	    (struct prefilter_pattern){ source, PATTERN_CASELESS };
	bench->words += has_word(source);
	return 0;
}

static double
one_by_one(struct bench *bench, struct slice text)
{
	double began = processor_ms();

	for (size_t i = 0; i < bench->count; i++)
		bench->found[i] = pcre2_match(bench->codes[i],
		    (PCRE2_SPTR)text.at, text.len, 0, 0, bench->data,
		    NULL) >= 0;
	return processor_ms() - began;
}

/* -1: it found something else. */
static double
chosen_first(struct bench *bench, struct slice text)
{
	uint64_t *seen = calloc(prefilter_seen_longs(bench->prefilter),
	    sizeof(*seen));
	double began = processor_ms();
	bool same = true;

	if (seen == NULL)
		return -1;
	bench->chosen = 0;
	prefilter_scan(bench->prefilter, text, seen);
	for (size_t i = 0; i < bench->count; i++) {
		bool found = false;

		if (prefilter_chooses(bench->prefilter, i, seen)) {
			bench->chosen++;
			found = pattern_match(bench->patterns[i], text,
			    bench->space, UINT64_MAX) == PATTERN_YES;
		}
		same = same && found == bench->found[i];
	}
	free(seen);
	return same ? processor_ms() - began : -1;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
run(struct bench *bench, struct slice text)
{
	double ours[ROUNDS], theirs[ROUNDS];
	size_t hits = 0;

	for (int i = 0; i < ROUNDS; i++) {
		theirs[i] = one_by_one(bench, text);
		ours[i] = chosen_first(bench, text);
		if (ours[i] < 0)
			return fail("choosing has changed an answer");
	}
	qsort(ours, ROUNDS, sizeof(*ours), compare);
	qsort(theirs, ROUNDS, sizeof(*theirs), compare);
	for (size_t i = 0; i < bench->count; i++)
		hits += bench->found[i];
	(void)printf("%.3f %.3f %zu %zu %zu %zu\n", ours[ROUNDS / 2],
	    theirs[ROUNDS / 2], bench->count, bench->words, bench->chosen,
	    hits);
	return 0;
}

static int
prepare(struct bench *bench, const char *path, struct text *sources)
{
	struct slice rest, line;
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return fail(strerror(errno));
	read_all(file, sources);
	(void)fclose(file);
	rest = text_slice(sources);
	while (slice_cut(&rest, '\n', &line))
		if (bench->count == MOST || add(bench, line) != 0)
			return 1;
	bench->data = pcre2_match_data_create(1, NULL);
	if (bench->data == NULL || pattern_space_new(&pattern_default_limits,
	    &bench->space) < 0 || prefilter_new(bench->sources, bench->count,
	    &bench->prefilter) < 0)
		return fail("no memory");
	return 0;
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	TEXT_AUTO sources = TEXT_INIT(MOST * PATTERN_BYTES_MOST);
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);
	int r;

	if (argc != 2)
		return fail("patterns FILE <TEXT");
	r = prepare(&bench, argv[1], &sources);
	if (r != 0)
		return r;
	read_all(stdin, &text);
	if (text_failed(&text))
		return fail("the text is too long");
	r = run(&bench, text_slice(&text));
	for (size_t i = 0; i < bench.count; i++) {
		pattern_free(bench.patterns[i]);
		pcre2_code_free(bench.codes[i]);
	}
	pcre2_match_data_free(bench.data);
	pattern_space_free(bench.space);
	prefilter_free(bench.prefilter);
	return r;
}
