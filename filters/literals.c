/*
 * literals.c - words that must stand in a text for a pattern to match it
 *
 * A pattern is alternatives of branches; a branch is a run of elements, of
 * which the best word (or the best group, which is a set of words) is taken.
 * An element that may be absent ends a word and adds nothing.
 */
#include "filters/literals.h"

#include <string.h>

#include "filters/pattern.h"
#include "filters/pattern_source.h"

static void	read_alternatives(struct pattern_source *, struct literals *);

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The shortest of a set; the longer that is, the less often it is met. */
static size_t
worth(const struct literals *set)
{
	size_t least = set->count == 0 ? 0 : LITERAL_BYTES;

	for (size_t i = 0; i < set->count; i++)
		if (set->each[i].len < least)
			least = set->each[i].len;
	return least;
}

static void
keep_better(struct literals *best, const struct literals *other)
{
	size_t a = worth(best), b = worth(other);

	if (b < LITERAL_LEAST)
		return;
	if (b > a || (b == a && other->count < best->count))
		*best = *other;
}

/* The word that was read ends here. */
static void
end_word(struct literal *word, struct literals *best)
{
	struct literals one;

	one.count = 1;
	one.each[0] = *word;
	keep_better(best, &one);
	word->len = 0;
}

/* Digits, then a comma and digits or not, then "}": read behind the "{". */
static bool
read_counts(struct pattern_source *r)
{
	size_t digits = 0;
	char c;

	while ((c = source_take(r)) >= '0' && c <= '9')
		digits++;
	if (c == ',')
		while ((c = source_take(r)) >= '0' && c <= '9')
			;
	return digits > 0 && c == '}';
}

/*
 * Read what says how often the element before it stands.  False if it may be
 * absent, for all we know; *repeated_out: there may be more of it.
 */
static bool
read_quantifiers(struct pattern_source *r, bool *repeated_out)
{
	bool sure = true;

	*repeated_out = false;
	for (;;) {
		char c = source_peek(r);

		if (c != '*' && c != '+' && c != '?' && c != '{')
			return sure;
		*repeated_out = true;
		source_take(r);
		/* a count may be zero, and nobody writes a{1}: not looked at */
		sure = sure && c == '+';
		if (c == '{' && !read_counts(r))
			r->doubt = true;
		/* lazy or possessive */
		if (source_peek(r) == '?' || source_peek(r) == '+')
			source_take(r);
	}
}

/* A class, read behind its "[": only its end matters. */
static void
skip_class(struct pattern_source *r)
{
	char c;

	if (source_peek(r) == '^')
		source_take(r);
	if (source_peek(r) == ']')
		source_take(r);
	while (!r->doubt && (c = source_take(r)) != ']') {
		if (c == '\\') {
			c = source_take(r);
			/* \c] is a character; \Q makes "]" one */
			if (c == 'c' || c == 'Q' || c == 'E')
				r->doubt = true;
		} else if (c == '[' && source_peek(r) == ':') {
			source_skip_posix(r);
		} else if (c == '[' && (source_peek(r) == '.' ||
		    source_peek(r) == '=')) {
			r->doubt = true;
		}
	}
}

/* A group, read behind its "(". */
static void
read_group(struct pattern_source *r, struct literals *best)
{
	struct literals inside;
	bool repeated;

	if (!source_enter(r))
		return;
	read_alternatives(r, &inside);
	source_leave(r);
	if (read_quantifiers(r, &repeated))
		keep_better(best, &inside);
}

/*
 * Read an escape behind its backslash: true when it stands for the character
 * *c_out, false when it is a class or a place without arguments.
 */
static bool
read_escape(struct pattern_source *r, char *c_out)
{
	char c = source_take(r);

	if (c > 0x20 && c < 0x7f && !is_alnum(c)) {
		*c_out = c;
		return true;
	}
	if (c == '\0' || strchr("dDwWsSbBhHvVAzZRtnrfea", c) == NULL)
		r->doubt = true;
	return false;
}

/* An element that is no word: what follows it begins a new one. */
static void
pass_over(struct pattern_source *r, struct literal *word, struct literals *best)
{
	bool repeated;

	end_word(word, best);
	source_take_rest(r);
	(void)read_quantifiers(r, &repeated);
}

/* The character `c`, and how often. */
static void
read_character(struct pattern_source *r, char c, struct literal *word,
    struct literals *best)
{
	bool repeated, sure = read_quantifiers(r, &repeated);

	if (sure && word->len < LITERAL_BYTES)
		word->bytes[word->len++] = c >= 'A' && c <= 'Z' ?
		    (char)(c | 0x20) : c;
	if (repeated || word->len == LITERAL_BYTES)
		end_word(word, best);
}

static void
read_element(struct pattern_source *r, struct literal *word,
    struct literals *best)
{
	char c = source_take(r);

	switch (c) {
	case '(':
		end_word(word, best);
		read_group(r, best);
		return;
	case '[':
		skip_class(r);
		pass_over(r, word, best);
		return;
	case '\\':
		if (read_escape(r, &c))
			read_character(r, c, word, best);
		else
			pass_over(r, word, best);
		return;
	case '.':
	case '^':
	case '$':
		pass_over(r, word, best);
		return;
	case '*':
	case '+':
	case '?':
	case '{':
		r->doubt = true;	/* it has nothing to repeat */
		return;
	default:
		if (c >= 0x20 && c < 0x7f)
			read_character(r, c, word, best);
		else
			pass_over(r, word, best);
		return;
	}
}

static void
read_branch(struct pattern_source *r, struct literals *best)
{
	struct literal word = { 0 };

	best->count = 0;
	while (source_goes_on(r))
		read_element(r, &word, best);
	end_word(&word, best);
}

/* Add a branch's set: one without any leaves the whole without. */
static bool
add_branch(struct literals *all, const struct literals *branch)
{
	if (branch->count == 0 || all->count + branch->count > LITERALS_MOST)
		return false;
	memcpy(all->each + all->count, branch->each,
	    branch->count * sizeof(branch->each[0]));
	all->count += branch->count;
	return true;
}

static void
read_alternatives(struct pattern_source *r, struct literals *all)
{
	struct literals branch;
	bool sure = true;

	all->count = 0;
	for (;;) {
		read_branch(r, &branch);
		sure = add_branch(all, &branch) && sure;
		if (r->doubt || source_peek(r) != '|')
			break;
		source_take(r);
	}
	if (!sure)
		all->count = 0;
}

void
literals_read(struct slice source, unsigned flags,
    struct literals *literals_out)
{
	struct pattern_source r = { .rest = source };

	literals_out->count = 0;
	if (flags & PATTERN_SPACED)
		return;
	read_alternatives(&r, literals_out);
	if (r.doubt || r.rest.len > 0)
		literals_out->count = 0;
}
