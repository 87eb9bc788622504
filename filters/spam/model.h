/*
 * model.h - what the spam classifier has learnt, in memory of a fixed size
 *
 * Logistic regression, taught one message at a time with AdaGrad (Duchi, Hazan,
 * Singer 2011): one weight and one sum of squared slopes for each place in a
 * table, no matter how much is learnt.  The memory is meant to be a mapped
 * file: each number in it is whole at any time, so that who reads it while it
 * is written sees some weights before and some after a lesson, and a machine
 * that stops forgets the last lessons and nothing else.
 *
 * A score is the logarithm of the odds that a message is spam.  Where spam
 * begins is told by what the owner of the model wanted: above all but a
 * thousandth of the last wanted messages, as they were scored before they were
 * learnt.  Between nothing and there a message is unsure.
 */
#ifndef POSTROOM_FILTERS_SPAM_MODEL_H
#define POSTROOM_FILTERS_SPAM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places in the table, as a power of two: of a person, of the whole site. */
#define SPAM_BITS_PERSON	18
#define SPAM_BITS_SITE		22
#define SPAM_BITS_LEAST		16
#define SPAM_BITS_MOST		24

/* With fewer messages of either class it has no say. */
#define SPAM_LEARNT_LEAST	300

/*
 * Learning rates: where people's clicks are the labels a twentieth of them is
 * wrong, and a higher rate believes those.
 */
#define SPAM_RATE_CLICKS	0.003
#define SPAM_RATE_CURATED	0.005

enum spam_class {
	SPAM_UNTRAINED,		/* it has no say */
	SPAM_WANTED,
	SPAM_UNSURE,
	SPAM_SPAM
};

struct spam_head;
struct spam_cell;

/* A model in memory that the caller has mapped and keeps. */
struct spam_model {
	struct spam_head	*head;
	struct spam_cell	*cells;
	unsigned		 bits;
};

/* What can be said of a model. */
struct spam_standing {
	uint64_t	wanted, spam;	/* learnt */
	int64_t		since_utc, last_utc;	/* seconds; 0: never */
	double		cut;		/* from here on it is spam */
	bool		trained;	/* enough to have a say */
	bool		calibrated;	/* odds are measured, not supposed */
};

/* Bytes of a model of so many places; 0: there is none of that size. */
size_t	spam_model_bytes(unsigned bits);

/* Make an empty one of zeroed bytes: spam_model_bytes(bits) of them. */
void	spam_model_make(void *at, unsigned bits, int64_t now_utc);

/*
 * Use the model in `bytes` bytes at `at`, which are aligned as a page is.
 *
 *  0        *model_out is set.
 * -EBADMSG  this is no model, or a broken one: all of it was looked at.
 * -ENOTSUP  it is of a newer version of this program.
 */
int	spam_model_open(void *at, size_t bytes, struct spam_model *model_out);

/*
 * The same for who only reads, and comes often: the table is not looked at.  A
 * number in it that cannot be makes scores wrong, and nothing worse.
 */
int	spam_model_look(void *at, size_t bytes, struct spam_model *model_out);

/* The score of a message: log-odds, 0 from an empty model. */
double	spam_model_score(const struct spam_model *, const uint32_t *hashes,
	    size_t count);

/*
 * Learn a message, for which the memory must be writable; the score that it
 * had before.
 */
double	spam_model_learn(struct spam_model *, const uint32_t *hashes,
	    size_t count, bool is_spam, double rate, int64_t now_utc);

/*
 * The same of a model that is asked together with others, which give the message
 * the score `other`: what it learns is what they did not know.
 */
double	spam_model_learn_beside(struct spam_model *, double other,
	    const uint32_t *hashes, size_t count, bool is_spam, double rate,
	    int64_t now_utc);

/*
 * It was wrong: a step the other way, and it does not count any more.  The state
 * from before does not come back, for the sums of squared slopes only grow; who
 * then learns the same message as what it is has the sign of its score right.
 */
void	spam_model_take_back(struct spam_model *, double other,
	    const uint32_t *hashes, size_t count, bool was_spam, double rate);

/*
 * A number that its owner keeps in the model, 0 at first: what was learnt last,
 * so that who ended between that and noting it elsewhere does not learn it
 * again.
 */
uint64_t spam_model_mark(const struct spam_model *);
void	spam_model_set_mark(struct spam_model *, uint64_t mark);

/* What a score means: a class, and how probably it is spam (0 to 1). */
enum spam_class	spam_model_class(const struct spam_model *, double score);
double	spam_model_probability(const struct spam_model *, double score);

/* What one feature adds to a score. */
double	spam_model_weight(const struct spam_model *, uint32_t hash);

/* How far it has come. */
void	spam_model_standing(const struct spam_model *,
	    struct spam_standing *standing_out);

#endif
