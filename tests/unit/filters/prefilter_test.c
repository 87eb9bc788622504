/*
 * prefilter_test.c - which patterns can match a text at all
 *
 * The one thing that must be true: choosing changes no answer.  Patterns and
 * texts are made at random, from a few letters so that they meet often, with
 * fixed seeds; and from the messages in tests/mail (POSTROOM_MAIL names that
 * folder where the test does not run at the top of the tree).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/pattern.h"
#include "filters/prefilter.h"
#include "filters/texts.h"
#include "lib/base/loop.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static uint32_t
draw(uint32_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % below;
}

/* What texts are made of; both odd folds of ASCII are there. */
static const char *const pieces[] = {
	"a", "b", "k", "s", "K", "S", "A", "ab", "ks", "-", " ", ".", "1",
	"\xc3\xa9", "\xc5\xbf", "\xe2\x84\xaa", "\n", "sk", "aks",
};

/* The same of characters that are rare in mail, and patterns of their sets. */
static const char *const rare_pieces[] = {
	"q", "z", "Q", "Z", "1", "2", "9", "k", "K", "s", "1z", "9q", " ",
	"-", "_", "\xc3\xa9", "\xc5\xbf", "\xe2\x84\xaa", "\n", "\xd9\xa3",
	"\xff",
};

static const char *const rare_atoms[] = {
	"\\d", "[qz]", "[^a-y]", "[q-z]", "[1-3]", "[kq]", "[sz]", "\\d\\d",
	"[0-9z]", "\\W", "[^\\w]", "[1-9-]", "[^\xc5\xbf]", "[\xc3\xa9k]",
	"[\xe2\x84\xaa]", "\xc5\xbf", "\\B", "\\b", "[^[:alpha:]]", "[\\d.]",
	"[^\\D]", "\\Z", "^", "$", "[]z]", "[^]q]", "[\\]-_]", "[^\\s\\d]",
	"\\b1", "z\\b", "\\bz+", "(1\\b)", "\\S", "\\h", ".", "[_\\-]",
	"(?i)", "[^1-9]", "[[:digit:]q]", "\\H",
};

static const char *const atoms[] = {
	".", "\\w", "\\d", "\\s", "\\b", "[ab]", "[^k]", "[]a]", "[^]a]",
	"[[:alpha:]]", "[\\]a-c]", "\\.", "\\-", "^", "$", "\\x61",
	"(?i)", "(?=a)", "(?!b)", "\\xe9", "\\n", "[.]", "\\A", "(?x)",
	"(?:)", "\\Qab\\E", "(?>ab)", "\\h", "\\R", "(?#ab)", "\\141",
	"\\p{L}", "(?-i)",
};

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct alphabet {
	const char *const *pieces, *const *atoms;
	uint32_t piece_count, atom_count;
} alphabets[] = {
	{ pieces, atoms, COUNT(pieces), COUNT(atoms) },
	{ rare_pieces, rare_atoms, COUNT(rare_pieces), COUNT(rare_atoms) },
};

/* What patterns are made from; a test begins by choosing. */
static const struct alphabet *letters;

static const char *
draw_piece(uint32_t *seed)
{
	return letters->pieces[draw(seed, letters->piece_count)];
}

static void	add_alternatives(struct text *, uint32_t *seed, unsigned depth);

static void
add_atom(struct text *p, uint32_t *seed, unsigned depth)
{
	switch (draw(seed, letters->atoms == atoms ? 6 : 3)) {
	case 0:
		text_add_str(p, letters->atoms[draw(seed,
		    letters->atom_count)]);
		return;
	case 1:
		if (depth < 3) {
			text_add_str(p, draw(seed, 2) ? "(" : "(?:");
			add_alternatives(p, seed, depth + 1);
			text_add_byte(p, ')');
			return;
		}
		/* FALLTHROUGH */
	default:
		text_add_str(p, draw_piece(seed));
	}
}

static void
add_branch(struct text *p, uint32_t *seed, unsigned depth)
{
	static const char *const quantifiers[] = {
		"*", "+", "?", "{0}", "{1,2}", "{2}", "{0,}", "+?", "*+", "??",
		"{,2}", "+{0}", "{2}{0}", "{1}?", "{2,}", "{3}", "{1}{2}",
		"{18}", "{0,3}?", "{2,3}{2}",
	};

	for (uint32_t n = 1 + draw(seed, 5); n > 0; n--) {
		add_atom(p, seed, depth);
		if (draw(seed, 5) == 0)
			text_add_str(p, quantifiers[draw(seed,
			    sizeof(quantifiers) / sizeof(quantifiers[0]))]);
	}
}

static void
add_alternatives(struct text *p, uint32_t *seed, unsigned depth)
{
	add_branch(p, seed, depth);
	while (draw(seed, 4) == 0) {
		text_add_byte(p, '|');
		if (draw(seed, 8) != 0)
			add_branch(p, seed, depth);
	}
}

#define PATTERNS	24

/* Patterns, and how they fared. */
struct batch {
	struct text			 texts[PATTERNS];
	struct prefilter_pattern	 sources[PATTERNS];
	struct pattern			*patterns[PATTERNS];
	struct prefilter		*prefilter;
	struct pattern_space		*space;
	size_t				 count;
	unsigned long			 matched, ruled_out, chosen;
};

/* Add the pattern in texts[count] if it is one. */
static void
batch_add(struct batch *b, unsigned flags)
{
	TEXT_AUTO fault = TEXT_INIT(1000);
	struct slice source = text_slice(&b->texts[b->count]);

	if (pattern_new(source, flags, &b->patterns[b->count], &fault) < 0) {
		text_free(&b->texts[b->count]);
		return;
	}
	b->sources[b->count++] = (struct prefilter_pattern){ source, flags };
}

static void
batch_end(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		pattern_free(b->patterns[i]);
		text_free(&b->texts[i]);
	}
	prefilter_free(b->prefilter);
	b->count = 0;
	b->prefilter = NULL;
}

/* Run every pattern, and hold the choice to it. */
static void
batch_try(struct batch *b, struct slice text)
{
	uint64_t *seen = calloc(prefilter_seen_longs(b->prefilter),
	    sizeof(*seen));

	ck_assert_ptr_nonnull(seen);
	prefilter_scan(b->prefilter, text, seen);
	for (size_t i = 0; i < b->count; i++) {
		bool chosen = prefilter_chooses(b->prefilter, i, seen);
		bool found = pattern_match(b->patterns[i], text, b->space,
		    UINT64_MAX) == PATTERN_YES;

		ck_assert_msg(chosen || !found, "/%.*s/%u in \"%.*s\"",
		    SLICE_FMT(b->sources[i].source), b->sources[i].flags,
		    SLICE_FMT(text));
		b->matched += found;
		b->chosen += chosen && !prefilter_always(b->prefilter, i);
		b->ruled_out += !chosen;
	}
	free(seen);
}

#define ROUNDS	400

START_TEST(choosing_changes_no_answer)
{
	uint32_t seed = 1000003u * ((uint32_t)_i + 1);
	struct batch b = { 0 };

	letters = &alphabets[_i % COUNT(alphabets)];
	ck_assert_int_eq(pattern_space_new(&pattern_default_limits, &b.space),
	    0);
	for (int round = 0; round < ROUNDS; round++) {
		while (b.count < PATTERNS) {
			b.texts[b.count] = (struct text)TEXT_INIT(4000);
			add_alternatives(&b.texts[b.count], &seed, 0);
			batch_add(&b, draw(&seed, 16));
		}
		ck_assert_int_eq(prefilter_new(b.sources, b.count,
		    &b.prefilter), 0);
		for (int t = 0; t < 12; t++) {
			TEXT_AUTO text = TEXT_INIT(1000);

			for (uint32_t n = draw(&seed, 24); n > 0; n--)
				text_add_str(&text, draw_piece(&seed));
			batch_try(&b, text_slice(&text));
		}
		batch_end(&b);
	}
	pattern_space_free(b.space);
	/* else nothing was shown */
	ck_assert_uint_gt(b.matched, ROUNDS * 12);
	ck_assert_uint_gt(b.ruled_out, ROUNDS * 12);
	ck_assert_uint_gt(b.chosen, ROUNDS * 6);
}
END_TEST

static void
file_read(const char *folder, const char *name, struct text *text)
{
	char path[512], buffer[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(text, slice_of(buffer, n));
	ck_assert_int_eq(fclose(file), 0);
}

/* A piece of a text as a pattern: letters stand for themselves, all else not */
static void
add_piece(struct batch *b, uint32_t *seed, struct slice text)
{
	struct text *p = &b->texts[b->count];
	struct slice piece = slice_first(slice_after(text,
	    draw(seed, (uint32_t)text.len)), 3 + draw(seed, 9));

	*p = (struct text)TEXT_INIT(1000);
	for (size_t i = 0; i < piece.len; i++) {
		char c = (char)(piece.at[i] | 0x20);

		if (c >= 'a' && c <= 'z' && draw(seed, 9) > 0)
			text_add_byte(p, piece.at[i]);
		else
			text_add_byte(p, '.');
	}
	if (p->len > 0)
		batch_add(b, draw(seed, 2) ? PATTERN_CASELESS : 0);
}

static void
try_mail(struct batch *b, const struct texts *texts, uint32_t *seed)
{
	const struct texts_one *one;

	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (one = texts->first[k]; one != NULL; one = one->next)
			for (int n = 0; n < 3 && b->count < PATTERNS &&
			    one->text.len > 0; n++)
				add_piece(b, seed, one->text);
	ck_assert_int_eq(prefilter_new(b->sources, b->count, &b->prefilter),
	    0);
	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (one = texts->first[k]; one != NULL; one = one->next) {
			batch_try(b, one->text);
			batch_try(b, one->whole);
		}
	batch_end(b);
}

START_TEST(choosing_changes_no_answer_about_mail)
{
	const char *folder = getenv("POSTROOM_MAIL");
	struct batch b = { 0 };
	struct dirent *entry;
	uint32_t seed = 77;
	unsigned mails = 0;
	DIR *dir;

	folder = folder == NULL ? "tests/mail" : folder;
	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(pattern_space_new(&pattern_default_limits, &b.space),
	    0);
	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		ARENA_AUTO arena = arena_new(64 << 20);
		TEXT_AUTO mail = TEXT_INIT(8 << 20);
		const struct mime_part *root = NULL;
		enum mime_limit limit;
		struct texts texts;

		if (!slice_has_suffix(slice_str(entry->d_name), ".eml"))
			continue;
		mails++;
		file_read(folder, entry->d_name, &mail);
		/* without a tree there is the header, and that is tried */
		if (mime_parse(arena, text_slice(&mail), &mime_default_limits,
		    &root, &limit) < 0)
			root = NULL;
		texts_read(text_slice(&mail), root, ~0u, &texts_default_limits,
		    arena, &texts);
		try_mail(&b, &texts, &seed);
	}
	ck_assert_int_eq(closedir(dir), 0);
	pattern_space_free(b.space);
	words_close();
	ck_assert_uint_gt(mails, 5);
	ck_assert_uint_gt(b.matched, mails);
	ck_assert_uint_gt(b.ruled_out, mails);
}
END_TEST

START_TEST(patterns_beyond_the_table_are_always_run)
{
	static struct prefilter_pattern many[2000];
	static char bytes[2000][64];
	struct prefilter *prefilter = NULL;
	uint64_t *seen;
	size_t always = 0;

	for (size_t i = 0; i < 2000; i++) {
		int n = snprintf(bytes[i], sizeof(bytes[i]),
		    "w%zuordordordordord%zu", i, i);

		many[i].source = slice_of(bytes[i], (size_t)n);
	}
	ck_assert_int_eq(prefilter_new(many, 2000, &prefilter), 0);
	seen = calloc(prefilter_seen_longs(prefilter), sizeof(*seen));
	ck_assert_ptr_nonnull(seen);
	for (size_t i = 0; i < 2000; i++)
		always += prefilter_always(prefilter, i);
	ck_assert_uint_gt(always, 0);
	ck_assert_uint_lt(always, 2000);
	ck_assert(!prefilter_chooses(prefilter, 0, seen));
	for (size_t i = 0; i < 2000; i++) {
		prefilter_scan(prefilter, many[i].source, seen);
		ck_assert(prefilter_chooses(prefilter, i, seen));
	}
	free(seen);
	prefilter_free(prefilter);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/prefilter");
	TCase *tests = tcase_create("prefilter");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, choosing_changes_no_answer, 0, 10);
	tcase_add_test(tests, choosing_changes_no_answer_about_mail);
	tcase_add_test(tests, patterns_beyond_the_table_are_always_run);
	suite_add_tcase(suite, tests);
	return suite;
}
