/*
 * catchall_test.c - the mail of a whole domain, told apart: right, held, wrong
 *
 * The messages are those in tests/mail/catchall (POSTROOM_MAIL names
 * tests/mail where it is not the working folder's).  `people` says who is
 * here, `settings/` how the fetch account is set, `expected` for each message
 * who is meant (the truth), to which set of copies it belongs, and who gets it
 * under each of the settings: owners, "held", or "had" (everybody has it).
 *
 * Wrong is: somebody gets what is not meant for them, or somebody who is meant
 * gets none of the copies and none of them is held either.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/domain/explain.h"
#include "fetch/domain/identity.h"
#include "lib/message/real_name.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define PEOPLE_MOST	32
#define ROWS_MOST	200
#define SETTINGS_MOST	8
#define COLUMNS_BEFORE	3	/* message, truth, group */

struct person {
	struct slice	account, name, addresses;
};

static struct text	 people_text, expected_text;
static struct person	 people[PEOPLE_MOST];
static unsigned		 person_count;
static struct slice	 settings[SETTINGS_MOST];
static unsigned		 setting_count;

struct row {
	struct slice	file, truth, group, want[SETTINGS_MOST];
	/* what became of it */
	uint64_t	got;		/* bits of those who got it now */
	bool		held;
};
static struct row	 rows[ROWS_MOST];
static unsigned		 row_count;

/* Read tests/mail/catchall/NAME whole. */
static void
read_file(const char *folder, struct slice name, struct text *text)
{
	const char *mail = getenv("POSTROOM_MAIL");
	char path[512], buffer[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/catchall/%s%.*s",
	    mail == NULL ? "tests/mail" : mail, folder, SLICE_FMT(name));
	*text = (struct text)TEXT_INIT(1 << 20);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(text, slice_of(buffer, n));
	(void)fclose(file);
	ck_assert(!text_failed(text));
}

/* The next line that says something. */
static bool
next_line(struct slice *rest, struct slice *line_out)
{
	while (slice_cut(rest, '\n', line_out))
		if (line_out->len > 0 && line_out->at[0] != '#')
			return true;
	return false;
}

static void
read_people(void)
{
	struct slice rest, line;

	read_file("", slice_str("people"), &people_text);
	rest = text_slice(&people_text);
	while (next_line(&rest, &line)) {
		struct person *one = &people[person_count++];

		ck_assert(slice_cut(&line, '\t', &one->account));
		ck_assert(slice_cut(&line, '\t', &one->name));
		one->addresses = line;
	}
}

static void
read_expected(void)
{
	struct slice rest, line, word;

	read_file("", slice_str("expected"), &expected_text);
	rest = text_slice(&expected_text);
	ck_assert(next_line(&rest, &line));
	for (unsigned i = 0; slice_word(&line, &word); i++)
		if (i >= COLUMNS_BEFORE)
			settings[setting_count++] = word;
	while (next_line(&rest, &line)) {
		struct row *row = &rows[row_count++];

		ck_assert(slice_word(&line, &row->file));
		ck_assert(slice_word(&line, &row->truth));
		ck_assert(slice_word(&line, &row->group));
		for (unsigned i = 0; i < setting_count; i++)
			ck_assert_msg(slice_word(&line, &row->want[i]),
			    "%.*s", SLICE_FMT(row->file));
	}
}

/* The keeper: whose is this? */
static struct domain_answer
keeper(const struct domain_ask *ask)
{
	struct domain_answer answer = { .whose = DOMAIN_FOREIGN };
	size_t at = slice_find_last(ask->text, '@');

	for (unsigned i = 0; i < person_count; i++) {
		struct slice rest = people[i].addresses, word;
		TEXT_AUTO folded = TEXT_INIT(512);

		if (ask->is_name) {
			(void)real_name_fold(&folded, people[i].name);
			if (!slice_is(text_slice(&folded), ask->text))
				continue;
			ck_assert(slice_word(&rest, &answer.address));
			answer.whose = answer.whose == DOMAIN_FOREIGN ?
			    DOMAIN_OURS : DOMAIN_SEVERAL;
			answer.account = i + 1;
			continue;
		}
		while (slice_word(&rest, &word)) {
			if (slice_is(word, ask->text))
				return (struct domain_answer){ DOMAIN_OURS,
				    i + 1, word };
			if (slice_is(slice_after(word,
			    slice_find_last(word, '@')),
			    slice_after(ask->text, at)))
				answer.whose = DOMAIN_UNKNOWN;
		}
	}
	return answer;
}

/* "ann,ben" as bits; "nobody", "held" and "had" are none. */
static uint64_t
bits_of(struct slice names)
{
	struct slice one;
	uint64_t bits = 0;
	bool more = true;

	while (more) {
		more = slice_cut(&names, ',', &one);
		for (unsigned i = 0; i < person_count; i++)
			if (slice_is(people[i].account, more ? one : names))
				bits |= UINT64_C(1) << i;
	}
	return bits;
}

static void
write_bits(struct text *text, uint64_t bits)
{
	bool first = true;

	for (unsigned i = 0; i < person_count; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		text_add_str(text, first ? "" : ",");
		text_add(text, people[i].account);
		first = false;
	}
}

/* Every message that came, by identity: who has it, how many copies came. */
static struct {
	unsigned char	identity[DIGEST_BYTES];
	uint64_t	have;
	unsigned	copies;
} memory[ROWS_MOST];
static unsigned	memory_count;

/* The place of this identity in the memory. */
static unsigned
remember(struct slice message, bool *known_out)
{
	struct identity id;
	unsigned char digest[DIGEST_BYTES];
	int r;

	ck_assert_int_eq(identity_open(&id), 0);
	identity_begin(&id);
	identity_add(&id, message);
	r = identity_end(&id, digest);
	identity_close(&id);
	*known_out = r == 0;
	for (unsigned i = 0; r == 0 && i < memory_count; i++)
		if (memcmp(memory[i].identity, digest, DIGEST_BYTES) == 0)
			return i;
	memset(&memory[memory_count], 0, sizeof(memory[0]));
	if (r == 0)
		memcpy(memory[memory_count].identity, digest, DIGEST_BYTES);
	return memory_count++;
}

/* What the ledger says when all whom a copy names have it (ledger_claims.c). */
static bool
is_surplus(const struct domain_decision *to, uint64_t have, unsigned copies)
{
	unsigned count = 0;

	for (; have != 0; have &= have - 1)
		count++;
	return to->owners[0].sure != DOMAIN_SURE_ENVELOPE && copies >= count;
}

/* Collect one message, as the fetcher will. */
static void
collect(struct row *row, const struct domain_rules *rules,
    struct text *explained)
{
	ARENA_AUTO arena = arena_new(DOMAIN_ARENA);
	static struct domain_answer answers[DOMAIN_ASKS_MOST];
	struct domain_candidates from;
	struct domain_decision to;
	struct text message;
	struct slice all;
	unsigned place;
	bool known;

	read_file("", row->file, &message);
	all = text_slice(&message);
	ck_assert_int_eq(domain_candidates(arena,
	    slice_first(all, slice_find_str(all, "\r\n\r\n") + 2), rules,
	    &from), 0);
	for (unsigned i = 0; i < from.ask_count; i++)
		answers[i] = keeper(&from.asks[i]);
	ck_assert_int_eq(domain_decide(arena, rules, &from, answers, &to), 0);
	ck_assert((to.hold == DOMAIN_FOUND) == (to.owner_count > 0));
	place = remember(all, &known);
	row->got = 0;
	row->held = to.hold != DOMAIN_FOUND;
	for (unsigned i = 0; i < to.owner_count; i++)
		row->got |= UINT64_C(1) << (to.owners[i].account - 1);
	row->got &= ~memory[place].have;
	if (row->got == 0 && !row->held &&
	    is_surplus(&to, memory[place].have, memory[place].copies))
		row->held = true;
	memory[place].have |= row->got;
	memory[place].copies++;
	domain_explain(explained, rules, &to);
	text_free(&message);
}

/* The same, with its explanation, as the columns have it. */
static bool
is_as_expected(const struct row *row, unsigned setting, struct text *got)
{
	text_clear(got);
	if (row->held)
		text_add_str(got, "held");
	else if (row->got == 0)
		text_add_str(got, "had");
	else
		write_bits(got, row->got);
	return slice_is(text_slice(got), row->want[setting]);
}

/* All those meant by the copies of one group, or by the message alone. */
static bool
is_wrong(unsigned at)
{
	uint64_t meant = 0, got = 0;
	bool held = false;

	for (unsigned i = 0; i < row_count; i++) {
		if (i != at && (slice_is_str(rows[at].group, "-") ||
		    !slice_is(rows[i].group, rows[at].group)))
			continue;
		meant |= bits_of(rows[i].truth);
		got |= rows[i].got;
		held = held || rows[i].held;
	}
	return (rows[at].got & ~meant) != 0 ||
	    (!held && (meant & ~got) != 0);
}

START_TEST(nobody_gets_what_is_anothers_and_nothing_is_lost)
{
	TEXT_AUTO got = TEXT_INIT(256);
	unsigned differ = 0, right = 0, held = 0, wrong = 0;
	struct domain_rules rules;
	struct domain_fault fault;
	ARENA_AUTO arena = arena_new(DOMAIN_RULES_ARENA);
	struct text form;

	/* one that failed has left its own, where tests do not fork */
	person_count = row_count = setting_count = memory_count = 0;
	ck_assert_int_eq(words_open(), 0);
	read_people();
	read_expected();
	ck_assert_uint_lt((unsigned)_i, setting_count);
	read_file("settings/", settings[_i], &form);
	ck_assert_int_eq(domain_rules_read(arena, text_slice(&form), &rules,
	    &fault), 0);
	for (unsigned i = 0; i < row_count; i++) {
		TEXT_AUTO why = TEXT_INIT(DOMAIN_EXPLAIN_MOST);

		collect(&rows[i], &rules, &why);
		ck_assert(!text_failed(&why) && why.len > 0);
		if (is_as_expected(&rows[i], (unsigned)_i, &got))
			continue;
		differ++;
		printf("%.*s under %.*s: %.*s, not %.*s\n%.*s",
		    SLICE_FMT(rows[i].file), SLICE_FMT(settings[_i]),
		    SLICE_FMT(text_slice(&got)),
		    SLICE_FMT(rows[i].want[_i]), SLICE_FMT(text_slice(&why)));
	}
	for (unsigned i = 0; i < row_count; i++) {
		if (is_wrong(i)) {
			wrong++;
			printf("%.*s under %.*s is wrong\n",
			    SLICE_FMT(rows[i].file), SLICE_FMT(settings[_i]));
		} else if (rows[i].held) {
			held++;
		} else {
			right++;
		}
	}
	printf("%-10.*s %3u right %3u held %3u wrong\n",
	    SLICE_FMT(settings[_i]), right, held, wrong);
	(void)fflush(stdout);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(differ, 0);
	text_free(&form);
	text_free(&people_text);
	text_free(&expected_text);
	words_close();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("catchall");
	TCase *tests = tcase_create("catchall");

	tcase_add_loop_test(tests,
	    nobody_gets_what_is_anothers_and_nothing_is_lost, 0, 6);
	suite_add_tcase(suite, tests);
	return suite;
}
