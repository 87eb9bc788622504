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
#include "filters/pattern_source.h"

#define RUN_MOST	16	/* places that are looked at together */
#define UNROLL_MOST	4	/* times that a group is read */
#define COUNT_MOST	200	/* repetitions; what is above is as this */
#define RUNS_MOST	8	/* that one becomes */
#define RARE		1e-9	/* of all places; less is no better */
#define AGAIN		0.35	/* the same stands behind itself at least */
#define USELESS		1e-3	/* a text of a few lines has one */

struct reader {
	struct pattern_source s;
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

static double
share_of_shape(const struct shape *shape)
{
	double share = 1;

	/* digits and capitals keep company */
	for (unsigned i = 0; i < shape->len; i++) {
		const struct shape_set *set = &shape->places[i];
		double one = shape_set_share(set);

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

	for (; source_peek(&r->s) >= '0' && source_peek(&r->s) <= '9';
	    digits++) {
		unsigned n = *n_out * 10 +
		    (unsigned)(source_take(&r->s) - '0');

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
		r->s.doubt = true;
	times.most = times.least;
	if (source_peek(&r->s) == ',') {
		source_take(&r->s);
		times.most = 0;
		if (read_number(r, &times.most) == 0)
			times.most = COUNT_MOST;
	}
	if (source_take(&r->s) != '}')
		r->s.doubt = true;
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
		char c = source_peek(&r->s);

		if (c != '*' && c != '+' && c != '?' && c != '{')
			return all;
		source_take(&r->s);
		if (c == '{')
			one = read_counts(r);
		else if (c == '?')
			one.most = 1;
		else if (c == '+')
			one.least = 1;
		all.least = product(all.least, one.least);
		all.most = product(all.most, one.most);
		/* lazy or possessive */
		if (source_peek(&r->s) == '?' ||
		    source_peek(&r->s) == '+')
			source_take(&r->s);
	}
}

/*
 * \b: beside what is of a word there is something that is not.  What follows
 * may be the same character, so that behind one it counts at the end alone.
 */
static void
read_edge(struct reader *r, struct runs *runs, struct shapes *best)
{
	char next = source_peek(&r->s);

	if (runs->count == 1 && runs->each[0].len == 0)
		r->at_edge = true;
	else if (r->is_word && !r->goes_on && (r->s.rest.len == 0 ||
	    next == '|' || next == ')'))
		add_to_all(runs, &shape_set_no_word, best);
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
		add_to_all(runs, &shape_set_no_word, best);
	r->is_word = r->is_word && least > 0;
	r->at_edge = false;
	shape_set_fold(&set);
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

/* A range from `from`, behind its "-", or the end of the class. */
static void
read_range(struct reader *r, char from, struct shape_set *set)
{
	char to = source_peek(&r->s);

	shape_set_add(set, (unsigned char)from);
	if (to == ']') {
		shape_set_add(set, '-');
		return;
	}
	source_take(&r->s);
	/* what is rare there is not looked into */
	if (to == '\\' || to == '[' || (unsigned char)to >= 0x80)
		r->s.doubt = true;
	else
		shape_set_add_range(set, (unsigned char)from,
		    (unsigned char)to);
}

/*
 * One item of a class.  *vague_out: it may be any character, or one whose other
 * case is ASCII.
 */
static void
read_item(struct reader *r, char c, struct shape_set *set, bool *vague_out)
{
	struct shape_set escaped;

	if (c == '[' && source_peek(&r->s) == ':') {
		source_skip_posix(&r->s);
		*vague_out = true;
		return;
	}
	if (c == '[' && (source_peek(&r->s) == '.' ||
	    source_peek(&r->s) == '='))
		r->s.doubt = true;
	if ((unsigned char)c >= 0x80) {
		source_take_rest(&r->s);
		set->others = true;
		*vague_out = true;
		r->s.doubt = r->s.doubt || source_peek(&r->s) == '-';
		return;
	}
	if (c == '\\') {
		c = source_take(&r->s);
		if (shape_set_of_class(c, &escaped)) {
			shape_set_add_all(set, &escaped);
			r->s.doubt = r->s.doubt ||
			    source_peek(&r->s) == '-';
			return;
		}
		c = character_of(c);
		r->s.doubt = r->s.doubt || c == '\0';
	}
	if (source_peek(&r->s) == '-') {
		source_take(&r->s);
		read_range(r, c, set);
	} else {
		shape_set_add(set, (unsigned char)c);
	}
}

/* A class, read behind its "[". */
static struct shape_set
read_class(struct reader *r)
{
	struct shape_set set = { .others = false };
	bool is_not = source_peek(&r->s) == '^';
	bool is_vague = false, is_first = true;
	char c;

	if (is_not)
		source_take(&r->s);
	while (!r->s.doubt && ((c = source_take(&r->s)) != ']' ||
	    is_first)) {
		read_item(r, c, &set, &is_vague);
		is_first = false;
	}
	if (is_not)
		shape_set_turn(&set);
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
	while (source_goes_on(&r->s))
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

	if (!is_plain(r->s.rest))
		return false;
	/* the quantifier stands behind it */
	after.goes_on = true;
	read_elements(&after, &tried_runs, &tried);
	after.goes_on = r->goes_on;
	source_leave(&after.s);
	times = read_quantifiers(&after);
	if (after.s.doubt || times.least != times.most || times.least == 0 ||
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

	if (!source_enter(&r->s))
		return;
	if (unroll_group(r, runs, best))
		return;
	end_runs(runs, best);
	read_alternatives(r, &inside);
	source_leave(&r->s);
	if (read_quantifiers(r).least > 0)
		keep_better(best, &inside);
	r->is_word = r->at_edge = false;
}

static void
read_escape(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct shape_set set = { .others = false };
	char c = source_take(&r->s), character = character_of(c);
	char next = source_peek(&r->s);

	if (character != '\0') {
		shape_set_add(&set, (unsigned char)character);
		r->is_word = shape_set_is_word(&set);
		add_place(r, set, runs, best);
	} else if (shape_set_of_class(c, &set)) {
		r->is_word = c == 'd' || c == 'w';
		add_place(r, set, runs, best);
	} else if (c == 'R') {
		end_runs(runs, best);
		r->is_word = r->at_edge = false;
		(void)read_quantifiers(r);
	} else if (c == 'b' && next != '*' && next != '+' && next != '?' &&
	    next != '{') {
		read_edge(r, runs, best);
	} else if (c != '\0' && strchr("bBAzZ", c) != NULL) {
		/* a place between two characters, how often it may be asked */
		(void)read_quantifiers(r);
	} else {
		r->s.doubt = true;
	}
}

static void
read_element(struct reader *r, struct runs *runs, struct shapes *best)
{
	struct shape_set set = { .others = false };
	char c = source_take(&r->s);

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
		r->s.doubt = true;	/* it has nothing to repeat */
		return;
	case '[':
		set = read_class(r);
		break;
	case '.':
		shape_set_turn(&set);
		break;
	default:
		if ((unsigned char)c < 0x80) {
			shape_set_add(&set, (unsigned char)c);
			break;
		}
		/* for all we know it is one of two with ASCII as their case */
		source_take_rest(&r->s);
		set.others = true;
		shape_set_add(&set, 's');
		shape_set_add(&set, 'k');
		break;
	}
	r->is_word = !set.others && shape_set_is_word(&set);
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
		if (r->s.doubt || source_peek(&r->s) != '|')
			break;
		source_take(&r->s);
	}
	if (!sure)
		all->count = 0;
}

void
shapes_read(struct slice source, unsigned flags, struct shapes *shapes_out)
{
	struct reader r = { .s.rest = source };

	shapes_out->count = 0;
	if (flags & PATTERN_SPACED)
		return;
	read_alternatives(&r, shapes_out);
	if (r.s.doubt || r.s.rest.len > 0)
		shapes_out->count = 0;
}
