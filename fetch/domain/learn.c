/*
 * learn.c - a postmaster's correction that becomes a rule
 */
#include "fetch/domain/learn.h"

#include <errno.h>

/* By what a message can be known again. */
struct key {
	enum domain_key	by;
	struct slice	text;	/* empty: none yet */
	bool		several;	/* no single one */
};

static enum domain_whose
whose(const struct domain_candidate *one, const struct domain_answer *answers)
{
	return one->ask == DOMAIN_NONE ? DOMAIN_FOREIGN :
	    answers[one->ask].whose;
}

/* The one address of this source that is `wanted`. */
static struct key
find_one(const struct domain_candidates *from,
    const struct domain_answer *answers, enum domain_source source,
    enum domain_whose wanted)
{
	struct key key = { .by = DOMAIN_KEY_ADDRESS };

	for (unsigned i = 0; i < from->count; i++) {
		const struct domain_candidate *one = &from->all[i];

		if (one->source != source || one->address.len == 0 ||
		    one->own || whose(one, answers) != wanted)
			continue;
		if (key.text.len > 0 && !slice_is(key.text, one->address))
			key.several = true;
		key.text = one->address;
	}
	return key;
}

static bool
is_good(struct key key)
{
	return key.text.len > 0 && !key.several;
}

/* What people read, then the sender. */
static struct key
find_visible(const struct domain_candidates *from,
    const struct domain_answer *answers)
{
	enum domain_source source = from->has_resent &&
	    from->resent_counts ? DOMAIN_RESENT :
	    DOMAIN_VISIBLE;
	struct key key = find_one(from, answers, source, DOMAIN_UNKNOWN);

	if (is_good(key))
		return key;
	if (from->lists.id.len > 0)
		return (struct key){ .by = DOMAIN_KEY_LIST,
		    .text = from->lists.id };
	if (key.text.len == 0)
		key = find_one(from, answers, source, DOMAIN_FOREIGN);
	if (is_good(key) && !slice_is(key.text, from->from))
		return key;
	return (struct key){ .by = DOMAIN_KEY_FROM, .text = from->from };
}

/* The list's address as To or Cc has it, or "". */
static struct slice
find_list(const struct domain_candidates *from)
{
	for (unsigned i = 0; i < from->count; i++)
		if (from->all[i].source == DOMAIN_VISIBLE &&
		    domain_lists_has(&from->lists, from->all[i].address))
			return from->all[i].address;
	return slice_of(NULL, 0);
}

static struct key
find_key(const struct domain_candidates *from,
    const struct domain_answer *answers,
    const struct domain_decision *decision)
{
	struct key key = { .several = true };

	switch (decision->hold) {
	case DOMAIN_HELD_NO_ADDRESS:
	case DOMAIN_HELD_FOREIGN:
	case DOMAIN_HELD_UNKNOWN:
	case DOMAIN_HELD_MALFORMED:
	case DOMAIN_HELD_RESENT:
		break;
	case DOMAIN_HELD_LIST:
		if (from->lists.id.len > 0)
			return (struct key){ .by = DOMAIN_KEY_LIST,
			    .text = from->lists.id };
		return (struct key){ .by = DOMAIN_KEY_ADDRESS,
		    .text = find_list(from) };
	default:
		return key;
	}
	if (from->has_envelope)
		return find_one(from, answers, DOMAIN_ENVELOPE,
		    DOMAIN_UNKNOWN);
	key = find_one(from, answers, DOMAIN_RECEIVED, DOMAIN_UNKNOWN);
	return key.text.len > 0 ? key : find_visible(from, answers);
}

int
domain_learn(struct arena *arena, struct domain_rules *rules,
    const struct domain_candidates *from, const struct domain_answer *answers,
    const struct domain_decision *decision, struct slice to,
    const struct domain_learned **learned_out, struct domain_fault *fault_out)
{
	TEXT_AUTO line = TEXT_INIT(DOMAIN_TEXT_MOST);
	struct key key = find_key(from, answers, decision);
	int r;

	if (!is_good(key))
		return -ENOENT;
	text_add_str(&line, domain_key_words[key.by]);
	text_add_byte(&line, ' ');
	text_add(&line, key.text);
	text_add_str(&line, " -> ");
	text_add(&line, to);
	if (text_failed(&line))
		return -ENOBUFS;
	r = domain_rules_set(arena, rules, slice_str("learn"),
	    text_slice(&line), fault_out);
	/* an address that cannot stand in a line is nothing to know it by */
	if (r == -EINVAL && fault_out->want == SAY_WANT_LEARN)
		return -ENOENT;
	if (r < 0)
		return r;
	for (unsigned i = 0; i < rules->learned_count; i++)
		if (rules->learned[i].by == key.by &&
		    slice_is_nocase(rules->learned[i].key, key.text))
			*learned_out = &rules->learned[i];
	return 0;
}
