/*
 * model.c - what the spam classifier has learnt, in memory of a fixed size
 *
 * Everything in the memory is data that may have been damaged: a number that
 * cannot be makes the whole of it no model, and what is read later while
 * another process writes is brought into its bounds.
 */
#include "filters/spam/model.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MAGIC		0x4d505350u	/* "PSPM" in a file */
#define VERSION		1u		/* of this layout and of the features */
#define WANTED_SCORES	2048		/* of which 2 are a thousandth */
#define CUT_FROM	200		/* with fewer scores it is the highest */
#define SPAM_SCORES	2048
#define PAGE		4096
#define HEAD_BYTES	(5 * PAGE)

/* No weight or score of 10,000 features comes near these. */
#define WEIGHT_MOST	1000.0
#define SCORE_MOST	10000.0
#define TINY		1e-6		/* keeps the first step finite */

/*
 * The cut is never below what people's own mail was seen to need (2.2 to 5.6),
 * nor above what only wrong labels can have made.
 */
#define CUT_LEAST	2.0
#define CUT_MOST	6.0
#define CUT_SHARE	1000		/* one wanted message of so many */

#define FIT_EVERY	64		/* lessons */
#define FIT_LEAST	100		/* scores of each class */
#define FIT_STEPS	20
#define SLOPE_LEAST	0.05
#define SLOPE_MOST	5.0
#define OFFSET_MOST	20.0

/* A ring of the last scores of one class, each from before it was learnt. */
struct ring {
	uint32_t	next, count;
};

struct spam_head {
	uint32_t	magic, version, bits, unused;
	uint64_t	learnt[2];		/* wanted, spam */
	int64_t		since_utc, last_utc;
	struct ring	wanted, spam;
	float		cut;
	float		slope, offset;		/* slope 0: not calibrated */
	float		wanted_scores[WANTED_SCORES];
	float		spam_scores[SPAM_SCORES];
	uint64_t	mark;			/* 0 in a file of before */
};

_Static_assert(sizeof(struct spam_head) <= HEAD_BYTES, "the head has grown");

/* Weight and sum stand together: one place is one line of the cache. */
struct spam_cell {
	float	weight, sum;
};

size_t
spam_model_bytes(unsigned bits)
{
	if (bits < SPAM_BITS_LEAST || bits > SPAM_BITS_MOST)
		return 0;
	return HEAD_BYTES + (sizeof(struct spam_cell) << bits);
}

void
spam_model_make(void *at, unsigned bits, int64_t now_utc)
{
	struct spam_head *head = at;

	head->version = VERSION;
	head->bits = bits;
	head->since_utc = now_utc;
	head->cut = (float)CUT_MOST;
	head->magic = MAGIC;
}

static bool
within(float value, double least, double most)
{
	return (double)value >= least && (double)value <= most;
}

static bool
ring_is_sound(const struct ring *ring, const float *scores, uint32_t size)
{
	if (ring->next >= size || ring->count > size)
		return false;
	for (uint32_t i = 0; i < ring->count; i++)
		if (!within(scores[i], -SCORE_MOST, SCORE_MOST))
			return false;
	return true;
}

static bool
head_is_sound(const struct spam_head *head)
{
	return ring_is_sound(&head->wanted, head->wanted_scores,
	    WANTED_SCORES) &&
	    ring_is_sound(&head->spam, head->spam_scores, SPAM_SCORES) &&
	    head->wanted.count <= head->learnt[false] &&
	    head->spam.count <= head->learnt[true] &&
	    within(head->cut, CUT_LEAST, CUT_MOST) &&
	    within(head->slope, 0, SLOPE_MOST) &&
	    within(head->offset, -OFFSET_MOST, OFFSET_MOST);
}

/* A comparison with what is no number is false: so is the whole. */
static bool
cells_are_sound(const struct spam_cell *cells, size_t count)
{
	bool sound = true;

	for (size_t i = 0; i < count; i++)
		sound &= fabsf(cells[i].weight) <= (float)WEIGHT_MOST &&
		    cells[i].sum >= 0 && cells[i].sum < INFINITY;
	return sound;
}

int
spam_model_look(void *at, size_t bytes, struct spam_model *model_out)
{
	struct spam_head *head = at;
	struct spam_cell *cells;

	if (bytes < HEAD_BYTES || head->magic != MAGIC)
		return -EBADMSG;
	if (head->version > VERSION)
		return -ENOTSUP;
	if (head->version != VERSION || head->bits > SPAM_BITS_MOST ||
	    spam_model_bytes(head->bits) != bytes || !head_is_sound(head))
		return -EBADMSG;
	cells = (void *)((char *)at + HEAD_BYTES);
	*model_out = (struct spam_model){ head, cells, head->bits };
	return 0;
}

int
spam_model_open(void *at, size_t bytes, struct spam_model *model_out)
{
	struct spam_model model;
	int r = spam_model_look(at, bytes, &model);

	if (r < 0)
		return r;
	if (!cells_are_sound(model.cells, (size_t)1 << model.bits))
		return -EBADMSG;
	*model_out = model;
	return 0;
}

static struct spam_cell *
cell_of(const struct spam_model *model, uint32_t hash)
{
	return &model->cells[hash >> (32 - model->bits)];
}

/* Into its bounds; what is no number becomes nothing. */
static double
bounded(double value, double least, double most)
{
	if (!(value >= least))
		return value < least ? least : 0;
	return value > most ? most : value;
}

double
spam_model_weight(const struct spam_model *model, uint32_t hash)
{
	return bounded((double)cell_of(model, hash)->weight, -WEIGHT_MOST,
	    WEIGHT_MOST);
}

double
spam_model_score(const struct spam_model *model, const uint32_t *hashes,
    size_t count)
{
	double score = 0;

	for (size_t i = 0; i < count; i++)
		score += (double)cell_of(model, hashes[i])->weight;
	return bounded(score, -SCORE_MOST, SCORE_MOST);
}

static double
odds_to_probability(double odds)
{
	return 1 / (1 + exp(-odds));
}

static void
ring_add(struct ring *ring, float *scores, uint32_t size, double score)
{
	uint32_t at = ring->next < size ? ring->next : 0;

	scores[at] = (float)score;
	ring->next = (at + 1) % size;
	if (ring->count < size)
		ring->count++;
}

/*
 * The highest scores of wanted mail, as many as one in a thousand and one more:
 * the lowest of these is where spam begins.
 */
static double
find_cut(const struct spam_head *head)
{
	float top[WANTED_SCORES / CUT_SHARE + 1];
	size_t keep = head->wanted.count / CUT_SHARE + 1, have = 0, at;

	if (head->wanted.count < CUT_FROM)
		return CUT_MOST;
	for (uint32_t i = 0; i < head->wanted.count; i++) {
		float score = head->wanted_scores[i];

		if (have == keep && score <= top[keep - 1])
			continue;
		at = have < keep ? have++ : keep - 1;
		for (; at > 0 && top[at - 1] < score; at--)
			top[at] = top[at - 1];
		top[at] = score;
	}
	return bounded((double)top[keep - 1], CUT_LEAST, CUT_MOST);
}

/* The sums of one step of Newton's method for slope and offset. */
struct fit {
	double	slope_slope, slope_offset, offset_offset;
	double	slope, offset;		/* of the error */
};

static void
fit_add(struct fit *fit, double slope, double offset, const float *scores,
    uint32_t count, double label, double weight)
{
	for (uint32_t i = 0; i < count; i++) {
		double x = (double)scores[i];
		double p = odds_to_probability(slope * x + offset);
		double curve = weight * p * (1 - p);
		double error = weight * (label - p);

		fit->slope_slope += curve * x * x;
		fit->slope_offset += curve * x;
		fit->offset_offset += curve;
		fit->slope += error * x;
		fit->offset += error;
	}
}

/*
 * Probabilities from scores as they came true (Platt 1999).  Each class counts
 * as often as it was learnt, however many of its scores are kept; the labels
 * are drawn in by what so few examples cannot know.
 */
static void
calibrate(struct spam_head *head)
{
	double wanted = head->wanted.count, spam = head->spam.count;
	double share = (double)head->learnt[true] * wanted /
	    ((double)head->learnt[false] * spam);
	double slope = 0.5, offset = 0, steps;

	for (steps = 0; steps < FIT_STEPS; steps++) {
		struct fit fit = { .slope_slope = 1e-3, .offset_offset = 1e-3 };
		double det, from_slope = slope, from_offset = offset;

		fit_add(&fit, slope, offset, head->wanted_scores,
		    head->wanted.count, 1 / (wanted + 2), 1);
		fit_add(&fit, slope, offset, head->spam_scores,
		    head->spam.count, (spam + 1) / (spam + 2), share);
		det = fit.slope_slope * fit.offset_offset -
		    fit.slope_offset * fit.slope_offset;
		if (!(det > 1e-12))
			break;
		slope = bounded(slope + (fit.offset_offset * fit.slope -
		    fit.slope_offset * fit.offset) / det, SLOPE_LEAST,
		    SLOPE_MOST);
		offset = bounded(offset + (fit.slope_slope * fit.offset -
		    fit.slope_offset * fit.slope) / det, -OFFSET_MOST,
		    OFFSET_MOST);
		/* there it would stay */
		if (!(slope < from_slope || slope > from_slope ||
		    offset < from_offset || offset > from_offset))
			break;
	}
	head->slope = (float)slope;
	head->offset = (float)offset;
}

static bool
is_trained(const struct spam_head *head)
{
	return head->learnt[false] >= SPAM_LEARNT_LEAST &&
	    head->learnt[true] >= SPAM_LEARNT_LEAST;
}

/* What it thought before it had a say tells nothing of how it errs now. */
static void
note_score(struct spam_head *head, double score, bool is_spam)
{
	uint64_t all = head->learnt[false] + head->learnt[true];

	if (!is_trained(head))
		return;
	if (is_spam) {
		ring_add(&head->spam, head->spam_scores, SPAM_SCORES, score);
	} else {
		ring_add(&head->wanted, head->wanted_scores, WANTED_SCORES,
		    score);
		head->cut = (float)find_cut(head);
	}
	if (all % FIT_EVERY == 0 && head->wanted.count >= FIT_LEAST &&
	    head->spam.count >= FIT_LEAST)
		calibrate(head);
}

static void
step_one(struct spam_cell *cell, double slope, double rate)
{
	double sum = (double)cell->sum + slope * slope;

	cell->sum = (float)sum;
	cell->weight = (float)bounded((double)cell->weight +
	    rate * slope / sqrt(sum + TINY), -WEIGHT_MOST, WEIGHT_MOST);
}

/* Towards the class; the score from before. */
static double
step(struct spam_model *model, double other, const uint32_t *hashes,
    size_t count, bool is_spam, double rate)
{
	double score = other + spam_model_score(model, hashes, count);
	double slope = (is_spam ? 1 : 0) - odds_to_probability(score);

	for (size_t i = 0; i < count; i++)
		step_one(cell_of(model, hashes[i]), slope, rate);
	return score;
}

double
spam_model_learn_beside(struct spam_model *model, double other,
    const uint32_t *hashes, size_t count, bool is_spam, double rate,
    int64_t now_utc)
{
	struct spam_head *head = model->head;
	double score = step(model, other, hashes, count, is_spam, rate);

	head->learnt[is_spam]++;
	head->last_utc = now_utc;
	note_score(head, score, is_spam);
	return score;
}

double
spam_model_learn(struct spam_model *model, const uint32_t *hashes,
    size_t count, bool is_spam, double rate, int64_t now_utc)
{
	return spam_model_learn_beside(model, 0, hashes, count, is_spam, rate,
	    now_utc);
}

void
spam_model_take_back(struct spam_model *model, double other,
    const uint32_t *hashes, size_t count, bool was_spam, double rate)
{
	struct spam_head *head = model->head;
	struct ring *ring = was_spam ? &head->spam : &head->wanted;

	(void)step(model, other, hashes, count, !was_spam, rate);
	if (head->learnt[was_spam] > 0)
		head->learnt[was_spam]--;
	if (ring->count > head->learnt[was_spam])
		ring->count = (uint32_t)head->learnt[was_spam];
}

uint64_t
spam_model_mark(const struct spam_model *model)
{
	return model->head->mark;
}

void
spam_model_set_mark(struct spam_model *model, uint64_t mark)
{
	model->head->mark = mark;
}

void
spam_model_standing(const struct spam_model *model,
    struct spam_standing *standing_out)
{
	const struct spam_head *head = model->head;

	*standing_out = (struct spam_standing){
		.wanted = head->learnt[false], .spam = head->learnt[true],
		.since_utc = head->since_utc, .last_utc = head->last_utc,
		.cut = bounded((double)head->cut, CUT_LEAST, CUT_MOST),
		.trained = is_trained(head),
		.calibrated = head->slope > 0,
	};
}

enum spam_class
spam_model_class(const struct spam_model *model, double score)
{
	struct spam_standing standing;

	spam_model_standing(model, &standing);
	if (!standing.trained)
		return SPAM_UNTRAINED;
	if (score < 0)
		return SPAM_WANTED;
	return score < standing.cut ? SPAM_UNSURE : SPAM_SPAM;
}

double
spam_model_probability(const struct spam_model *model, double score)
{
	const struct spam_head *head = model->head;
	double slope = bounded((double)head->slope, 0, SLOPE_MOST);
	double offset = bounded((double)head->offset, -OFFSET_MOST,
	    OFFSET_MOST);

	return odds_to_probability(slope > 0 ? slope * score + offset : score);
}
