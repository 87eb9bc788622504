/*
 * judge.c - one message past every filter
 *
 * The message is read through a mapping that nobody can change under us: a
 * sealed memory file, or a big file that is only ever written by the queue.  A
 * short one is copied, which costs less.
 */
#include "filters/judge.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filters/hops.h"
#include "filters/rule_judge.h"
#include "filters/structure.h"
#include "filters/trusted_hop.h"

#define ARENA_BUDGET	(8u << 20)	/* bytes for one message's structure */
#define RULES_BUDGET	(32u << 20)	/* and for its decoded texts */
#define READ_MOST	16384		/* bytes of one that is not mapped */

/* It may be released, so whoever judges after this one has to see it. */
static void
hold_instead(struct verdict *verdict)
{
	char reason[VERDICT_REASON_MAX + 1];

	memcpy(reason, verdict->reason, sizeof(reason));
	verdict_set(verdict, VERDICT_HOLD, 250, "2.0.0", "%s", reason);
}

void
judge_add(struct verdict *verdict, struct verdict *one,
    enum envelope_source source)
{
	if (one->action == VERDICT_REFUSE && envelope_is_taken_on(source))
		hold_instead(one);
	/* lines that do not fit are left out: there are enough to say why */
	(void)verdict_combine(verdict, one);
}

/*
 * The postmaster's rules are for what others send.  A rule against forged
 * notices, or against mail without a sender, would keep from people what the hub
 * has to tell them, and nobody would be there to notice.
 */
static const struct rules *
rules_for(enum envelope_source source, const struct judge_options *options)
{
	return source == SOURCE_OWN ? NULL : options->rules;
}

static int
run_filters(struct slice message, const struct envelope *env,
    const struct judge_options *options, struct verdict *verdict)
{
	ARENA_AUTO arena = arena_new(ARENA_BUDGET);
	ARENA_AUTO texts = arena_new(RULES_BUDGET);
	struct envelope known = *env;
	const struct mime_part *root;
	struct verdict one;
	int r;

	if (arena == NULL || texts == NULL)
		return -ENOMEM;
	structure_judge(arena, message, &mime_default_limits, verdict, &root);
	hops_judge(message, options->hops, &one);
	judge_add(verdict, &one, env->source);
	if (envelope_is_taken_on(env->source)) {
		known.hop = trusted_hop_find(message, env->helo);
		/* what cannot be written is not known */
		(void)verdict_set_hop(verdict, known.hop.peer,
		    known.hop.helo);
	}
	r = rules_judge(rules_for(env->source, options), message, root,
	    &known, texts, &one);
	if (r == 0)
		judge_add(verdict, &one, env->source);
	return r;
}

int
judge_message(int message_fd, const struct envelope *env,
    const struct judge_options *options, struct verdict *verdict_out)
{
	char room[READ_MOST];
	off_t bytes;
	void *map;
	int r;

	/* the judge has no fstat(): that call would take names as well */
	bytes = lseek(message_fd, 0, SEEK_END);
	if (bytes < 0)
		return -errno;
	if ((uint64_t)bytes != env->bytes)
		return -EBADMSG;
	if (bytes <= READ_MOST &&
	    pread(message_fd, room, (size_t)bytes, 0) == (ssize_t)bytes)
		return run_filters(slice_of(room, (size_t)bytes), env,
		    options, verdict_out);
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, message_fd,
	    0);
	if (map == MAP_FAILED)
		return -errno;
	r = run_filters(slice_of(map, (size_t)bytes), env, options,
	    verdict_out);
	(void)munmap(map, (size_t)bytes);
	return r;
}
