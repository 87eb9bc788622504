/*
 * names_proofs.c - what a host says of its certificate in DNS (RFC 7672 2.2)
 *
 * One question after the other, each of which decides what is asked next: is
 * the host's zone signed at all (where it is not, servers fail at the question
 * for TLSA, and there can be none), is it an alias, what stands there.  An
 * answer comes through names.c's pipe; the next step is taken by the timer.
 */
#include "lib/base/names_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TYPE_CNAME	5	/* RFC 1035 3.2.2 */
#define TYPE_TLSA	52	/* RFC 6698 7.1 */
#define PORT_MOST	16	/* "_65535._tcp." */

enum step {
	ASKS_ADDRESS,
	ASKS_ALIAS,		/* is that it is one signed at least? */
	ASKS_TARGET,		/* TLSA of what it is an alias of */
	ASKS_ITSELF,		/* TLSA of itself */
};

struct proof {
	LIST_ENTRY(proof) next;
	struct names	*names;
	struct timer	*timer;
	uint64_t	 end_ms;
	names_proofs_fn	*fn;
	void		*arg;
	enum step	 step;
	uint16_t	 port;
	bool		 is_asked;	/* and not answered: `number` is it */
	int		 number;	/* libunbound's */
	struct ub_result *result;	/* owned; NULL: nobody could say */
	char		 host[HOST_NAME_MOST + 2];
	char		 base[HOST_NAME_MOST + 2];	/* of what is asked */
};

static void
proof_free(struct proof *proof)
{
	LIST_REMOVE(proof, next);
	if (proof->is_asked)
		(void)ub_cancel(proof->names->unbound, proof->number);
	ub_resolve_free(proof->result);
	timer_free(proof->timer);
	free(proof);
}

void
names_proofs_forget(struct names *names)
{
	struct proof *proof;

	while ((proof = LIST_FIRST(&names->proofs)) != NULL)
		proof_free(proof);
}

/* It is told: the records of the last answer if they were `found`. */
static void
end(struct proof *proof, enum names_found found)
{
	struct slice records[NAMES_PROOFS];
	struct ub_result *result = proof->result;
	char base[sizeof(proof->base)];
	names_proofs_fn *fn = proof->fn;
	void *arg = proof->arg;
	size_t count = 0;

	for (; found == NAMES_FOUND && count < NAMES_PROOFS &&
	    result->data[count] != NULL && result->len[count] >= 0; count++)
		records[count] = slice_of(result->data[count],
		    (size_t)result->len[count]);
	memcpy(base, proof->base, sizeof(base));
	proof->result = NULL;
	proof_free(proof);
	fn(arg, found, base, records, count);
	ub_resolve_free(result);
}

/* Called by ub_process(). */
static void
on_answer(void *arg, int error, struct ub_result *result)
{
	struct proof *proof = arg;

	proof->is_asked = false;
	if (error == 0)
		proof->result = result;
	else
		ub_resolve_free(result);
	timer_set(proof->timer, 0);
}

static void
ask(struct proof *proof, enum step step)
{
	char name[sizeof(proof->base) + PORT_MOST];
	uint64_t now = clock_ms();
	bool is_tlsa = step == ASKS_TARGET || step == ASKS_ITSELF;

	if (is_tlsa)
		(void)snprintf(name, sizeof(name), "_%u._tcp.%s",
		    (unsigned)proof->port, proof->base);
	else
		(void)snprintf(name, sizeof(name), "%s", proof->host);
	ub_resolve_free(proof->result);
	proof->result = NULL;
	proof->step = step;
	timer_set(proof->timer, now < proof->end_ms ? proof->end_ms - now :
	    0);
	if (ub_resolve_async(proof->names->unbound, name, is_tlsa ? TYPE_TLSA :
	    step == ASKS_ALIAS ? TYPE_CNAME : TYPE_A, CLASS_IN, proof,
	    on_answer, &proof->number) != 0)
		end(proof, NAMES_LATER);
	else
		proof->is_asked = true;
}

/* What the host is an alias of, without the last dot; false: it is none. */
static bool
read_alias(const struct proof *proof, char target_out[HOST_NAME_MOST + 2])
{
	const char *canon = proof->result->canonname;
	struct slice target = slice_str(canon == NULL ? "" : canon);

	if (slice_has_suffix(target, "."))
		target.len--;
	return host_is_name(target) && slice_cstr(target, target_out,
	    HOST_NAME_MOST + 2) == 0 && strcasecmp(target_out,
	    proof->host) != 0;
}

static void
ask_itself(struct proof *proof)
{
	memcpy(proof->base, proof->host, sizeof(proof->base));
	ask(proof, ASKS_ITSELF);
}

/* RFC 7672 2.2.2, 2.2.3; `proof` may be gone afterwards. */
static void
step_on(struct proof *proof)
{
	bool is_secure = proof->result->secure;
	char target[HOST_NAME_MOST + 2];

	switch (proof->step) {
	case ASKS_ADDRESS:
		if (!read_alias(proof, target)) {
			if (is_secure)
				ask_itself(proof);
			else
				end(proof, NAMES_NONE);
		} else if (is_secure) {
			memcpy(proof->base, target, sizeof(proof->base));
			ask(proof, ASKS_TARGET);
		} else {
			ask(proof, ASKS_ALIAS);
		}
		return;
	case ASKS_ALIAS:
		if (is_secure)
			ask_itself(proof);
		else
			end(proof, NAMES_NONE);
		return;
	case ASKS_TARGET:
		if (is_secure && proof->result->havedata)
			end(proof, NAMES_FOUND);
		else
			ask_itself(proof);
		return;
	case ASKS_ITSELF:
		end(proof, is_secure && proof->result->havedata ? NAMES_FOUND :
		    NAMES_NONE);
		return;
	}
}

static void
on_timer(void *arg)
{
	struct proof *proof = arg;
	const struct ub_result *result = proof->result;

	if (result == NULL || result->bogus ||
	    (!result->havedata && names_none(result) == NAMES_LATER))
		end(proof, NAMES_LATER);
	else
		step_on(proof);
}

int
names_ask_proofs(struct names *names, struct slice host, uint16_t port,
    names_proofs_fn *fn, void *arg)
{
	struct proof *proof;

	if (!host_is_name(host))
		return -EINVAL;
	if (slice_has_suffix(host, "."))
		host.len--;
	proof = calloc(1, sizeof(*proof));
	if (proof == NULL)
		return -ENOMEM;
	proof->names = names;
	proof->port = port;
	proof->fn = fn;
	proof->arg = arg;
	proof->end_ms = clock_ms() + NAMES_MOST_MS;
	(void)slice_cstr(host, proof->host, sizeof(proof->host));
	LIST_INSERT_HEAD(&names->proofs, proof, next);
	proof->timer = timer_new(names->loop, on_timer, proof);
	if (proof->timer == NULL || ub_resolve_async(names->unbound,
	    proof->host, TYPE_A, CLASS_IN, proof, on_answer,
	    &proof->number) != 0) {
		proof_free(proof);
		return -ENOMEM;
	}
	proof->is_asked = true;
	timer_set(proof->timer, NAMES_MOST_MS);
	return 0;
}
