/*
 * decide.c - whose it is: the second half of telling mail apart
 *
 * A ladder: each rung either ends the search, with owners or with a reason to
 * hold, or leaves it to the next.  What a rung's candidates say is weighed
 * together, and only the surest kind of it counts.
 */
#include "fetch/domain/decide.h"

#include <errno.h>

#include "fetch/domain/clean.h"
#include "lib/message/received.h"

/* How good it is, best first; of one rung only the best kind counts. */
enum weight { WEIGHT_ADDRESS, WEIGHT_REPLACED, WEIGHT_NAME, WEIGHT_COUNT };

/* Who was found by one question. */
struct found {
	struct domain_owner	owner;
	enum weight		weight;		/* the best */
};

struct judge {
	struct arena			*arena;
	const struct domain_rules	*rules;
	const struct domain_candidates	*from;
	const struct domain_answer	*answers;
	struct domain_decision		*to;
	struct found			*found;		/* in order */
	unsigned			 found_count;
	uint16_t			*found_by;	/* ask: place in it, from 1 */
	enum weight			 weights[DOMAIN_STEPS_MOST];
	bool				 seen[DOMAIN_STEP_COUNT];
};

/* Keep a step. */
static void
step(struct judge *j, enum domain_step_kind kind, enum weight weight,
    const struct domain_candidate *one, unsigned rule, struct slice to)
{
	j->seen[kind] = true;
	if (j->to->step_count == DOMAIN_STEPS_MOST) {
		j->to->more_steps++;
		return;
	}
	j->weights[j->to->step_count] = weight;
	j->to->steps[j->to->step_count++] =
	    (struct domain_step){ kind, one, rule, false, to };
}

/* Keep a step that found nobody. */
static void
step_over(struct judge *j, enum domain_step_kind kind,
    const struct domain_candidate *one)
{
	step(j, kind, WEIGHT_COUNT, one, 0, slice_of(NULL, 0));
}

static enum domain_sure
sure_of(enum domain_step_kind kind, const struct domain_candidate *one)
{
	if (one->source == DOMAIN_ENVELOPE)
		return DOMAIN_SURE_ENVELOPE;
	if (one->source == DOMAIN_RECEIVED)
		return DOMAIN_SURE_RECEIVED;
	if (kind == DOMAIN_STEP_LEARNED)
		return DOMAIN_SURE_LEARNED;
	return kind == DOMAIN_STEP_NAME ? DOMAIN_SURE_NAME :
	    DOMAIN_SURE_VISIBLE;
}

/* Somebody here gets it. */
static void
find(struct judge *j, enum domain_step_kind kind, enum weight weight,
    const struct domain_candidate *one, unsigned rule, uint16_t ask,
    struct slice address)
{
	struct found *found;

	step(j, kind, weight, one, rule, address);
	if (j->found_by[ask] == 0) {
		found = &j->found[j->found_count++];
		found->owner = (struct domain_owner){ j->answers[ask].account,
		    address, sure_of(kind, one) };
		found->weight = weight;
		j->found_by[ask] = (uint16_t)j->found_count;
		return;
	}
	found = &j->found[j->found_by[ask] - 1];
	if (weight < found->weight) {
		found->weight = weight;
		found->owner.sure = sure_of(kind, one);
	}
}

static const struct domain_answer *
answer(const struct judge *j, uint16_t ask)
{
	static const struct domain_answer none = { .whose = DOMAIN_FOREIGN };

	return ask == DOMAIN_NONE ? &none : &j->answers[ask];
}

/* The people whom a rule names. */
static void
find_targets(struct judge *j, enum domain_step_kind kind,
    const struct domain_candidate *one, unsigned rule,
    const struct domain_targets *targets,
    const struct domain_rule_asks *asks)
{
	unsigned first = j->to->step_count;

	for (unsigned i = 0; i < targets->count; i++)
		if (answer(j, asks->ask[i])->whose == DOMAIN_OURS)
			find(j, kind, WEIGHT_ADDRESS, one, rule,
			    asks->ask[i], targets->address[i]);
		else
			step(j, DOMAIN_STEP_TARGET, WEIGHT_COUNT, one, rule,
			    targets->address[i]);
	for (; first < j->to->step_count; first++)
		j->to->steps[first].learned = kind == DOMAIN_STEP_LEARNED;
}

static void
weigh_learned(struct judge *j, const struct domain_candidate *one)
{
	find_targets(j, DOMAIN_STEP_LEARNED, one, one->learned,
	    &j->rules->learned[one->learned].to,
	    &j->from->learned[one->learned]);
}

/* True: a route says that this address gets nothing. */
static bool
weigh_routes(struct judge *j, const struct domain_candidate *one)
{
	for (unsigned i = 0; i < j->rules->route_count; i++) {
		const struct domain_route *route = &j->rules->routes[i];

		if (!domain_route_fits(route, one->address, one->replaced))
			continue;
		if (route->copy_to.count == 0) {
			step(j, DOMAIN_STEP_DROP, WEIGHT_COUNT, one, i,
			    slice_of(NULL, 0));
			return true;
		}
		find_targets(j, DOMAIN_STEP_COPY, one, i, &route->copy_to,
		    &j->from->routes[i]);
	}
	return false;
}

/* The name beside the address; true: it is somebody's. */
static bool
weigh_name(struct judge *j, const struct domain_candidate *one,
    enum weight weight)
{
	const struct domain_answer *name = answer(j, one->ask_name);

	if (name->whose == DOMAIN_OURS)
		find(j, DOMAIN_STEP_NAME, weight, one, 0, one->ask_name,
		    name->address);
	else if (name->whose == DOMAIN_SEVERAL)
		step_over(j, DOMAIN_STEP_SEVERAL, one);
	return name->whose == DOMAIN_OURS;
}

static void
weigh_address(struct judge *j, const struct domain_candidate *one)
{
	enum domain_whose whose = answer(j, one->ask)->whose;

	/* one address for all: the name beside it stands in its place */
	if (j->rules->match_names == DOMAIN_ONLY &&
	    weigh_name(j, one, WEIGHT_ADDRESS))
		return;
	if (whose == DOMAIN_OURS) {
		find(j, DOMAIN_STEP_OWNER, WEIGHT_ADDRESS, one, 0, one->ask,
		    one->address);
		return;
	}
	if (j->rules->match_names == DOMAIN_YES &&
	    weigh_name(j, one, whose == DOMAIN_UNKNOWN ? WEIGHT_ADDRESS :
	    WEIGHT_NAME))
		return;
	if (answer(j, one->ask_replaced)->whose == DOMAIN_OURS)
		find(j, DOMAIN_STEP_REPLACED, WEIGHT_REPLACED, one, 0,
		    one->ask_replaced, one->replaced);
	else
		step_over(j, whose == DOMAIN_UNKNOWN ? DOMAIN_STEP_UNKNOWN :
		    DOMAIN_STEP_FOREIGN, one);
}

static void
weigh(struct judge *j, const struct domain_candidate *one)
{
	if (one->address.len == 0)
		step_over(j, DOMAIN_STEP_BROKEN, one);
	else if (one->own && (one->source == DOMAIN_ENVELOPE ||
	    one->source == DOMAIN_RECEIVED))
		step_over(j, DOMAIN_STEP_MAILBOX, one);
	else if (one->source == DOMAIN_LIST || one->source == DOMAIN_FROM)
		weigh_learned(j, one);
	else if (weigh_routes(j, one))
		return;
	else if (one->learned != DOMAIN_NONE)
		weigh_learned(j, one);
	else
		weigh_address(j, one);
}

/* Weigh all of one source, or of one Received line; were there any? */
static bool
weigh_source(struct judge *j, enum domain_source source, unsigned place)
{
	bool any = false;

	for (unsigned i = 0; i < j->from->count; i++)
		if (j->from->all[i].source == source &&
		    j->from->all[i].place == place) {
			weigh(j, &j->from->all[i]);
			any = true;
		}
	return any;
}

static bool
has_owner(const struct domain_decision *to, uint64_t account)
{
	for (unsigned i = 0; i < to->owner_count; i++)
		if (to->owners[i].account == account)
			return true;
	return false;
}

/* Those found become owners, if they are of the surest kind.  True: some do. */
static bool
settle(struct judge *j)
{
	struct domain_decision *to = j->to;
	enum weight best = WEIGHT_COUNT;

	for (unsigned i = 0; i < j->found_count; i++)
		if (j->found[i].weight < best)
			best = j->found[i].weight;
	for (unsigned i = 0; i < j->found_count; i++)
		if (j->found[i].weight == best &&
		    !has_owner(to, j->found[i].owner.account))
			to->owners[to->owner_count++] = j->found[i].owner;
	for (unsigned i = 0; i < to->step_count; i++)
		if (j->weights[i] != WEIGHT_COUNT && j->weights[i] != best)
			to->steps[i].kind = DOMAIN_STEP_WEAKER;
	return to->owner_count > 0;
}

/* Those found so far are not meant. */
static void
forget_found(struct judge *j)
{
	for (unsigned i = 0; i < j->to->step_count; i++)
		if (j->weights[i] != WEIGHT_COUNT) {
			j->to->steps[i].kind = DOMAIN_STEP_WEAKER;
			j->weights[i] = WEIGHT_COUNT;
		}
	for (unsigned i = 0; i < j->from->ask_count; i++)
		j->found_by[i] = 0;
	j->found_count = 0;
}

/* Why nobody was found. */
static enum domain_hold
reason(const struct judge *j)
{
	if (j->seen[DOMAIN_STEP_TARGET])
		return DOMAIN_HELD_TARGET;
	if (j->seen[DOMAIN_STEP_DROP])
		return DOMAIN_HELD_DROPPED;
	if (j->seen[DOMAIN_STEP_UNKNOWN])
		return DOMAIN_HELD_UNKNOWN;
	if (j->seen[DOMAIN_STEP_FOREIGN] || j->seen[DOMAIN_STEP_SEVERAL])
		return DOMAIN_HELD_FOREIGN;
	return j->seen[DOMAIN_STEP_BROKEN] ? DOMAIN_HELD_MALFORMED :
	    DOMAIN_HELD_NO_ADDRESS;
}

static bool
is_over(const struct judge *j, enum domain_source source)
{
	return j->from->over && j->from->over_in <= source;
}

/* An envelope header that is present ends the search. */
static enum domain_hold
decide_envelope(struct judge *j)
{
	(void)weigh_source(j, DOMAIN_ENVELOPE, 0);
	if (j->from->too_deep)
		return DOMAIN_HELD_DEEP;
	if (is_over(j, DOMAIN_ENVELOPE))
		return DOMAIN_HELD_TOO_MANY;
	return settle(j) ? DOMAIN_FOUND : reason(j);
}

/*
 * A line above this one in which another site had it for somebody else: it
 * left us after that, and came back.  A bare name ("localhost") is no site.
 */
static bool
came_round(const struct judge *j, unsigned place)
{
	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];

		if (one->source == DOMAIN_RECEIVED && one->place < place &&
		    !one->own && one->address.len > 0 &&
		    slice_find(one->by, '.') != SIZE_MAX &&
		    slice_find(j->from->top_by, '.') != SIZE_MAX &&
		    !received_same_site(one->by, j->from->top_by))
			return true;
	}
	return false;
}

/* It was for an address of ours, whoever else its To may name. */
static bool
was_for_us(const struct judge *j)
{
	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];
		enum domain_whose whose = answer(j, one->ask)->whose;

		if (one->source == DOMAIN_RECEIVED && !one->own &&
		    (whose == DOMAIN_OURS || whose == DOMAIN_UNKNOWN))
			return true;
	}
	return false;
}

/*
 * A line below our provider's may be what the sender likes it to be: it is not
 * believed where To and Cc name people here, and none of those it does.
 */
static const struct domain_candidate *
find_other(const struct judge *j, unsigned place)
{
	const struct domain_candidate *other = NULL;
	bool is_outside = false;

	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];

		if (one->source == DOMAIN_RECEIVED && one->place == place)
			is_outside = one->outside;
		if (one->source != DOMAIN_VISIBLE ||
		    answer(j, one->ask)->whose != DOMAIN_OURS)
			continue;
		if (j->found_by[one->ask] != 0)
			return NULL;
		if (other == NULL)
			other = one;
	}
	return is_outside ? other : NULL;
}

/* Somebody was found in that line: is it to be believed? */
static enum domain_hold
judge_received(struct judge *j, unsigned place)
{
	const struct domain_candidate *other;

	if (is_over(j, DOMAIN_RECEIVED))
		return DOMAIN_HELD_TOO_MANY;
	if (came_round(j, place))
		return DOMAIN_HELD_ROUND;
	other = find_other(j, place);
	if (other == NULL)
		return DOMAIN_FOUND;
	step_over(j, DOMAIN_STEP_DOUBT, other);
	return DOMAIN_HELD_DOUBT;
}

/*
 * Line by line from the top; the first that was for somebody here ends it.
 * True: it is decided.
 */
static bool
decide_received(struct judge *j, enum domain_hold *hold_out)
{
	for (unsigned place = 1; place <= 2 * DOMAIN_HOPS_MOST; place++) {
		if (!weigh_source(j, DOMAIN_RECEIVED, place) ||
		    j->found_count == 0)
			continue;
		*hold_out = judge_received(j, place);
		return *hold_out != DOMAIN_FOUND || settle(j);
	}
	*hold_out = reason(j);
	return was_for_us(j) || j->seen[DOMAIN_STEP_TARGET];
}

/*
 * It came through a list that is not ours: any subscriber may be meant.  It is
 * addressed to the list, or nowhere to it though it says which one it is: then
 * the writer has hidden that, and its To is for other copies.
 */
static bool
came_through_list(const struct judge *j)
{
	const struct domain_candidates *from = j->from;
	bool is_shown = false;

	for (unsigned i = 0; i < from->count; i++) {
		const struct domain_candidate *one = &from->all[i];

		if (one->source != DOMAIN_VISIBLE ||
		    !domain_lists_has(&from->lists, one->address))
			continue;
		is_shown = true;
		if (one->learned == DOMAIN_NONE &&
		    answer(j, one->ask)->whose != DOMAIN_OURS)
			return true;
	}
	return !is_shown && from->lists.named > 0;
}

/* To or Cc name a list whose mail a learned rule gives to somebody; or NULL. */
static const struct domain_candidate *
find_learned_list(const struct judge *j)
{
	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];

		if (one->source == DOMAIN_VISIBLE &&
		    one->learned != DOMAIN_NONE &&
		    domain_lists_has(&j->from->lists, one->address))
			return one;
	}
	return NULL;
}

/* Where no header names anybody here: what was learned about it. */
static enum domain_hold
decide_learned(struct judge *j)
{
	if (weigh_source(j, DOMAIN_LIST, 0) && settle(j))
		return DOMAIN_FOUND;
	if (weigh_source(j, DOMAIN_FROM, 0) && settle(j))
		return DOMAIN_FOUND;
	return reason(j);
}

/* It was sent on by somebody: its To is older, and not for this copy. */
static enum domain_hold
decide_resent(struct judge *j)
{
	enum domain_hold hold;

	(void)weigh_source(j, DOMAIN_RESENT, 0);
	if (is_over(j, DOMAIN_RESENT))
		return DOMAIN_HELD_TOO_MANY;
	if (settle(j))
		return DOMAIN_FOUND;
	hold = decide_learned(j);
	return hold == DOMAIN_HELD_FOREIGN ? DOMAIN_HELD_RESENT : hold;
}

/* What the writer put there for people to read. */
static enum domain_hold
decide_visible(struct judge *j)
{
	const struct domain_candidate *list = find_learned_list(j);

	(void)weigh_source(j, DOMAIN_VISIBLE, 0);
	if (is_over(j, DOMAIN_VISIBLE))
		return DOMAIN_HELD_TOO_MANY;
	if (list != NULL) {
		/* the others whom it names had it straight from the writer */
		forget_found(j);
		weigh_learned(j, list);
	} else if (came_through_list(j)) {
		/* whom it names had it straight from the writer */
		forget_found(j);
		j->to->list_id = j->from->lists.id;
		return weigh_source(j, DOMAIN_LIST, 0) && settle(j) ?
		    DOMAIN_FOUND : DOMAIN_HELD_LIST;
	}
	if (settle(j))
		return DOMAIN_FOUND;
	if (weigh_source(j, DOMAIN_SUBJECT, 0) && settle(j))
		return DOMAIN_FOUND;
	return decide_learned(j);
}

/* A rule gives mail for this address to somebody. */
static bool
has_rule(const struct judge *j, const struct domain_candidate *one)
{
	for (unsigned i = 0; i < j->rules->route_count; i++)
		if (j->rules->routes[i].copy_to.count > 0 &&
		    domain_route_fits(&j->rules->routes[i], one->address,
		    one->replaced))
			return true;
	return one->learned != DOMAIN_NONE;
}

/*
 * A trace of the envelope names us, but none of the owners.  What is made of a
 * sender's address may be a key of his: there only a person counts.
 */
static bool
contradicts(const struct judge *j, const struct domain_candidate *one)
{
	const struct domain_answer *it = answer(j, one->ask);

	if (one->own || has_rule(j, one))
		return false;
	return it->whose == DOMAIN_OURS ? !has_owner(j->to, it->account) :
	    it->whose == DOMAIN_UNKNOWN &&
	    !slice_is_word(one->header, "return-path");
}

/* It was sent on to somebody, and to none of the owners; or NULL. */
static const struct domain_candidate *
find_resent(const struct judge *j)
{
	const struct domain_candidate *first = NULL;

	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];
		const struct domain_answer *it = answer(j, one->ask);

		if (one->source != DOMAIN_RESENT || j->from->resent_counts)
			continue;
		if (it->whose == DOMAIN_OURS && has_owner(j->to, it->account))
			return NULL;
		if (first == NULL)
			first = one;
	}
	return first;
}

/*
 * It was in a mailbox of another site, or on its way to one, and nothing says for
 * whom it went on from there.
 */
static bool
was_elsewhere(const struct judge *j, const struct domain_candidate *one,
    struct slice site)
{
	return !one->own && !has_rule(j, one) && one->address.len > 0 &&
	    answer(j, one->ask)->whose == DOMAIN_FOREIGN &&
	    slice_find(site, '.') != SIZE_MAX &&
	    slice_find(j->from->top_by, '.') != SIZE_MAX &&
	    !received_same_site(site, j->from->top_by);
}

/* Does that line, or that header, speak against the owners? */
static bool
speaks_against(const struct judge *j, const struct domain_candidate *one)
{
	size_t at = slice_find_last(one->address, '@');

	if (one->source == DOMAIN_WITNESS)
		return contradicts(j, one);
	if (one->source == DOMAIN_PASSED)
		return was_elsewhere(j, one, at == SIZE_MAX ?
		    slice_of(NULL, 0) : slice_after(one->address, at + 1));
	return one->source == DOMAIN_RECEIVED && was_elsewhere(j, one,
	    one->by);
}

/* The first that speaks against the owners, or NULL. */
static const struct domain_candidate *
find_contradiction(const struct judge *j)
{
	bool lines = true;

	for (unsigned i = 0; i < j->from->count; i++) {
		const struct domain_candidate *one = &j->from->all[i];
		enum domain_whose whose = answer(j, one->ask)->whose;

		if ((lines || one->source != DOMAIN_RECEIVED) &&
		    speaks_against(j, one))
			return one;
		if (one->source != DOMAIN_RECEIVED || !lines || one->own ||
		    (whose != DOMAIN_OURS && whose != DOMAIN_UNKNOWN))
			continue;
		lines = false;	/* the topmost that was for us */
		if (j->from->received_counts)
			continue;	/* that was weighed */
		if (contradicts(j, one) || came_round(j, one->place))
			return one;
	}
	return find_resent(j);
}

/* What was found in headers that people read, against what hosts wrote. */
static enum domain_hold
doubt(struct judge *j, enum domain_hold hold)
{
	const struct domain_candidate *one = hold != DOMAIN_FOUND ? NULL :
	    find_contradiction(j);

	if (hold == DOMAIN_FOUND && j->from->resent_blind)
		return DOMAIN_HELD_RESENT;
	if (one == NULL)
		return hold;
	step_over(j, DOMAIN_STEP_DOUBT, one);
	return DOMAIN_HELD_DOUBT;
}

static int
make_room(struct judge *j)
{
	j->found = arena_array(j->arena, j->from->ask_count + 1,
	    sizeof(*j->found));
	j->found_by = arena_array(j->arena, j->from->ask_count + 1,
	    sizeof(*j->found_by));
	j->to->owners = arena_array(j->arena, j->from->ask_count + 1,
	    sizeof(*j->to->owners));
	j->to->steps = arena_array(j->arena, DOMAIN_STEPS_MOST,
	    sizeof(*j->to->steps));
	return j->found == NULL || j->found_by == NULL ||
	    j->to->owners == NULL || j->to->steps == NULL ? -ENOBUFS : 0;
}

int
domain_decide(struct arena *arena, const struct domain_rules *rules,
    const struct domain_candidates *from, const struct domain_answer *answers,
    struct domain_decision *decision_out)
{
	struct domain_decision to = { 0 };
	struct judge j = { .arena = arena, .rules = rules, .from = from,
	    .answers = answers, .to = &to };
	int r = make_room(&j);

	if (r < 0)
		return r;
	if (from->has_envelope)
		to.hold = decide_envelope(&j);
	else if (!from->received_counts || !decide_received(&j, &to.hold))
		to.hold = doubt(&j, from->has_resent &&
		    from->resent_counts ? decide_resent(&j) :
		    decide_visible(&j));
	if (to.hold != DOMAIN_FOUND)
		to.owner_count = 0;
	*decision_out = to;
	return 0;
}

enum sentence
domain_hold_sentence(enum domain_hold hold)
{
	static const enum sentence sentences[DOMAIN_HOLD_COUNT] = {
		[DOMAIN_FOUND] = SAY_DONE,
		[DOMAIN_HELD_NO_ADDRESS] = SAY_HELD_NO_ADDRESS,
		[DOMAIN_HELD_FOREIGN] = SAY_HELD_FOREIGN,
		[DOMAIN_HELD_UNKNOWN] = SAY_HELD_UNKNOWN,
		[DOMAIN_HELD_MALFORMED] = SAY_HELD_MALFORMED,
		[DOMAIN_HELD_DROPPED] = SAY_HELD_DROPPED,
		[DOMAIN_HELD_TARGET] = SAY_HELD_TARGET,
		[DOMAIN_HELD_DEEP] = SAY_HELD_DEEP,
		[DOMAIN_HELD_ROUND] = SAY_HELD_ROUND,
		[DOMAIN_HELD_LIST] = SAY_HELD_LIST,
		[DOMAIN_HELD_RESENT] = SAY_HELD_RESENT,
		[DOMAIN_HELD_DOUBT] = SAY_HELD_DOUBT,
		[DOMAIN_HELD_TOO_MANY] = SAY_HELD_TOO_MANY,
	};

	return sentences[hold];
}
