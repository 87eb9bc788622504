/*
 * rule_parts.c - the attachments because of which a rule held
 *
 * A set of parts is a row of bits, in the order of the parts.
 */
#include "filters/rule_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/findings.h"
#include "filters/leaves.h"

struct finder {
	const struct rule_parts_ask *ask;
	const struct mime_part	**part;		/* all of the message */
	size_t			 count;
	size_t			 longs;		/* of a set */
	const char		*why;		/* the first doubt */
	int			 error;
};

bool
rule_removes(const struct rule *rule)
{
	const struct rule_action *action = rule->actions;

	while (action != NULL && action->verb != RULE_REMOVE)
		action = action->next;
	return action != NULL;
}

bool
rule_type_is(struct slice type, struct slice want)
{
	if (want.at[want.len - 1] != '*')
		return slice_is_nocase(type, want);
	return slice_is_nocase(slice_first(type, want.len - 1),
	    slice_first(want, want.len - 1));
}

/* "macro found" */
static bool
is_macro(const struct rule_test *test)
{
	return test->kind == RULE_FINDING &&
	    strcmp(findings_row(test->row)->name, "macro") == 0 &&
	    test->value == PACKED_MACROS;
}

static bool
is_of_part(const struct rule_test *test)
{
	if (test->negated)
		return false;
	switch (test->kind) {
	case RULE_ATTACHMENT_NAME:
	case RULE_ATTACHMENT_TYPE:
	case RULE_ATTACHMENT_TYPE_LIKE:
	case RULE_ATTACHMENT_REAL:
	case RULE_ATTACHMENT_REAL_LIKE:
	case RULE_ATTACHMENT_INSIDE:
		return true;
	case RULE_ANY:
		return rule_names_parts(test->inside);
	default:
		return is_macro(test);
	}
}

bool
rule_names_parts(const struct rule_test *test)
{
	/* as deep as RULE_NEST_MOST */
	while (test != NULL && !is_of_part(test))
		test = test->next;
	return test != NULL;
}

/* The first reason stands. */
static void
doubt(struct finder *finder, const char *why)
{
	if (finder->why == NULL)
		finder->why = why;
}

/* Sets of parts */

static uint64_t *
set_new(struct finder *finder)
{
	uint64_t *set = arena_array(finder->ask->arena, finder->longs,
	    sizeof(*set));

	if (set == NULL)
		finder->error = -ENOBUFS;
	return set;
}

static void
set_add(uint64_t *set, size_t n)
{
	set[n / 64] |= UINT64_C(1) << n % 64;
}

static bool
set_has(const uint64_t *set, size_t n)
{
	return (set[n / 64] >> n % 64 & 1) != 0;
}

static bool
set_is_empty(const struct finder *finder, const uint64_t *set)
{
	for (size_t i = 0; i < finder->longs; i++)
		if (set[i] != 0)
			return false;
	return true;
}

/* What one test is about */

/* The number of the part, from `*from` on, which goes to it; or SIZE_MAX. */
static size_t
number_of(const struct finder *finder, const struct mime_part *part,
    size_t *from)
{
	for (size_t n = *from; n < finder->count; n++)
		if (finder->part[n] == part) {
			*from = n;
			return n;
		}
	return SIZE_MAX;
}

static bool
says_yes(struct finder *finder, const struct rule_test *test,
    struct slice text)
{
	const struct rules *rules = finder->ask->rules;

	if (test->pattern == RULE_NO_PATTERN)
		return rule_type_is(text, test->word);
	switch (pattern_match(rules->patterns[test->pattern], text,
	    rules->space, finder->ask->ends_at_ms)) {
	case PATTERN_YES:
		return true;
	case PATTERN_NO:
		return false;
	default:
		doubt(finder, pattern_why(rules->space));
		return false;
	}
}

static void
add_texts(struct finder *finder, const struct rule_test *test,
    enum texts_kind kind, uint64_t *set)
{
	const struct texts_one *one = finder->ask->texts->first[kind];
	size_t from = 0, n;

	doubt(finder, finder->ask->texts->unread[kind]);
	/* both are in the order of the message */
	for (; one != NULL; one = one->next) {
		if (!says_yes(finder, test, one->text))
			continue;
		n = number_of(finder, one->part, &from);
		if (n == SIZE_MAX)
			doubt(finder, "an attachment stands outside of its "
			    "parts");
		else
			set_add(set, n);
	}
}

/* Does an archive begin anywhere in these bytes? */
static bool
has_archive(struct slice bytes)
{
	static const struct slice begins[] = {
		SLICE("PK\003\004"), SLICE("Rar!\032\007"),
		SLICE("7z\274\257\047\034"), SLICE("MSCF"),
	};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (bytes.len > 0 && memmem(bytes.at, bytes.len, begins[i].at,
		    begins[i].len) != NULL)
			return true;
	return false;
}

/* Can a text be read there?  No archive of any kind does without a NUL. */
static bool
is_all_text(struct slice bytes, bool was_hidden)
{
	if (!was_hidden)
		return bytes.len == 0 || memchr(bytes.at, '\0', bytes.len) ==
		    NULL;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.at[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r' &&
		    c != '\f')
			return false;
	}
	return slice_is_utf8(bytes);
}

/* Is there no archive in what every reader reads there; if so, a text? */
static bool
is_mere(struct finder *finder, const struct mime_part *part, bool as_text)
{
	struct slice bytes = mime_body(part);
	enum mime_encoding encoding = mime_encoding(part);
	bool yes;
	char *buffer;

	if (mime_is_odd(part) || encoding == MIME_UNKNOWN)
		return false;
	buffer = malloc(bytes.len + 1);
	if (buffer == NULL) {
		finder->error = -ENOMEM;
		return false;
	}
	if (encoding == MIME_BASE64)
		bytes = slice_of(buffer, leaf_base64(bytes, buffer));
	else if (encoding == MIME_QUOTED_PRINTABLE)
		bytes = slice_of(buffer, leaf_quoted_printable(bytes, buffer));
	yes = !has_archive(bytes) && (!as_text || is_all_text(bytes,
	    encoding == MIME_BASE64));
	free(buffer);
	return yes;
}

/* What a mail program shows as it is. */
static bool
is_letter(const struct mime_part *part)
{
	return mime_is(part, "text", "plain") ||
	    mime_is(part, "text", "html") ||
	    mime_is(part, "text", "calendar");
}

/* What every part is that a text of this kind is of; pictures apart. */
static void
sort_parts(struct finder *finder, enum texts_kind kind, uint64_t *files,
    uint64_t *pictures)
{
	const struct texts_one *one = finder->ask->texts->first[kind];
	size_t from = 0, n;

	for (; one != NULL; one = one->next) {
		n = number_of(finder, one->part, &from);
		if (n != SIZE_MAX)
			set_add(kind == TEXTS_REAL && slice_has_prefix(
			    one->text, "image/") ? pictures : files, n);
	}
}

/*
 * What may hold files or macros: all that is in the message but pictures and
 * the letter itself.  A text that is attached is a file like any other, and so
 * is one that begins as a file does.
 */
static void
add_containers(struct finder *finder, uint64_t *set)
{
	uint64_t *attached = set_new(finder), *real = set_new(finder);
	uint64_t *pictures = set_new(finder);

	if (attached == NULL || real == NULL || pictures == NULL)
		return;
	sort_parts(finder, TEXTS_TYPE, attached, NULL);
	sort_parts(finder, TEXTS_REAL, real, pictures);
	for (size_t n = 0; n < finder->count; n++) {
		const struct mime_part *part = finder->part[n];
		bool is_file = set_has(real, n);

		if (mime_child(part) != NULL || mime_body(part).len == 0)
			continue;
		if (!is_file && set_has(pictures, n))
			is_file = !is_mere(finder, part, false);
		else if (!is_file)
			is_file = set_has(attached, n) || !is_letter(part) ||
			    !is_mere(finder, part, true);
		if (is_file)
			set_add(set, n);
	}
}

/* What the scanner saw somewhere is where alone it can be. */
static void
add_scanned(struct finder *finder, uint64_t *set)
{
	uint64_t *all = set_new(finder);
	size_t count = 0;

	if (all == NULL)
		return;
	add_containers(finder, all);
	for (size_t n = 0; n < finder->count; n++)
		count += set_has(all, n);
	if (count != 1)
		doubt(finder, "which of its attachments that is in is not "
		    "known");
	for (size_t i = 0; i < finder->longs; i++)
		set[i] |= all[i];
}

static void	add_test(struct finder *, const struct rule_test *,
		    uint64_t *set);

static void
add_any(struct finder *finder, const struct rule_test *test, uint64_t *set)
{
	for (test = test->inside; test != NULL; test = test->next)
		if (is_of_part(test))
			add_test(finder, test, set);
}

/* Add the parts that this test says yes to. */
static void
add_test(struct finder *finder, const struct rule_test *test, uint64_t *set)
{
	switch (test->kind) {
	case RULE_ANY:
		add_any(finder, test, set);
		break;
	case RULE_ATTACHMENT_NAME:
		add_texts(finder, test, TEXTS_NAME, set);
		break;
	case RULE_ATTACHMENT_TYPE:
	case RULE_ATTACHMENT_TYPE_LIKE:
		add_texts(finder, test, TEXTS_TYPE, set);
		break;
	case RULE_ATTACHMENT_REAL:
	case RULE_ATTACHMENT_REAL_LIKE:
		add_texts(finder, test, TEXTS_REAL, set);
		break;
	default:
		add_scanned(finder, set);
		break;
	}
}

/* All of them together */

static void
list_all(struct finder *finder)
{
	const struct mime_part *part = finder->ask->root;
	size_t most = mime_part_count(part);

	finder->longs = most / 64 + 1;
	finder->part = arena_array(finder->ask->arena, most,
	    sizeof(const struct mime_part *));
	if (finder->part == NULL)
		finder->error = -ENOBUFS;
	for (; part != NULL && finder->error == 0; part = mime_after(part))
		finder->part[finder->count++] = part;
}

/* Those of every test, or else those of any. */
static const uint64_t *
choose(struct finder *finder, const struct rule *rule)
{
	uint64_t *each = set_new(finder), *some = set_new(finder);
	const struct rule_test *test;

	if (finder->error < 0)
		return NULL;
	memset(each, 0xff, finder->longs * sizeof(*each));
	for (test = rule->tests; test != NULL; test = test->next) {
		uint64_t *set;

		if (!is_of_part(test))
			continue;
		set = set_new(finder);
		if (set == NULL)
			return NULL;
		add_test(finder, test, set);
		for (size_t i = 0; i < finder->longs; i++) {
			each[i] &= set[i];
			some[i] |= set[i];
		}
	}
	return set_is_empty(finder, each) ? some : each;
}

int
rule_parts_find(const struct rule_parts_ask *ask, const struct rule *rule,
    struct rule_parts *parts_out)
{
	struct finder finder = { .ask = ask };
	struct rule_parts parts = { .count = 0 };
	const uint64_t *set;

	if (ask->root == NULL) {
		*parts_out = (struct rule_parts){
			.why = "its parts could not be read" };
		return 0;
	}
	/* other readers see other parts, whatever was asked for */
	doubt(&finder, ask->texts->unread[TEXTS_TYPE]);
	list_all(&finder);
	set = finder.error < 0 ? NULL : choose(&finder, rule);
	if (finder.error < 0)
		return finder.error;
	parts.part = finder.part;
	for (size_t n = 0; n < finder.count; n++)
		if (set_has(set, n))
			parts.part[parts.count++] = finder.part[n];
	parts.why = finder.why;
	if (parts.count == 0 && parts.why == NULL)
		parts.why = "which of its attachments that is cannot be said";
	*parts_out = parts;
	return 0;
}
