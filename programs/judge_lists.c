/*
 * judge_lists.c - a judge asks the lists in DNS, through the resolver
 *
 * A question keeps its place until the resolver answers it, also when nobody
 * waits for that any more: so a list that is silent, or a storm of names that
 * there are not, never takes more of the resolver than JUDGE_LISTS_PLACES.
 * These are its own, so that it never takes those of a list that answers.
 */
#include "programs/judge_lists.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "lib/base/names.h"
#include "programs/judge_dns.h"

#define LOOK_MS		250		/* for whose time is over */
#define AGAIN_MS	(UINT64_C(60) * 60 * 1000)	/* it is tried */
#define SILENT_MS	(UINT64_C(60) * 1000)	/* the same of one without a
						   word, and how long it rests */
#define SILENT_MOST	3		/* messages in a row */
#define RECORDS_MOST	16		/* of an answer; lists give a few */
#define QUESTION_BYTES	(DNS_NAME_SIZE + 8)

/* What a list has, and has not, if it is one (RFC 5782 5). */
enum trial { TRIAL_HAS, TRIAL_LACKS, TRIAL_LACKS_IPV6, TRIALS };

static const char *const trials[TRIALS] = {
	[TRIAL_HAS] = "127.0.0.2", [TRIAL_LACKS] = "127.0.0.1",
	[TRIAL_LACKS_IPV6] = "::ffff:127.0.0.1",
};

/*
 * The same of domains.  The well known lists have test entries of their own and
 * not the one of the standard, so only what they must not have is tried.
 */
static const char *const domain_trials[TRIALS] = {
	[TRIAL_LACKS] = "invalid",
};

enum standing { UNTRIED, GOOD, BAD };

struct list {
	enum standing	 standing;
	enum listed_result why;		/* of BAD */
	uint64_t	 try_at_ms;	/* again */
	unsigned	 waiting;	/* answers of a trial */
	bool		 is_due[TRIALS];	/* and not asked */
	enum listed_result tried[TRIALS];
	unsigned	 silent;	/* messages in a row */
	uint64_t	 rests_until_ms;
};

struct lookup {
	struct judge_lists *lists;	/* or NULL: it is free */
	struct judge_asking *asking;	/* or NULL: a trial, or nobody waits */
	unsigned	 part;
	struct list	*list;
	int		 trial;		/* or -1 */
	uint64_t	 since_ms;
};

struct judge_asking {
	TAILQ_ENTRY(judge_asking) next;
	struct judge_lists *lists;
	struct listed	*listed;
	bool		 is_asked[LISTED_PARTS];	/* and not answered */
	uint64_t	 since_ms;
	judge_listed_fn	*fn;
	void		*arg;
};

struct judge_lists {
	struct dns_lists lists;
	const char	*trusted;
	struct list	 list[DNS_LISTS_MOST];
	/* PLACES for the first list, as many for the second, ... */
	struct lookup	 lookup[DNS_LISTS_MOST * JUDGE_LISTS_PLACES];
	struct ipc	*resolver;	/* or NULL */
	struct timer	*timer;
	TAILQ_HEAD(, judge_asking) all;
};

static void	ask_more(struct judge_lists *);

static const struct dns_list *
configured(const struct judge_lists *lists, const struct list *list)
{
	return &lists->lists.list[list - lists->list];
}

static const char *const *
trials_of(const struct dns_list *list)
{
	return list->is_domains ? domain_trials : trials;
}

/* Trials */

static void
begin_trial(struct judge_lists *lists, struct list *list)
{
	if (list->waiting > 0 || lists->resolver == NULL ||
	    clock_ms() < list->try_at_ms)
		return;
	for (unsigned i = 0; i < TRIALS; i++) {
		list->is_due[i] = trials_of(configured(lists, list))[i] !=
		    NULL;
		list->waiting += list->is_due[i];
		list->tried[i] = i == TRIAL_HAS ? LISTED_YES : LISTED_NO;
	}
}

static void
stands(struct list *list, enum standing standing, enum listed_result why)
{
	list->standing = standing;
	list->why = why;
	list->try_at_ms = clock_ms() + AGAIN_MS;
}

/* What all answers together say of it. */
static void
end_trial(const struct judge_lists *lists, struct list *list)
{
	const struct dns_list *what = configured(lists, list);
	const enum listed_result *tried = list->tried;
	bool is_silent = false, refuses = false;

	for (unsigned i = 0; i < TRIALS; i++) {
		is_silent |= tried[i] == LISTED_SILENT;
		refuses |= tried[i] == LISTED_REFUSED;
	}
	if (refuses) {
		log_say("DNS list %s is not used: it refuses us (%s; a "
		    "resolver that many share, or a key that is missing?)",
		    what->name, what->zone);
		stands(list, BAD, LISTED_REFUSED);
	} else if (tried[TRIAL_LACKS] == LISTED_YES ||
	    tried[TRIAL_LACKS_IPV6] == LISTED_YES) {
		log_say("DNS list %s is not used: it lists %s, as if it "
		    "listed everybody (%s)", what->name,
		    trials_of(what)[TRIAL_LACKS], what->zone);
		stands(list, BAD, LISTED_BROKEN);
	} else if (is_silent) {
		/* what was right an hour ago is used until it is known */
		log_say("DNS list %s does not answer (%s)", what->name,
		    what->zone);
		list->try_at_ms = clock_ms() + SILENT_MS;
	} else if (tried[TRIAL_HAS] != LISTED_YES) {
		log_say("DNS list %s is not used: it does not list 127.0.0.2, "
		    "as every list does (%s)", what->name, what->zone);
		stands(list, BAD, LISTED_BROKEN);
	} else {
		if (list->standing == BAD)
			log_say("DNS list %s is used again", what->name);
		stands(list, GOOD, LISTED_NO);
	}
}

/*
 * Whatever stands there is meant, not only the answers that are configured to
 * count: the entry of trial may be of another sort.
 */
static void
trial_answer(const struct judge_lists *lists, struct list *list, int trial,
    const struct dns_answer *answer)
{
	const struct dns_list any = { .range_count = 0 };
	enum listed_result result;
	uint32_t address;

	result = dns_list_says(&any, answer, &address);
	list->tried[trial] = result == LISTED_BROKEN ? LISTED_YES : result;
	/* an address that is none, where one has to be */
	if (trial == TRIAL_HAS && result == LISTED_BROKEN)
		list->tried[trial] = LISTED_NO;
	if (--list->waiting == 0)
		end_trial(lists, list);
}

/* Messages */

static void
asking_free(struct judge_asking *asking)
{
	struct judge_lists *lists = asking->lists;

	TAILQ_REMOVE(&lists->all, asking, next);
	for (unsigned i = 0; i < DNS_LISTS_MOST * JUDGE_LISTS_PLACES; i++)
		if (lists->lookup[i].asking == asking)
			lists->lookup[i].asking = NULL;
	listed_free(asking->listed);
	free(asking);
}

/* Lists that are no good have nothing to say, whatever they have said. */
static void
leave_out(struct judge_lists *lists, struct listed *listed, bool is_over)
{
	for (unsigned i = 0; i < lists->lists.count; i++) {
		const struct list *list = &lists->list[i];

		if (list->standing == BAD)
			listed_skip(listed, i, list->why);
		else if (is_over ? list->standing == UNTRIED :
		    list->rests_until_ms > clock_ms() ||
		    (list->standing == UNTRIED && list->waiting == 0 &&
		    lists->resolver != NULL))
			listed_skip(listed, i, LISTED_SILENT);
	}
}

static bool
is_decided(const struct judge_lists *lists, const struct listed *listed)
{
	for (unsigned i = 0; i < lists->lists.count; i++)
		if (listed_uses(listed, i) && lists->list[i].waiting > 0 &&
		    lists->list[i].standing == UNTRIED)
			return false;
	return listed_is_decided(listed);
}

static void
tell(struct judge_asking *asking)
{
	judge_listed_fn *fn = asking->fn;
	void *arg = asking->arg;
	struct listed_found found;

	leave_out(asking->lists, asking->listed, true);
	listed_end(asking->listed, &found);
	asking_free(asking);
	fn(arg, &found);
}

/* All that have nothing to wait for any more; each ends at most itself. */
static void
tell_decided(struct judge_lists *lists)
{
	struct judge_asking *asking, *following;

	for (asking = TAILQ_FIRST(&lists->all); asking != NULL;
	    asking = following) {
		following = TAILQ_NEXT(asking, next);
		if (is_decided(lists, asking->listed))
			tell(asking);
	}
}

/* A list that refuses in the middle of its hour is said once, and tried. */
static void
note_refusal(const struct judge_lists *lists, struct list *list,
    const struct dns_answer *answer)
{
	const struct dns_list *what = configured(lists, list);
	uint32_t address;
	enum listed_result result = dns_list_says(what, answer, &address);

	if ((result != LISTED_REFUSED && result != LISTED_BROKEN) ||
	    list->try_at_ms == 0)
		return;
	log_say("DNS list %s is tried again: its answer %u.%u.%u.%u is none",
	    what->name, address >> 24, address >> 16 & 255, address >> 8 & 255,
	    address & 255);
	list->try_at_ms = 0;
}

static void
part_answer(struct judge_lists *lists, const struct lookup *lookup,
    const struct dns_answer *answer)
{
	struct judge_asking *asking = lookup->asking;

	if (answer->found != DNS_LATER)
		lookup->list->silent = 0;
	if (asking == NULL)
		return;
	asking->is_asked[lookup->part] = false;
	if (listed_wants(asking->listed, lookup->part) == NULL)
		return;
	note_refusal(lists, lookup->list, answer);
	listed_answer(asking->listed, lookup->part, answer);
}

/* The resolver */

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct judge_lists *lists = lookup.lists;
	struct slice records[RECORDS_MOST];
	struct dns_answer answer;

	((struct lookup *)arg)->lists = NULL;
	if (status < 0) {	/* it is gone: the next one is asked */
		if (lookup.trial >= 0)
			lookup.list->is_due[lookup.trial] = true;
		else if (lookup.asking != NULL)
			lookup.asking->is_asked[lookup.part] = false;
		return;
	}
	judge_dns_read(message->body, records, RECORDS_MOST, &answer);
	if (lookup.trial >= 0)
		trial_answer(lists, lookup.list, lookup.trial, &answer);
	else
		part_answer(lists, &lookup, &answer);
	tell_decided(lists);
	ask_more(lists);
}

/* The places of a list. */
static struct lookup *
places(struct judge_lists *lists, const struct list *list)
{
	return &lists->lookup[(list - lists->list) * JUDGE_LISTS_PLACES];
}

static struct lookup *
free_place(struct judge_lists *lists, const struct list *list)
{
	struct lookup *lookup = places(lists, list);

	for (unsigned i = 0; i < JUDGE_LISTS_PLACES; i++)
		if (lookup[i].lists == NULL)
			return &lookup[i];
	return NULL;
}

/* False: its list has no room, or there is nobody to ask. */
static bool
ask(struct judge_lists *lists, const struct dns_question *question,
    struct lookup what)
{
	struct lookup *lookup = free_place(lists, what.list);
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	if (lookup == NULL || lists->resolver == NULL)
		return false;
	pack_u8(&body, NAMES_A);
	pack_slice(&body, slice_str(question->name));
	*lookup = what;
	lookup->since_ms = clock_ms();
	if (ipc_ask(lists->resolver, RESOLVER_RECORDS, text_slice(&body), NULL,
	    0, on_answer, lookup) < 0) {
		lookup->lists = NULL;
		return false;
	}
	return true;
}

static void
ask_trials(struct judge_lists *lists, struct list *list)
{
	const struct dns_list *what = configured(lists, list);

	for (int i = 0; i < TRIALS; i++) {
		struct dns_question question;

		if (!list->is_due[i])
			continue;
		/* each of them is an address, or a short name */
		if (what->is_domains)
			(void)dns_list_asks_domain(what, domain_trials[i],
			    &question);
		else
			(void)dns_list_asks(what, slice_str(trials[i]),
			    &question);
		if (ask(lists, &question, (struct lookup){ .lists = lists,
		    .list = list, .trial = i }))
			list->is_due[i] = false;
	}
}

static void
ask_parts(struct judge_lists *lists, struct judge_asking *asking)
{
	for (unsigned i = 0; i < LISTED_PARTS; i++) {
		const struct dns_question *question =
		    listed_wants(asking->listed, i);

		if (question == NULL || asking->is_asked[i])
			continue;
		if (ask(lists, question, (struct lookup){ .lists = lists,
		    .asking = asking, .part = i, .trial = -1,
		    .list = &lists->list[listed_list(asking->listed, i)] }))
			asking->is_asked[i] = true;
	}
}

/* Whatever is wanted and not asked yet, as far as there is room. */
static void
ask_more(struct judge_lists *lists)
{
	struct judge_asking *asking;

	for (unsigned i = 0; i < lists->lists.count; i++)
		ask_trials(lists, &lists->list[i]);
	TAILQ_FOREACH(asking, &lists->all, next)
		ask_parts(lists, asking);
}

void
judge_lists_resolver(struct judge_lists *lists, struct ipc *resolver)
{
	lists->resolver = resolver;
	if (resolver == NULL)
		return;
	for (unsigned i = 0; i < lists->lists.count; i++)
		begin_trial(lists, &lists->list[i]);
	ask_more(lists);
}

/* Time */

static void
was_silent(const struct judge_lists *lists, struct list *list)
{
	if (list->rests_until_ms > clock_ms() || ++list->silent < SILENT_MOST)
		return;
	log_say("DNS list %s does not answer and is left alone for a minute",
	    configured(lists, list)->name);
	list->silent = 0;
	list->rests_until_ms = clock_ms() + SILENT_MS;
}

/* A question to it is without an answer for too long, whoever asked it. */
static bool
is_silent(struct judge_lists *lists, const struct list *list)
{
	const struct lookup *lookup = places(lists, list);

	for (unsigned i = 0; i < JUDGE_LISTS_PLACES; i++)
		if (lookup[i].lists != NULL &&
		    clock_ms() - lookup[i].since_ms >= JUDGE_LISTS_MS)
			return true;
	return false;
}

/*
 * To blame is a list that is silent, also where this message found no place
 * for its question: the places are taken by those that got no answer.
 */
static void
give_up(struct judge_asking *asking)
{
	struct judge_lists *lists = asking->lists;
	bool is_wanted[DNS_LISTS_MOST] = { false };

	for (unsigned i = 0; i < LISTED_PARTS; i++)
		if (listed_wants(asking->listed, i) != NULL)
			is_wanted[listed_list(asking->listed, i)] = true;
	listed_give_up(asking->listed);
	for (unsigned i = 0; i < lists->lists.count; i++)
		if (is_wanted[i] && is_silent(lists, &lists->list[i]))
			was_silent(lists, &lists->list[i]);
	tell(asking);
}

static void
on_time(void *arg)
{
	struct judge_lists *lists = arg;
	struct judge_asking *asking, *following;

	for (asking = TAILQ_FIRST(&lists->all); asking != NULL;
	    asking = following) {
		following = TAILQ_NEXT(asking, next);
		if (clock_ms() - asking->since_ms >= JUDGE_LISTS_MS)
			give_up(asking);
	}
	ask_more(lists);
	if (!TAILQ_EMPTY(&lists->all))
		timer_set(lists->timer, LOOK_MS);
}

/* Where its links are is looked at only for lists that are asked of them. */
static int
begin_listed(const struct judge_lists *lists, const struct judging *judging,
    struct listed **listed_out)
{
	const struct envelope *env = &judging->envelope;
	bool asks_links = false;
	struct links links;

	for (unsigned i = 0; i < lists->lists.count; i++)
		asks_links |= lists->lists.list[i].is_domains;
	if (asks_links && listed_concerns(env, lists->trusted)) {
		ARENA_AUTO arena = arena_new(LINKS_BUDGET);

		if (arena == NULL)
			return -ENOMEM;
		links_find(judging->message, judging->root, arena, &links);
	} else {
		links.count = 0;
	}
	return listed_new(&lists->lists, lists->trusted, env, &links,
	    listed_out);
}

struct judge_asking *
judge_lists_ask(struct judge_lists *lists, const struct judging *judging,
    judge_listed_fn *fn, void *arg, struct listed_found *found_out)
{
	struct judge_asking *asking = calloc(1, sizeof(*asking));

	*found_out = (struct listed_found){ .count = 0 };
	if (asking == NULL || begin_listed(lists, judging,
	    &asking->listed) < 0 || asking->listed == NULL) {
		/* memory is out: as if nobody answered */
		free(asking);
		return NULL;
	}
	for (unsigned i = 0; i < lists->lists.count; i++)
		begin_trial(lists, &lists->list[i]);
	leave_out(lists, asking->listed, false);
	asking->lists = lists;
	asking->fn = fn;
	asking->arg = arg;
	asking->since_ms = clock_ms();
	TAILQ_INSERT_TAIL(&lists->all, asking, next);
	if (is_decided(lists, asking->listed)) {
		listed_end(asking->listed, found_out);
		asking_free(asking);
		return NULL;
	}
	ask_more(lists);
	if (!timer_is_set(lists->timer))
		timer_set(lists->timer, LOOK_MS);
	return asking;
}

void
judge_lists_forget(struct judge_asking *asking)
{
	if (asking != NULL)
		asking_free(asking);
}

int
judge_lists_open(const char *text, const char *trusted,
    struct judge_lists **lists_out)
{
	struct judge_lists *lists = calloc(1, sizeof(*lists));
	struct slice where;

	if (lists == NULL)
		return -ENOMEM;
	TAILQ_INIT(&lists->all);
	lists->trusted = trusted;
	if (dns_lists_read(slice_str(text), &lists->lists, &where) != NULL) {
		free(lists);
		return -EINVAL;
	}
	*lists_out = lists;
	return 0;
}

int
judge_lists_start(struct judge_lists *lists, struct loop *loop)
{
	lists->timer = timer_new(loop, on_time, lists);
	return lists->timer == NULL ? -ENOMEM : 0;
}
