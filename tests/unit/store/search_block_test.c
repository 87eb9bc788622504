/*
 * search_block_test.c - the words of some letters: one row of the search index
 */
#include "store/search_block.h"

#include <errno.h>
#include <string.h>

#include "store/search_terms.h"
#include "tests/unit/unit.h"

#define BLOCK(name)	TEXT_AUTO name = TEXT_INIT(SEARCH_PACKED_MOST)

/* The block of one letter, whose texts are `words`, a bar between. */
static void
add_letter(struct text *packed, uint64_t number, const char *words)
{
	struct search_terms *terms = search_terms_new();
	struct slice rest = slice_str(words), text;

	ck_assert_ptr_nonnull(terms);
	while (slice_cut(&rest, '|', &text)) {
		search_terms_add(terms, text);
		search_terms_break(terms);
	}
	search_terms_add(terms, rest);
	ck_assert_int_eq(search_terms_pack(terms, number, packed), 0);
	search_terms_free(terms);
}

static struct search_block
open_block(const struct text *packed)
{
	struct search_block block;

	ck_assert_int_eq(search_block_open(text_slice(packed), &block), 0);
	return block;
}

/* "1.1" for letters 0 and 2 of the block; a NUL is written as "^". */
static void
assert_found(const struct text *packed, const char *fragment,
    const char *want)
{
	struct search_block block = open_block(packed);
	uint8_t set[SEARCH_SET_BYTES] = { 0 };
	char bytes[200], got[40] = "";
	size_t len = strlen(fragment);

	for (size_t i = 0; i < len; i++)
		bytes[i] = fragment[i] == '^' ? '\0' : fragment[i];
	ck_assert_int_eq(search_block_find(&block, slice_of(bytes, len), set),
	    0);
	search_block_add_open(&block, set);
	for (size_t i = 0; i < block.count; i++)
		got[i] = set[i / 8] >> i % 8 & 1 ? '1' : '.';
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", fragment, got);
}

static const char *const words[] = {
	"THE OFFICE IS OPEN", "THE INVOICE, THE BILL", "OPENING|HOURS", "",
};
#define LETTERS	(sizeof(words) / sizeof(words[0]))

static const struct {
	const char	*fragment, *want;
} fragments[] = {
	{ "THE", "11.." },
	{ "^THE^", "11.." },
	{ "FFIC", "1..." },
	{ "ICE", "11.." },
	{ "ICE^", "11.." },
	{ "^ICE", "...." },
	{ "OPEN", "1.1." },
	{ "^OPEN", "1.1." },
	{ "^OPEN^", "1..." },
	{ "OPEN^", "1..." },
	{ "GHOURS", "...." },
	{ "^IS", "1..." },
	{ "I", "111." },
	{ "ZZZ", "...." },
};

static void
merge(struct text *earlier, struct text *later, struct text *packed)
{
	struct search_block a = open_block(earlier), b = open_block(later);

	ck_assert_int_eq(search_block_merge(&a, &b, packed), 0);
}

/* However they were put together. */
START_TEST(a_fragment_is_found_in_the_letters_that_have_it)
{
	struct text one[LETTERS];
	BLOCK(first);
	BLOCK(second);
	BLOCK(all);
	BLOCK(three);
	BLOCK(other);

	for (size_t i = 0; i < LETTERS; i++) {
		one[i] = (struct text)TEXT_INIT(SEARCH_PACKED_MOST);
		add_letter(&one[i], 10 + 300 * i, words[i]);
	}
	merge(&one[0], &one[1], &first);
	merge(&one[2], &one[3], &second);
	merge(&first, &second, &all);
	assert_found(&all, fragments[_i].fragment, fragments[_i].want);
	merge(&first, &one[2], &three);
	merge(&three, &one[3], &other);
	ck_assert(slice_is(text_slice(&all), text_slice(&other)));
	for (size_t i = 0; i < LETTERS; i++)
		text_free(&one[i]);
}
END_TEST

START_TEST(letters_that_go_take_their_words_along)
{
	struct search_block block;
	uint64_t numbers[2];
	uint8_t keep = 0x06;
	BLOCK(a);
	BLOCK(b);
	BLOCK(ab);
	BLOCK(c);
	BLOCK(all);
	BLOCK(kept);

	add_letter(&a, 1, "ONE BOTH");
	add_letter(&b, 2, "TWO BOTH");
	add_letter(&c, 500, "THREE BOTH");
	merge(&a, &b, &ab);
	merge(&ab, &c, &all);
	block = open_block(&all);
	ck_assert_int_eq(search_block_keep(&block, &keep, &kept), 0);
	assert_found(&kept, "ONE", "..");
	assert_found(&kept, "TWO", "1.");
	assert_found(&kept, "BOTH", "11");
	block = open_block(&kept);
	search_block_numbers(&block, numbers);
	ck_assert_uint_eq(numbers[0], 2);
	ck_assert_uint_eq(numbers[1], 500);
	ck_assert(memmem(kept.at, kept.len, "ONE", 3) == NULL);
}
END_TEST

/* Who has too many words may have any. */
START_TEST(an_open_letter_is_always_found)
{
	struct search_terms *terms = search_terms_new();
	TEXT_AUTO word = TEXT_INIT(64);
	BLOCK(open);
	BLOCK(plain);
	BLOCK(both);

	ck_assert_ptr_nonnull(terms);
	for (unsigned i = 0; i <= SEARCH_TERMS_MOST; i++) {
		text_clear(&word);
		text_addf(&word, "W%u ", i);
		search_terms_add(terms, text_slice(&word));
	}
	ck_assert_int_eq(search_terms_pack(terms, 7, &open), 0);
	search_terms_add(terms, slice_str("PLAIN"));
	ck_assert_int_eq(search_terms_pack(terms, 8, &plain), 0);
	search_terms_free(terms);
	merge(&open, &plain, &both);
	assert_found(&both, "NOWHERE", "1.");
	assert_found(&both, "PLAIN", "11");
}
END_TEST

/* The run that is longest of all: 64 letters that differ, again and again. */
static void
make_run(char *run, size_t len)
{
	for (size_t i = 0; i < len; i++)
		run[i] = (char)('A' + (i * i + i / 7) % 26);
}

/* However it is cut into pieces on the way in. */
START_TEST(a_long_run_is_found_by_any_part_of_it)
{
	const size_t lens[] = { 63, 64, 65, 95, 96, 97, 128, 129, 300 };
	size_t len = lens[_i / 3], cut = (size_t)(_i % 3) * 37 + 1;
	struct search_terms *terms = search_terms_new();
	uint8_t set[SEARCH_SET_BYTES];
	struct search_block block;
	char run[302];
	BLOCK(packed);

	ck_assert_ptr_nonnull(terms);
	run[0] = run[len + 1] = ' ';
	make_run(run + 1, len);
	for (size_t at = 0; at < len + 2; at += cut)
		search_terms_add(terms, slice_first(slice_of(run + at,
		    len + 2 - at), cut));
	ck_assert_int_eq(search_terms_pack(terms, 1, &packed), 0);
	search_terms_free(terms);
	block = open_block(&packed);
	for (size_t at = 0; at + SEARCH_TERM_REACH <= len; at++) {
		set[0] = 0;
		ck_assert_int_eq(search_block_find(&block, slice_of(run + 1 +
		    at, SEARCH_TERM_REACH), set), 0);
		ck_assert_uint_eq(set[0], 1);
	}
	run[0] = run[len + 1] = '\0';
	len = len < SEARCH_TERM_MOST ? len : SEARCH_TERM_MOST;
	set[0] = 0;
	ck_assert_int_eq(search_block_find(&block, slice_of(run, len + 1),
	    set), 0);
	ck_assert_uint_eq(set[0], 1);
	set[0] = 0;
	ck_assert_int_eq(search_block_find(&block, slice_of(run + 1 +
	    lens[_i / 3] - len, len + 1), set), 0);
	ck_assert_uint_eq(set[0], 1);
}
END_TEST

/* Whatever a disk made of it: an answer or -EUCLEAN, nothing else. */
START_TEST(a_damaged_block_does_no_harm)
{
	static const struct slice fragment = SLICE("E");
	uint8_t set[SEARCH_SET_BYTES] = { 0 };
	uint64_t numbers[SEARCH_LETTERS_MOST];
	struct search_block block;
	BLOCK(a);
	BLOCK(b);
	BLOCK(both);
	BLOCK(out);
	unsigned refused = 0;

	add_letter(&a, 3, "THE OFFICE");
	add_letter(&b, 900, "THE OPEN DOOR");
	merge(&a, &b, &both);
	for (size_t i = 0; i < both.len * 8; i++) {
		both.at[i / 8] ^= (char)(1 << i % 8);
		if (search_block_open(text_slice(&both), &block) < 0) {
			refused++;
		} else {
			search_block_numbers(&block, numbers);
			(void)search_block_find(&block, fragment, set);
			text_clear(&out);
			(void)search_block_merge(&block, &block, &out);
			text_clear(&out);
			(void)search_block_keep(&block, set, &out);
		}
		both.at[i / 8] ^= (char)(1 << i % 8);
	}
	ck_assert_uint_gt(refused, 100);
	for (size_t len = 0; len < both.len; len++)
		ck_assert_int_eq(search_block_open(slice_first(
		    text_slice(&both), len), &block), -EUCLEAN);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/search_block");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase,
	    a_fragment_is_found_in_the_letters_that_have_it, 0,
	    (int)(sizeof(fragments) / sizeof(fragments[0])));
	tcase_add_test(tcase, letters_that_go_take_their_words_along);
	tcase_add_test(tcase, an_open_letter_is_always_found);
	tcase_add_loop_test(tcase, a_long_run_is_found_by_any_part_of_it, 0,
	    27);
	tcase_add_test(tcase, a_damaged_block_does_no_harm);
	suite_add_tcase(suite, tcase);
	return suite;
}
