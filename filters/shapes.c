/*
 * shapes.c - runs of characters that must stand in a text for a pattern to match
 *
 * Read as words are (literals.c).  Of each branch the run is taken that is met
 * least often in mail, by how often its characters are; one that is met
 * everywhere is none.  Where an element may be absent, or stand there a few
 * times, the run becomes several, of which one must be there.
 */
#include "filters/shapes.h"

#include <string.h>

#include "filters/pattern.h"

#define NEST_MOST	8	/* groups; each level has sets on the stack */
#define RUN_MOST	16	/* places that are looked at together */
#define UNROLL_MOST	4	/* times that a group is read */
#define COUNT_MOST	200	/* repetitions; what is above is as this */
#define RUNS_MOST	8	/* that one becomes */
#define RARE		1e-9	/* of all places; less is no better */
#define AGAIN		0.35	/* the same stands behind itself at least */
#define USELESS		1e-3	/* a text of a few lines has one */

struct reader {
	struct slice	rest;
	unsigned	depth;
	bool		doubt;		/* something here is not understood */
	bool		at_edge;	/* \b was read, and nothing since */
	bool		is_word;	/* what was read last surely is of a word */
	bool		goes_on;	/* behind this group */
};

struct run {
	size_t		len;
	struct shape_set places[RUN_MOST];
};

/* One of them is what stands there; there is always one. */
struct runs {
	size_t		count;
	struct run	each[RUNS_MOST];
};

/* How often an element stands, at least and at most. */
struct times {
	unsigned	least, most;
};

static void	read_alternatives(struct reader *, struct shapes *);

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

/* Sets */

static bool
has(const struct shape_set *set, unsigned c)
{
	return (set->ascii[c / 64] >> c % 64 & 1) != 0;
}

static void
add(struct shape_set *set, unsigned c)
{
	set->ascii[c / 64] |= (uint64_t)1 << c % 64;
}

static void
add_range(struct shape_set *set, unsigned from, unsigned to)
{
	for (; from <= to && from < 128; from++)
		add(set, from);
}

static void
add_set(struct shape_set *set, const struct shape_set *other)
{
	set->ascii[0] |= other->ascii[0];
	set->ascii[1] |= other->ascii[1];
	set->others = set->others || other->others;
}

/* All characters that are not in it, for all that is known of others. */
static void
turn(struct shape_set *set)
{
	set->ascii[0] = ~set->ascii[0];
	set->ascii[1] = ~set->ascii[1];
	set->others = true;
}

/* Case does not count; U+017F and U+212A are an s and a k, and these those. */
static void
fold(struct shape_set *set)
{
	for (unsigned c = 'a'; c <= 'z'; c++)
		if (has(set, c) || has(set, c & ~0x20u)) {
			add(set, c);
			add(set, c & ~0x20u);
		}
	if (has(set, 's') || has(set, 'k'))
		set->others = true;
}

/* A character that is not ASCII, its first byte taken: any of them. */
static void
add_other(struct reader *r, struct shape_set *set)
{
	while ((unsigned char)peek(r) >= 0x80 &&
	    (unsigned char)peek(r) < 0xc0)
		take(r);
	set->others = true;
}

bool
shape_set_has(const struct shape_set *set, unsigned char first)
{
	return first < 0x80 ? has(set, first) : set->others;
}

/* In a hundred thousand characters of mail, roughly; case does not count. */
static double
share_of(const struct shape_set *set)
{
	static const unsigned letters[26] = {
		6500, 1200, 2600, 3200, 9500, 1600, 1500, 3600, 5800, 200,
		800, 3500, 2300, 5800, 6200, 1800, 150, 5200, 5400, 7200,
		2300, 900, 1300, 300, 1300, 200,
	};
	static const char marks[] = ".,-=/<>:\"";
	unsigned share = set->others ? 3000 : 0;

	for (unsigned c = 0; c < 128; c++) {
		bool is_upper = c >= 'A' && c <= 'Z';

		if (!has(set, c) || is_upper)
			continue;
		if (c >= 'a' && c <= 'z')
			share += letters[c - 'a'];
		else if (c == ' ')
			share += 14000;
		else if (c == '\n')
			share += 2000;
		else if (c >= '0' && c <= '9')
			share += 500;
		else if (c > ' ')
			share += strchr(marks, (char)c) != NULL ? 600 : 150;
		else
			share += 5;
	}
	return share / 1e5;
}

/* Shapes */

static double
share_of_shape(const struct shape *shape)
{
	double share = 1;

	/* digits and capitals keep company */
	for (unsigned i = 0; i < shape->len; i++) {
		const struct shape_set *set = &shape->places[i];
		double one = share_of(set);

		share *= i > 0 && one < AGAIN &&
		    memcmp(set, set - 1, sizeof(*set)) == 0 ? AGAIN : one;
	}
	return share < RARE ? RARE : share;
}

static double
share_of_all(const struct shapes *shapes)
{
	double share = 0;

	for (size_t i = 0; i < shapes->count; i++)
		share += share_of_shape(&shapes->each[i]);
	return share;
}

static void
keep_better(struct shapes *best, const struct shapes *other)
{
	double share = share_of_all(other);

	if (other->count > 0 && share < USELESS && (best->count == 0 ||
	    share < share_of_all(best)))
		*best = *other;
}

/* What is rarest of a run; a shape of nothing where that is empty. */
static struct shape
rarest_of(const struct run *run)
{
	struct shape best = { .len = 0 };

	for (size_t from = 0; from < run->len; from++) {
		struct shape shape = { .len = 0 };

		while (shape.len < SHAPE_LONGEST && from + shape.len <
		    run->len && share_of_shape(&shape) > RARE) {
			shape.places[shape.len] = run->places[from + shape.len];
			shape.len++;
		}
		if (best.len == 0 ||
		    share_of_shape(&shape) < share_of_shape(&best))
			best = shape;
	}
	return best;
}

/* What was read so far would do. */
static void
keep_runs(const struct runs *runs, struct shapes *best)
{
	struct shapes all = { .count = 0 };

	for (size_t i = 0; i < runs->count; i++)
		all.each[all.count++] = rarest_of(&runs->each[i]);
	keep_better(best, &all);
}

/* The runs that were read end here, and another begins. */
static void
end_runs(struct runs *runs, struct shapes *best)
{
	keep_runs(runs, best);
	runs->count = 1;
	runs->each[0].len = 0;
}

/* One more character in all of them. */
static void
add_to_all(struct runs *runs, const struct shape_set *set,
    struct shapes *best)
{
	for (size_t i = 0; i < runs->count; i++)
		if (runs->each[i].len == RUN_MOST) {
			end_runs(runs, best);
			break;
		}
	for (size_t i = 0; i < runs->count; i++) {
		struct run *run = &runs->each[i];

		run->places[run->len++] = *set;
	}
}

/* Up to `more` characters more: each run becomes so many.  False: too many. */
static bool
branch_out(struct runs *runs, const struct shape_set *set, unsigned more)
{
	size_t count = runs->count;

	if (more >= RUNS_MOST || count * (more + 1) > RUNS_MOST)
		return false;
	for (size_t i = 0; i < count; i++)
		if (runs->each[i].len + more > RUN_MOST)
			return false;
	for (unsigned n = 1; n <= more; n++)
		for (size_t i = 0; i < count; i++) {
			struct run *run = &runs->each[runs->count++];

			*run = runs->each[i];
			for (unsigned k = 0; k < n; k++)
				run->places[run->len++] = *set;
		}
	return true;
}

/* Digits into *n_out, or nothing; how many they are. */
static size_t
read_number(struct reader *r, unsigned *n_out)
{
	size_t digits = 0;

	for (; peek(r) >= '0' && peek(r) <= '9'; digits++) {
		unsigned n = *n_out * 10 + (unsigned)(take(r) - '0');

		*n_out = n > COUNT_MOST ? COUNT_MOST : n;
	}
	return digits;
}

/* What stands behind a "{". */
static struct times
read_counts(struct reader *r)
{
	struct times times = { 0, 0 };

	if (read_number(r, &times.least) == 0)
		r->doubt = true;
	times.most = times.least;
	if (peek(r) == ',') {
		take(r);
		times.most = 0;
		if (read_number(r, &times.most) == 0)
			times.most = COUNT_MOST;
	}
	if (take(r) != '}')
		r->doubt = true;
	return times;
}

static unsigned
product(unsigned a, unsigned b)
{
	return a * b > COUNT_MOST ? COUNT_MOST : a * b;
}

static struct times
read_quantifiers(struct reader *r)
{
	struct times all = { 1, 1 };

	for (;;) {
		struct times one = { 0, COUNT_MOST };
		char c = peek(r);

		if (c != '*' && c != '+' && c != '?' && c != '{')
			return all;
		take(r);
		if (c == '{')
			one = read_counts(r);
		else if (c == '?')
			one.most = 1;
		else if (c == '+')
			one.least = 1;
		all.least = product(all.least, one.least);
		all.most = product(all.most, one.most);
		/* lazy or possessive */
		if (peek(r) == '?' || peek(r) == '+')
			take(r);
	}
}

/* Nothing but letters, digits and "_", as far as it is ASCII. */
static bool
is_of_words(const struct shape_set *set)
{
	struct shape_set word = { .others = false };

	add_range(&word, '0', '9');
	add_range(&word, 'a', 'z');
	add_range(&word, 'A', 'Z');
	add(&word, '_');
	return (set->ascii[0] & ~word.ascii[0]) == 0 &&
	    (set->ascii[1] & ~word.ascii[1]) == 0;
}

/* What stands before a word and behind it, for all that is known of others. */
static const struct shape_set no_word = {
	.ascii = { 0xfc00ffffffffffffu, 0xf800000178000001u }, .others = true
};

/*
 * \b: beside what is of a word there is something that is not.  What follows
 * may be the same character, so that behind one it counts at the end alone.
 */
static void
read_edge(struct reader *r, struct runs *runs, struct shapes *best)
{
	char next = peek(r);

	if (runs->count == 1 && runs->each[0].len == 0)
		r->at_edge = true;
	else if (r->is_word && !r->goes_on && (r->rest.len == 0 ||
	    next == '|' || next == ')'))
		add_to_all(runs, &no_word, best);
}

/*
 * One character of `set`, and how often.  If nobody knows how many there are a
 * new run begins, with those that surely stand before what follows.
 */
static void
add_place(struct reader *r, struct shape_set set, struct runs *runs,
    struct shapes *best)
{
	struct times times = read_quantifiers(r);
	unsigned least = times.least < RUN_MOST ? times.least : RUN_MOST;

	if (r->at_edge && r->is_word && least > 0 && runs->count == 1 &&
	    runs->each[0].len == 0)
		add_to_all(runs, &no_word, best);
	r->is_word = r->is_word && least > 0;
	r->at_edge = false;
	fold(&set);
	for (unsigned i = 0; i < least; i++)
		add_to_all(runs, &set, best);
	if (times.least == times.most)
		return;
	keep_runs(runs, best);
	if (times.most < COUNT_MOST && branch_out(runs, &set,
	    times.most - times.least))
		return;
	end_runs(runs, best);
	for (unsigned i = 0; i < least; i++)
		add_to_all(runs, &set, best);
}

/* Classes */

/* The class of an escape; false: it is none. */
static bool
class_of(char c, struct shape_set *set_out)
{
	struct shape_set set = { .others = true };

	switch (c | 0x20) {
	case 'd':
		add_range(&set, '0', '9');
		break;
	case 'w':
		add_range(&set, '0', '9');
		add_range(&set, 'a', 'z');
		add_range(&set, 'A', 'Z');
		add(&set, '_');
		break;
	case 's':
		add_range(&set, '\t', '\r');
		add(&set, ' ');
		break;
	case 'h':
		add(&set, '\t');
		add(&set, ' ');
		break;
	case 'v':
		add_range(&set, '\n', '\r');
		break;
	default:
		return false;
	}
	if (c < 'a')
		turn(&set);
	*set_out = set;
	return true;
}

/* The character that an escape stands for; or '\0'. */
static char
character_of(char c)
{
	static const char names[] = "tnrfea", codes[] = "\t\n\r\f\033\a";
	const char *at = c == '\0' ? NULL : strchr(names, c);
	bool is_word = (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

	if (at != NULL)
		return codes[at - names];
	return c > 0x20 && c < 0x7f && !is_word ? c : '\0';
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

/* A range from `from`, behind its "-", or the end of the class. */
static void
read_range(struct reader *r, char from, struct shape_set *set)
{
	char to = peek(r);

	add(set, (unsigned char)from);
	if (to == ']') {
		add(set, '-');
		return;
	}
	take(r);
	/* what is rare there is not looked into */
	if (to == '\\' || to == '[' || (unsigned char)to >= 0x80)
		r->doubt = true;
	else
		add_range(set, (unsigned char)from, (unsigned char)to);
}

/*
 * One item of a class.  *vague_out: it may be any character, or one whose other
 * case is ASCII.
 */
static void
read_item(struct reader *r, char c, struct shape_set *set, bool *vague_out)
{
	struct shape_set escaped;

	if (c == '[' && peek(r) == ':') {
		skip_posix(r);
		*vague_out = true;
		return;
	}
	if (c == '[' && (peek(r) == '.' || peek(r) == '='))
		r->doubt = true;
	if ((unsigned char)c >= 0x80) {
		add_other(r, set);
		*vague_out = true;
		r->doubt = r->doubt || peek(r) == '-';
		return;
	}
	if (c == '\\') {
		c = take(r);
		if (class_of(c, &escaped)) {
			add_set(set, &escaped);
			r->doubt = r->doubt || peek(r) == '-';
			return;
		}
		c = character_of(c);
		r->doubt = r->doubt || c == '\0';
	}
	if (peek(r) == '-') {
		take(r);
		read_range(r, c, set);
	} else {
		add(set, (unsigned char)c);
	}
}

/* A class, read behind its "[". */
static struct shape_set
read_class(struct reader *r)
{
	struct shape_set set = { .others = false };
	bool is_not = peek(r) == '^', is_vague = false, is_first = true;
	char c;

	if (is_not)
		take(r);
	while (!r->doubt && ((c = take(r)) != ']' || is_first)) {
		read_item(r, c, &set, &is_vague);
		is_first = false;
	}
	if (is_not)
		turn(&set);
	/* "not one of those that nobody knows" is all but the others */
	else if (is_vague)
		set = (struct shape_set){
			.ascii = { ~(uint64_t)0, ~(uint64_t)0 },
			.others = true
		};
	return set;
}

/* A group without others in it or alternatives, up to its ")". */
static bool
is_plain(struct slice rest)
{
	bool in_class = false;

	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.at[i];

		if (c == '\\')
			i++;
		else if (in_class)
			in_class = c != ']';
		else if (c == '[')
			in_class = true;
		else if (c == '(' || c == '|')
			return false;
		else if (c == ')')
			return true;
	}
	return false;
}

static void	read_element(struct reader *, struct runs *, struct shapes *);

static void
read_elements(struct reader *r, struct runs *runs, struct shapes *best)
{
	while (!r->doubt && r->rest.len > 0 && peek(r) != '|' &&
	    peek(r) != ')')
		read_element(r, runs, best);
}

/*
 * A plain group, which goes on with what stands before it if it is there so
 * many times.  False, with nothing changed: it is not, or nobody knows.
 */
static bool
unroll_group(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct runs tried_runs = *runs;
	struct shapes tried = *best;
	struct reader after = *r;
	struct times times;

	if (!is_plain(r->rest))
		return false;
	/* the quantifier stands behind it */
	after.goes_on = true;
	read_elements(&after, &tried_runs, &tried);
	after.goes_on = r->goes_on;
	if (take(&after) != ')')
		return false;
	times = read_quantifiers(&after);
	if (after.doubt || times.least != times.most || times.least == 0 ||
	    times.least > UNROLL_MOST)
		return false;
	for (unsigned n = 0; n < times.least; n++) {
		struct reader again = *r;

		again.goes_on = true;
		read_elements(&again, runs, best);
		r->at_edge = after.at_edge = again.at_edge;
		r->is_word = after.is_word = again.is_word;
	}
	*r = after;
	return true;
}

/* A group, read behind its "(". */
static void
read_group(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct shapes inside;

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
	if (unroll_group(r, runs, best))
		return;
	end_runs(runs, best);
	r->depth++;
	read_alternatives(r, &inside);
	r->depth--;
	if (take(r) != ')')
		r->doubt = true;
	if (read_quantifiers(r).least > 0)
		keep_better(best, &inside);
	r->is_word = r->at_edge = false;
}

static void
read_escape(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct shape_set set = { .others = false };
	char c = take(r), character = character_of(c);

	if (character != '\0') {
		add(&set, (unsigned char)character);
		r->is_word = is_of_words(&set);
		add_place(r, set, runs, best);
	} else if (class_of(c, &set)) {
		r->is_word = c == 'd' || c == 'w';
		add_place(r, set, runs, best);
	} else if (c == 'R') {
		end_runs(runs, best);
		r->is_word = r->at_edge = false;
		(void)read_quantifiers(r);
	} else if (c == 'b' && peek(r) != '*' && peek(r) != '+' &&
	    peek(r) != '?' && peek(r) != '{') {
		read_edge(r, runs, best);
	} else if (c != '\0' && strchr("bBAzZ", c) != NULL) {
		/* a place between two characters, how often it may be asked */
		(void)read_quantifiers(r);
	} else {
		r->doubt = true;
	}
}

static void
read_element(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct shape_set set = { .others = false };
	char c = take(r);

	switch (c) {
	case '(':
		read_group(r, runs, best);
		return;
	case '\\':
		read_escape(r, runs, best);
		return;
	case '^':
	case '$':
		(void)read_quantifiers(r);
		return;
	case '*':
	case '+':
	case '?':
	case '{':
		r->doubt = true;	/* it has nothing to repeat */
		return;
	case '[':
		set = read_class(r);
		break;
	case '.':
		turn(&set);
		break;
	default:
		if ((unsigned char)c < 0x80)
			add(&set, (unsigned char)c);
		else
			add_other(r, &set);
		/* for all we know it is one of two with ASCII as their case */
		if (set.others) {
			add(&set, 's');
			add(&set, 'k');
		}
		break;
	}
	r->is_word = !set.others && is_of_words(&set);
	add_place(r, set, runs, best);
}

static void
read_branch(struct reader *r, struct shapes *best)
{
	struct runs runs = { .count = 1 };

	best->count = 0;
	r->is_word = r->at_edge = false;
	read_elements(r, &runs, best);
	end_runs(&runs, best);
}

static void
read_alternatives(struct reader *r, struct shapes *all)
{
	struct shapes branch;
	bool sure = true;

	all->count = 0;
	for (;;) {
		read_branch(r, &branch);
		/* a branch without any leaves the whole without */
		sure = sure && branch.count > 0 &&
		    all->count + branch.count <= SHAPES_MOST;
		if (sure) {
			memcpy(all->each + all->count, branch.each,
			    branch.count * sizeof(branch.each[0]));
			all->count += branch.count;
		}
		if (r->doubt || peek(r) != '|')
			break;
		take(r);
	}
	if (!sure)
		all->count = 0;
}

void
shapes_read(struct slice source, unsigned flags, struct shapes *shapes_out)
{
	struct reader r = { .rest = source };

	shapes_out->count = 0;
	if (flags & PATTERN_SPACED)
		return;
	read_alternatives(&r, shapes_out);
	if (r.doubt || r.rest.len > 0)
		shapes_out->count = 0;
}
