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

#define NEST_MOST	8	/* groups; each level has sets on the stack */

struct reader {
	struct slice	rest;
	unsigned	depth;
	bool		doubt;		/* something here is not understood */
};

static void	read_alternatives(struct reader *, struct literals *);

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static char
peek(const struct reader *r)
{
	return r->rest.len == 0 ? '\0' : r->rest.at[0];
}

static char
take(struct reader *r)
{
	char c = peek(r);

	if (r->rest.len == 0)
		r->doubt = true;
	r->rest = slice_after(r->rest, 1);
	return c;
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
read_counts(struct reader *r)
{
	size_t digits = 0;
	char c;

	while ((c = take(r)) >= '0' && c <= '9')
		digits++;
	if (c == ',')
		while ((c = take(r)) >= '0' && c <= '9')
			;
	return digits > 0 && c == '}';
}

/*
 * Read what says how often the element before it stands.  False if it may be
 * absent, for all we know; *repeated_out: there may be more of it.
 */
static bool
read_quantifiers(struct reader *r, bool *repeated_out)
{
	bool sure = true;

	*repeated_out = false;
	for (;;) {
		char c = peek(r);

		if (c != '*' && c != '+' && c != '?' && c != '{')
			return sure;
		*repeated_out = true;
		take(r);
		/* a count may be zero, and nobody writes a{1}: not looked at */
		sure = sure && c == '+';
		if (c == '{' && !read_counts(r))
			r->doubt = true;
		/* lazy or possessive */
		if (peek(r) == '?' || peek(r) == '+')
			take(r);
	}
}

/* "[:alpha:]", read behind the "[" */
static void
skip_posix(struct reader *r)
{
	take(r);
	while ((peek(r) >= 'a' && peek(r) <= 'z') || peek(r) == '^')
		take(r);
	if (take(r) != ':' || take(r) != ']')
		r->doubt = true;
}

/* A class, read behind its "[": only its end matters. */
static void
skip_class(struct reader *r)
{
	char c;

	if (peek(r) == '^')
		take(r);
	if (peek(r) == ']')
		take(r);
	while (!r->doubt && (c = take(r)) != ']') {
		if (c == '\\') {
			c = take(r);
			/* \c] is a character; \Q makes "]" one */
			if (c == 'c' || c == 'Q' || c == 'E')
				r->doubt = true;
		} else if (c == '[' && peek(r) == ':') {
			skip_posix(r);
		} else if (c == '[' && (peek(r) == '.' || peek(r) == '=')) {
			r->doubt = true;
		}
	}
}

/* A group, read behind its "(". */
static void
read_group(struct reader *r, struct literals *best)
{
	struct literals inside;
	bool repeated;

	if (slice_has_prefix(r->rest, "?i)")) {
		r->rest = slice_after(r->rest, 3);
		return;
	}
	if (slice_has_prefix(r->rest, "?:"))
		r->rest = slice_after(r->rest, 2);
	else if (peek(r) == '?' || peek(r) == '*')
		r->doubt = true;
	if (r->doubt || r->depth == NEST_MOST) {
		r->doubt = true;
		return;
	}
	r->depth++;
	read_alternatives(r, &inside);
	r->depth--;
	if (take(r) != ')')
		r->doubt = true;
	if (read_quantifiers(r, &repeated))
		keep_better(best, &inside);
}

/*
 * Read an escape behind its backslash: true when it stands for the character
 * *c_out, false when it is a class or a place without arguments.
 */
static bool
read_escape(struct reader *r, char *c_out)
{
	char c = take(r);

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
pass_over(struct reader *r, struct literal *word, struct literals *best)
{
	bool repeated;

	end_word(word, best);
	while ((unsigned char)peek(r) >= 0x80 &&
	    (unsigned char)peek(r) < 0xc0)
		take(r);
	(void)read_quantifiers(r, &repeated);
}

/* The character `c`, and how often. */
static void
read_character(struct reader *r, char c, struct literal *word,
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
read_element(struct reader *r, struct literal *word, struct literals *best)
{
	char c = take(r);

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
read_branch(struct reader *r, struct literals *best)
{
	struct literal word = { 0 };

	best->count = 0;
	while (!r->doubt && r->rest.len > 0 && peek(r) != '|' &&
	    peek(r) != ')')
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
read_alternatives(struct reader *r, struct literals *all)
{
	struct literals branch;
	bool sure = true;

	all->count = 0;
	for (;;) {
		read_branch(r, &branch);
		sure = add_branch(all, &branch) && sure;
		if (r->doubt || peek(r) != '|')
			break;
		take(r);
	}
	if (!sure)
		all->count = 0;
}

void
literals_read(struct slice source, unsigned flags,
    struct literals *literals_out)
{
	struct reader r = { .rest = source };

	literals_out->count = 0;
	if (flags & PATTERN_SPACED)
		return;
	read_alternatives(&r, literals_out);
	if (r.doubt || r.rest.len > 0)
		literals_out->count = 0;
}
