/*
 * names.c - addresses and texts of names, from one cache (libunbound)
 *
 * A lookup is two questions, for IPv6 and for IPv4.  Their answers come from
 * libunbound's thread through a pipe on the loop; whoever asked is called from
 * the lookup's own timer, when both have come, soon after the first that has
 * addresses, or at the latest when the time is over.
 */
#include "lib/base/names_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define PATIENCE_MS	1000	/* for the other answer, once one is there */
#define TYPE_AAAA	28	/* RFC 3596 2.1 */
#define FORWARD_BYTES	64	/* of one address with its port */

enum { SIX, FOUR, FAMILIES };

static const struct {
	int	type, family;
	size_t	bytes;
} families[FAMILIES] = {
	[SIX] = { TYPE_AAAA, AF_INET6, 16 },
	[FOUR] = { TYPE_A, AF_INET, 4 },
};

enum answer {
	ANSWER_AWAITED,
	ANSWER_FOUND,
	ANSWER_NO_SUCH_NAME,
	ANSWER_NO_ADDRESS,	/* of this family */
	ANSWER_FAILED
};

struct question {
	struct lookup	*lookup;
	int		 number;	/* libunbound's */
	enum answer	 answer;
	size_t		 count;
	char		 address[NAMES_ADDRESSES][HOST_TEXT_SIZE];
};

struct lookup {
	LIST_ENTRY(lookup) next;
	struct names	*names;
	struct timer	*timer;		/* it is told when this runs */
	uint64_t	 end_ms;
	names_fn	*fn;
	void		*arg;
	struct question	 question[FAMILIES];
};

/* Ours, where libunbound's own choice is for a server of thousands. */
static const struct {
	const char	*option, *value;
} settings[] = {
	/* not validated here: that is for the resolvers it asks */
	{ "module-config:",		"iterator" },
	{ "msg-cache-size:",		"1m" },
	{ "rrset-cache-size:",		"2m" },
	{ "infra-cache-numhosts:",	"100" },
	/* a line that was down is tried again at once when it is up */
	{ "infra-host-ttl:",		"60" },
	{ "infra-keep-probing:",	"yes" },
	/*
	 * Milliseconds before a question is sent again: four times, doubled
	 * each time.  A resolver next door has the usual names at hand, and
	 * asks for the others over a thin line: with the 50 that libunbound
	 * learns from the former it gives up the latter after 0.75 s, with
	 * this after 9 s.  Doubled it stays below the 12 s that make a
	 * resolver one that is down: a name without an answer takes nothing
	 * from the others.
	 */
	{ "infra-cache-min-rtt:",	"600" },
	/* a resolver on this machine is as good as another */
	{ "do-not-query-localhost:",	"no" },
	/* who gives addresses knows which comes first */
	{ "rrset-roundrobin:",		"no" },
	{ "edns-buffer-size:",		"1232" },
};

/* Zones that libunbound answers itself, and an office may have. */
static const char *const office_zones[] = { "test.", "home.arpa." };

/*
 * With an anchor.  Names that the root does not know, and an office may have
 * (RFC 6762 G): a proof that there is no such name is none of these.
 */
static const struct {
	const char	*option, *value;
} validating[] = {
	{ "module-config:",		"validator iterator" },
	{ "key-cache-size:",		"1m" },
	{ "neg-cache-size:",		"256k" },
	{ "domain-insecure:",		"test" },
	{ "domain-insecure:",		"home.arpa" },
	{ "domain-insecure:",		"internal" },
	{ "domain-insecure:",		"intranet" },
	{ "domain-insecure:",		"private" },
	{ "domain-insecure:",		"corp" },
	{ "domain-insecure:",		"home" },
	{ "domain-insecure:",		"lan" },
	{ "domain-insecure:",		"local" },
	{ "domain-insecure:",		"localdomain" },
};

static const char no_library[] = "the DNS library could not be set up";
static const char bad_forward[] = "not an address of a DNS resolver";
static const char bad_resolvconf[] = "/etc/resolv.conf could not be read";
static const char bad_hosts[] = "the hosts file could not be read";
static const char bad_anchor[] = "the trust anchor of DNSSEC could not be read";

static const char *
set_forward(struct ub_ctx *unbound, const char *forward)
{
	struct slice rest = slice_str(forward), word;
	char address[FORWARD_BYTES];

	while (slice_word(&rest, &word))
		if (slice_cstr(word, address, sizeof(address)) < 0 ||
		    ub_ctx_set_fwd(unbound, address) != 0)
			return bad_forward;
	return NULL;
}

/* The name at the beginning of the first line that is no comment. */
static bool
read_anchor(const char *path, char name_out[HOST_NAME_MOST + 2])
{
	FILE *file = fopen(path, "re");
	struct slice word, rest;
	char line[4096];
	bool found = false;

	while (!found && file != NULL &&
	    fgets(line, sizeof(line), file) != NULL) {
		rest = slice_str(line);
		found = line[0] != ';' && slice_word(&rest, &word) &&
		    slice_cstr(word, name_out, HOST_NAME_MOST + 2) == 0;
	}
	if (file != NULL)
		(void)fclose(file);
	return found;
}

static const char *
set_anchor(struct names *names, const char *path)
{
	struct ub_ctx *unbound = names->unbound;

	if (!read_anchor(path, names->anchor))
		return bad_anchor;
	for (size_t i = 0; i < sizeof(validating) / sizeof(*validating); i++)
		if (ub_ctx_set_option(unbound, validating[i].option,
		    validating[i].value) != 0)
			return no_library;
	return ub_ctx_add_ta_file(unbound, path) == 0 ? NULL : bad_anchor;
}

/* Words of what is wrong, or NULL. */
static const char *
set_up(struct names *names, const struct names_options *options)
{
	struct ub_ctx *unbound = names->unbound;
	const char *fault = NULL;

	(void)ub_ctx_debugout(unbound, NULL);
	if (ub_ctx_async(unbound, 1) != 0)
		return no_library;
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (ub_ctx_set_option(unbound, settings[i].option,
		    settings[i].value) != 0)
			return no_library;
	if (slice_trim(slice_str(options->forward)).len > 0)
		fault = set_forward(unbound, options->forward);
	else if (ub_ctx_resolvconf(unbound, NULL) != 0)
		fault = bad_resolvconf;
	if (fault == NULL && options->anchor_file != NULL)
		fault = set_anchor(names, options->anchor_file);
	if (fault == NULL && options->hosts_file[0] != '\0' &&
	    ub_ctx_hosts(unbound, options->hosts_file) != 0)
		fault = bad_hosts;
	/* the first of these makes it read all that it has to */
	for (size_t i = 0; fault == NULL &&
	    i < sizeof(office_zones) / sizeof(*office_zones); i++)
		if (ub_ctx_zone_add(unbound, office_zones[i],
		    "transparent") != 0)
			fault = names->anchor[0] == '\0' ? no_library :
			    bad_anchor;
	return fault;
}

static void
on_answers(void *arg, unsigned what)
{
	struct names *names = arg;

	(void)what;
	(void)ub_process(names->unbound);
}

int
names_open(struct loop *loop, const struct names_options *options,
    struct names **names_out, const char **fault_out)
{
	struct names *names = calloc(1, sizeof(*names));

	*fault_out = no_library;
	if (names == NULL)
		return -ENOMEM;
	names->loop = loop;
	LIST_INIT(&names->lookups);
	LIST_INIT(&names->texts);
	LIST_INIT(&names->proofs);
	names->unbound = ub_ctx_create();
	if (names->unbound == NULL)
		goto undo;
	*fault_out = set_up(names, options);
	if (*fault_out != NULL) {
		names_close(names);
		return -EINVAL;
	}
	*fault_out = no_library;
	names->watch = watch_new(loop, ub_fd(names->unbound), on_answers,
	    names);
	if (names->watch == NULL || watch_want(names->watch, LOOP_READ) < 0)
		goto undo;
	*names_out = names;
	return 0;
undo:
	names_close(names);
	return -ENOMEM;
}

const char *
names_anchor(const struct names *names)
{
	return names->anchor[0] == '\0' ? NULL : names->anchor;
}

static void
forget_answer(void *arg, int error, struct ub_result *result)
{
	(void)arg;
	(void)error;
	ub_resolve_free(result);
}

int
names_start(struct names *names)
{
	/* libunbound begins its thread for the first question */
	return ub_resolve_async(names->unbound, "localhost.", TYPE_A,
	    CLASS_IN, NULL, forget_answer, NULL) == 0 ? 0 : -ENOMEM;
}

static void
lookup_free(struct lookup *lookup)
{
	LIST_REMOVE(lookup, next);
	for (int i = 0; i < FAMILIES; i++)
		if (lookup->question[i].lookup != NULL &&
		    lookup->question[i].answer == ANSWER_AWAITED)
			(void)ub_cancel(lookup->names->unbound,
			    lookup->question[i].number);
	timer_free(lookup->timer);
	free(lookup);
}

void
names_close(struct names *names)
{
	struct lookup *lookup;

	if (names == NULL)
		return;
	while ((lookup = LIST_FIRST(&names->lookups)) != NULL)
		lookup_free(lookup);
	names_texts_forget(names);
	names_proofs_forget(names);
	watch_free(names->watch);
	ub_ctx_delete(names->unbound);
	free(names);
}

/* All addresses found, the families taking turns, IPv6 first (RFC 8305 4). */
static void
write_addresses(const struct lookup *lookup, char text_out[NAMES_TEXT_SIZE])
{
	size_t len = 0, count = 0;

	text_out[0] = '\0';
	for (size_t turn = 0; turn < NAMES_ADDRESSES; turn++)
		for (int i = 0; i < FAMILIES; i++) {
			const struct question *one = &lookup->question[i];

			if (turn >= one->count || count == NAMES_ADDRESSES)
				continue;
			/* each has less than its 48 bytes, comma and all */
			len += (size_t)snprintf(text_out + len,
			    NAMES_TEXT_SIZE - len, "%s%s",
			    count++ == 0 ? "" : ",", one->address[turn]);
		}
}

static bool
is_none(enum answer answer)
{
	return answer == ANSWER_NO_SUCH_NAME || answer == ANSWER_NO_ADDRESS;
}

static enum names_found
found_of(const struct lookup *lookup)
{
	enum answer six = lookup->question[SIX].answer;
	enum answer four = lookup->question[FOUR].answer;

	if (six == ANSWER_FOUND || four == ANSWER_FOUND)
		return NAMES_FOUND;
	/*
	 * RFC 8020 takes one "no such name" for all types.  But servers say so of
	 * IPv6 whose names have addresses of IPv4 (RFC 4074 4.2), and what is
	 * final here sends mail back.
	 */
	return is_none(six) && is_none(four) ? NAMES_NONE : NAMES_LATER;
}

static void
on_timer(void *arg)
{
	struct lookup *lookup = arg;
	enum names_found found = found_of(lookup);
	char addresses[NAMES_TEXT_SIZE];
	names_fn *fn = lookup->fn;
	void *fn_arg = lookup->arg;

	write_addresses(lookup, addresses);
	lookup_free(lookup);
	fn(fn_arg, found, addresses);
}

/* One or both have answered: when is it told? */
static void
set_timer(struct lookup *lookup)
{
	uint64_t now = clock_ms(), left;

	left = now < lookup->end_ms ? lookup->end_ms - now : 0;
	if (lookup->question[SIX].answer != ANSWER_AWAITED &&
	    lookup->question[FOUR].answer != ANSWER_AWAITED)
		left = 0;
	else if (found_of(lookup) == NAMES_FOUND && left > PATIENCE_MS)
		left = PATIENCE_MS;
	timer_set(lookup->timer, left);
}

static void
keep_addresses(struct question *question, const struct ub_result *result)
{
	int i = question == &question->lookup->question[SIX] ? SIX : FOUR;
	char plain[INET6_ADDRSTRLEN];

	for (int n = 0; result->data[n] != NULL &&
	    question->count < NAMES_ADDRESSES; n++) {
		if ((size_t)result->len[n] != families[i].bytes ||
		    inet_ntop(families[i].family, result->data[n], plain,
		    sizeof(plain)) == NULL)
			continue;
		(void)snprintf(question->address[question->count++],
		    HOST_TEXT_SIZE, i == SIX ? "[%s]" : "%s", plain);
	}
}

/* Called by ub_process(). */
static void
on_answer(void *arg, int error, struct ub_result *result)
{
	struct question *question = arg;

	question->answer = ANSWER_FAILED;
	if (error == 0) {
		if (result->havedata)
			keep_addresses(question, result);
		if (question->count > 0)
			question->answer = ANSWER_FOUND;
		else if (result->nxdomain)
			question->answer = ANSWER_NO_SUCH_NAME;
		else if (result->rcode == 0)
			question->answer = ANSWER_NO_ADDRESS;
	}
	ub_resolve_free(result);
	set_timer(question->lookup);
}

/* 0 or -ENOMEM. */
static int
ask_both(struct lookup *lookup, struct slice host)
{
	char name[HOST_NAME_MOST + 2];

	(void)slice_cstr(host, name, sizeof(name));
	for (int i = 0; i < FAMILIES; i++) {
		struct question *question = &lookup->question[i];

		if (ub_resolve_async(lookup->names->unbound, name,
		    families[i].type, CLASS_IN, question, on_answer,
		    &question->number) != 0)
			return -ENOMEM;
		question->lookup = lookup;
	}
	timer_set(lookup->timer, NAMES_MOST_MS);
	return 0;
}

/* An address is its own answer. */
static void
answer_itself(struct lookup *lookup, const char *address, int family)
{
	struct question *own = &lookup->question[family == AF_INET6 ? SIX :
	    FOUR];

	own->answer = ANSWER_FOUND;
	own->count = 1;
	(void)snprintf(own->address[0], HOST_TEXT_SIZE, "%s", address);
	timer_set(lookup->timer, 0);
}

int
names_ask(struct names *names, struct slice host, names_fn *fn, void *arg)
{
	char address[HOST_TEXT_SIZE];
	int family = host_address(host, true, address);
	struct lookup *lookup;

	if (family == 0 && !host_is_name(host))
		return -EINVAL;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return -ENOMEM;
	lookup->names = names;
	lookup->fn = fn;
	lookup->arg = arg;
	lookup->end_ms = clock_ms() + NAMES_MOST_MS;
	LIST_INSERT_HEAD(&names->lookups, lookup, next);
	lookup->timer = timer_new(names->loop, on_timer, lookup);
	if (lookup->timer == NULL) {
		lookup_free(lookup);
		return -ENOMEM;
	}
	if (family != 0)
		answer_itself(lookup, address, family);
	else if (ask_both(lookup, host) < 0) {
		lookup_free(lookup);
		return -ENOMEM;
	}
	return 0;
}
