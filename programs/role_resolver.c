/*
 * role_resolver.c - the resolver: addresses and texts of names, from one cache
 *
 * Where the relay is told which hosts take a domain's mail, and what
 * certificates they have, the answers are validated (DNSSEC), in a cache of
 * their own: what others ask is answered whatever a line or a router does to
 * signatures.  Whether they come through is looked at before the first of
 * these questions, and every hour while there are more.
 *
 * Fails by ending: libunbound reads what strangers send.  Who asked then hears
 * that the channel is lost, and asks the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "fetch/service.h"
#include "lib/base/here.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/names.h"
#include "programs/roles.h"

/*
 * At once: some for each of the 64 who may collect (DESIGN.md 2); one owner,
 * who has at most 50 fetch accounts, never takes what is there for all, nor
 * does a judge, which asks for much mail at once (judge_case.c).
 */
#define QUESTIONS_MOST	1024
#define QUESTIONS_OF_ONE 64
#define QUESTIONS_OF_JUDGE 128
#define QUESTIONS_OF_RELAY 256	/* one for each message on its way */
#define REPLY_BYTES	(2 * NAMES_TEXT_SIZE + 16)
#define LOOK_EVERY_MS	(3600u * 1000)
#define LOOK_AGAIN_MS	(60u * 1000)	/* when nobody could say */
#define TEXTS_BYTES	(NAMES_TEXTS_BYTES + NAMES_TEXTS * 4 + 16)

/* What the line does to DNSSEC. */
enum line {
	LINE_UNKNOWN,		/* as if it came through */
	LINE_PROVES,
	LINE_STRIPS		/* or there is no anchor */
};

/* Somebody waits for an answer. */
struct asker {
	LIST_ENTRY(asker) next;
	struct resolver	*resolver;
	struct ipc	*from;		/* NULL: he is gone */
	enum role	 role;
	uint64_t	 owner;		/* for whom he collects, or which judge:
					   one who is gone and back has still
					   asked */
	uint64_t	 serial;
	/* what is to be validated, and not asked yet: how the line is, is being
	 * looked at */
	bool		 is_parked;
	uint16_t	 port;		/* of the proofs; 0: it wants routes */
	char		 name[HOST_NAME_MOST + 2];
};

struct resolver {
	struct names	*names;
	struct names	*proved;	/* validates; NULL: no anchor */
	enum line	 line;
	bool		 is_looking;
	uint64_t	 look_at_ms;	/* again, when something is asked */
	LIST_HEAD(, asker) askers;
	unsigned	 count;
};

static int	on_addresses(void *, struct ipc *, struct ipc_message *);
static int	on_text(void *, struct ipc *, struct ipc_message *);

static int	on_records(void *, struct ipc *, struct ipc_message *);
static int	on_proofs(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule resolver_rules[] = {
{ RESOLVER_ADDRESSES, "ADDRESSES", FROM(ROLE_FETCH) | FROM(ROLE_RELAY),
    IPC_REQUEST, 0, 0, on_addresses },
{ RESOLVER_TEXT, "TEXT", FROM(ROLE_FETCH) | FROM(ROLE_JUDGE), IPC_REQUEST,
    0, 0, on_text },
{ RESOLVER_RECORDS, "RECORDS", FROM(ROLE_JUDGE) | FROM(ROLE_RELAY),
    IPC_REQUEST, 0, 0, on_records },
{ RESOLVER_PROOFS, "PROOFS", FROM(ROLE_RELAY), IPC_REQUEST, 0, 0, on_proofs },
{ 0 }
};

static void
say_to(struct ipc *to, uint64_t serial, const struct text *body)
{
	if (text_failed(body) ||
	    ipc_reply(to, serial, text_slice(body), NULL, 0) < 0)
		log_say("whoever asked for a name does not take the answer");
}

/* Those of them that this machine has itself, a comma between. */
static void
add_own(struct text *own, struct slice addresses)
{
	struct slice one;

	for (bool more = addresses.len > 0; more; ) {
		more = slice_cut(&addresses, ',', &one);
		if (!more)
			one = addresses;
		if (!here_has(one))
			continue;
		if (own->len > 0)
			text_add_byte(own, ',');
		text_add(own, one);
	}
}

static void
reply(struct ipc *to, uint64_t serial, enum names_found found,
    const char *addresses)
{
	TEXT_AUTO body = TEXT_INIT(REPLY_BYTES);
	TEXT_AUTO own = TEXT_INIT(NAMES_TEXT_SIZE);

	add_own(&own, slice_str(addresses));
	pack_u8(&body, (uint8_t)found);
	pack_slice(&body, slice_str(addresses));
	pack_slice(&body, text_slice(&own));
	say_to(to, serial, text_failed(&own) ? &own : &body);
}

static void
reply_texts(struct ipc *to, uint64_t serial, enum names_found found,
    bool is_secure, const struct slice *texts, size_t count)
{
	TEXT_AUTO body = TEXT_INIT(TEXTS_BYTES);

	pack_u8(&body, (uint8_t)found);
	pack_u8(&body, is_secure);
	pack_u32(&body, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_slice(&body, texts[i]);
	say_to(to, serial, &body);
}

static void
reply_proofs(struct ipc *to, uint64_t serial, enum names_found found,
    const char *base, const struct slice *records, size_t count)
{
	TEXT_AUTO body = TEXT_INIT(TEXTS_BYTES);

	pack_u8(&body, (uint8_t)found);
	pack_slice(&body, slice_str(base));
	pack_u32(&body, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_slice(&body, records[i]);
	say_to(to, serial, &body);
}

static void
asker_free(struct asker *asker)
{
	LIST_REMOVE(asker, next);
	asker->resolver->count--;
	free(asker);
}

static void
on_found(void *arg, enum names_found found, const char *addresses)
{
	struct asker *asker = arg;

	if (asker->from != NULL)
		reply(asker->from, asker->serial, found, addresses);
	asker_free(asker);
}

static void
on_texts(void *arg, enum names_found found, bool is_secure,
    const struct slice *texts, size_t count)
{
	struct asker *asker = arg;

	if (asker->from != NULL)
		reply_texts(asker->from, asker->serial, found, is_secure,
		    texts, count);
	asker_free(asker);
}

static void
on_proved(void *arg, enum names_found found, const char *base,
    const struct slice *records, size_t count)
{
	struct asker *asker = arg;

	if (asker->from != NULL)
		reply_proofs(asker->from, asker->serial, found, base, records,
		    count);
	asker_free(asker);
}

static unsigned
count_of(const struct resolver *resolver, const struct ipc *from)
{
	const struct asker *asker;
	unsigned count = 0;

	LIST_FOREACH(asker, &resolver->askers, next)
		count += asker->role == ipc_peer(from) &&
		    asker->owner == ipc_instance(from);
	return count;
}

static struct asker *
asker_new(struct resolver *resolver, struct ipc *from, uint64_t serial)
{
	unsigned most = ipc_peer(from) == ROLE_JUDGE ? QUESTIONS_OF_JUDGE :
	    ipc_peer(from) == ROLE_RELAY ? QUESTIONS_OF_RELAY :
	    QUESTIONS_OF_ONE;
	struct asker *asker;

	if (resolver->count >= QUESTIONS_MOST ||
	    count_of(resolver, from) >= most)
		return NULL;
	asker = calloc(1, sizeof(*asker));
	if (asker == NULL)
		return NULL;
	asker->resolver = resolver;
	asker->from = from;
	asker->role = ipc_peer(from);
	asker->owner = ipc_instance(from);
	asker->serial = serial;
	LIST_INSERT_HEAD(&resolver->askers, asker, next);
	resolver->count++;
	return asker;
}

/* What is to be validated */

static void
ask_parked(struct asker *asker)
{
	struct resolver *resolver = asker->resolver;
	struct names *names = resolver->line == LINE_STRIPS ?
	    resolver->names : resolver->proved;
	struct slice name = slice_str(asker->name);
	int r = 0;

	asker->is_parked = false;
	if (asker->port == 0)
		r = names_ask_records(names, NAMES_ROUTES, name, on_texts,
		    asker);
	else if (resolver->line == LINE_STRIPS)
		on_proved(asker, NAMES_NONE, "", NULL, 0);
	else
		r = names_ask_proofs(names, name, asker->port, on_proved,
		    asker);
	if (r == 0)
		return;
	/* what somebody published is no name, or memory is out */
	if (asker->port == 0)
		on_texts(asker, r == -EINVAL ? NAMES_NONE : NAMES_LATER, false,
		    NULL, 0);
	else
		on_proved(asker, r == -EINVAL ? NAMES_NONE : NAMES_LATER, "",
		    NULL, 0);
}

static void
line_is(struct resolver *resolver, enum line line)
{
	struct asker *asker, *following;

	if (line == LINE_STRIPS && resolver->line != line)
		log_say("DNS answers come without signatures that hold "
		    "(DNSSEC): what certificates other hosts have is not "
		    "looked up there (DANE) until they do");
	if (line == LINE_PROVES && resolver->line == LINE_STRIPS)
		log_say("DNS answers come with their signatures again "
		    "(DNSSEC): what certificates other hosts have is looked "
		    "up there (DANE)");
	resolver->line = line;
	resolver->is_looking = false;
	resolver->look_at_ms = clock_ms() + (line == LINE_UNKNOWN ?
	    LOOK_AGAIN_MS : LOOK_EVERY_MS);
	for (asker = LIST_FIRST(&resolver->askers); asker != NULL;
	    asker = following) {
		following = LIST_NEXT(asker, next);
		if (asker->is_parked)
			ask_parked(asker);
	}
}

/* Is it the line, or only what validates? */
static void
on_plain_look(void *arg, enum names_found found, bool is_secure,
    const struct slice *keys, size_t count)
{
	struct resolver *resolver = arg;

	(void)is_secure;
	(void)keys;
	(void)count;
	line_is(resolver, found == NAMES_LATER ? resolver->line : LINE_STRIPS);
}

static void
on_look(void *arg, enum names_found found, bool is_secure,
    const struct slice *keys, size_t count)
{
	struct resolver *resolver = arg;

	(void)keys;
	(void)count;
	if (found == NAMES_FOUND && is_secure)
		line_is(resolver, LINE_PROVES);
	else if (names_ask_records(resolver->names, NAMES_KEYS, slice_str(
	    names_anchor(resolver->proved)), on_plain_look, resolver) < 0)
		line_is(resolver, resolver->line);
}

/* Do the anchor's own keys come with a signature that holds? */
static void
look(struct resolver *resolver)
{
	if (resolver->is_looking || resolver->proved == NULL ||
	    clock_ms() < resolver->look_at_ms)
		return;
	resolver->is_looking = names_ask_records(resolver->proved, NAMES_KEYS,
	    slice_str(names_anchor(resolver->proved)), on_look, resolver) ==
	    0;
}

/* `port` is 0 for the routes of the domain `name`. */
static void
ask_proved(struct resolver *resolver, struct ipc *from, uint64_t serial,
    struct slice name, uint16_t port)
{
	struct asker *asker = asker_new(resolver, from, serial);

	if (asker == NULL) {
		if (port == 0)
			reply_texts(from, serial, NAMES_LATER, false, NULL, 0);
		else
			reply_proofs(from, serial, NAMES_LATER, "", NULL, 0);
		return;
	}
	/* one that is too long is none, as "" is */
	(void)slice_cstr(name, asker->name, sizeof(asker->name));
	asker->port = port;
	look(resolver);
	if (resolver->is_looking && resolver->line == LINE_UNKNOWN)
		asker->is_parked = true;
	else
		ask_parked(asker);
}

static int
on_addresses(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct resolver *resolver = process->state;
	struct unpack u = unpack_of(message->body);
	struct slice host = unpack_slice(&u);
	struct asker *asker;
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	asker = asker_new(resolver, from, message->serial);
	if (asker == NULL) {
		reply(from, message->serial, NAMES_LATER, "");
		return 0;
	}
	r = names_ask(resolver->names, host, on_found, asker);
	if (r < 0) {
		asker_free(asker);
		/* what somebody typed is no host: there is no such name */
		reply(from, message->serial, r == -EINVAL ? NAMES_NONE :
		    NAMES_LATER, "");
	}
	return 0;
}

/* It is not looked up: what somebody published is no name, or we are full. */
static void
refuse_records(struct ipc *from, uint64_t serial, struct asker *asker, int r)
{
	if (asker != NULL)
		asker_free(asker);
	reply_texts(from, serial, r == -EINVAL ? NAMES_NONE : NAMES_LATER,
	    false, NULL, 0);
}

static int
on_text(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct resolver *resolver = process->state;
	struct unpack u = unpack_of(message->body);
	struct slice name = unpack_slice(&u);
	struct asker *asker;
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	asker = asker_new(resolver, from, message->serial);
	r = asker == NULL ? -ENOBUFS :
	    names_ask_texts(resolver->names, name, on_texts, asker);
	if (r < 0)
		refuse_records(from, message->serial, asker, r);
	return 0;
}

static int
on_records(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct resolver *resolver = process->state;
	struct unpack u = unpack_of(message->body);
	enum names_kind kind = unpack_enum(&u, NAMES_KINDS);
	struct slice name = unpack_slice(&u);
	struct asker *asker;
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (kind == NAMES_ROUTES && ipc_peer(from) == ROLE_RELAY) {
		ask_proved(resolver, from, message->serial, name, 0);
		return 0;
	}
	asker = asker_new(resolver, from, message->serial);
	r = asker == NULL ? -ENOBUFS : names_ask_records(resolver->names,
	    kind, name, on_texts, asker);
	if (r < 0)
		refuse_records(from, message->serial, asker, r);
	return 0;
}

static int
on_proofs(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	struct slice host = unpack_slice(&u);
	uint32_t port = unpack_u32(&u);

	if (!unpack_is_done(&u) || port == 0 || port > UINT16_MAX)
		return -EBADMSG;
	ask_proved(process->state, from, message->serial, host,
	    (uint16_t)port);
	return 0;
}

/* Beginning */

/* A hosts file with a line that is none costs what stands in it, no more. */
static int
open_names(struct process *process, struct names_options *options,
    struct names **names_out)
{
	const char *fault;
	int r;

	r = names_open(process->loop, options, names_out, &fault);
	if (r == -EINVAL && options->hosts_file[0] != '\0') {
		log_say("names are looked up without %s: %s",
		    options->hosts_file, fault);
		options->hosts_file = "";
		r = names_open(process->loop, options, names_out, &fault);
	}
	if (r < 0)
		log_say("names cannot be looked up: %s", fault);
	return r;
}

/* The same with an anchor; without it no mail waits, but none is proved. */
static int
open_proved(struct process *process, struct names_options *options,
    struct resolver *resolver)
{
	const char *fault;
	int r;

	resolver->line = LINE_STRIPS;
	if (process->config.dns_anchor_file[0] == '\0')
		return 0;
	options->anchor_file = process->config.dns_anchor_file;
	r = names_open(process->loop, options, &resolver->proved, &fault);
	if (r == -EINVAL)
		log_say("%s: %s: what certificates other hosts have is not "
		    "looked up in DNS (DANE)", options->anchor_file, fault);
	if (r == 0)
		resolver->line = LINE_UNKNOWN;
	return r == -EINVAL ? 0 : r;
}

static int
resolver_open(struct process *process)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	struct names_options options = {
		.forward = process->config.dns_forward,
		.hosts_file = process->config.hosts_file,
	};
	int r;

	if (resolver == NULL)
		return -ENOMEM;
	LIST_INIT(&resolver->askers);
	r = open_names(process, &options, &resolver->names);
	if (r == 0)
		r = open_proved(process, &options, resolver);
	if (r < 0) {
		names_close(resolver->names);
		free(resolver);
		return r;
	}
	process->state = resolver;
	return 0;
}

static int
resolver_start(struct process *process)
{
	struct resolver *resolver = process->state;

	int r = names_start(resolver->names);

	return r < 0 || resolver->proved == NULL ? r :
	    names_start(resolver->proved);
}

static int
resolver_peer(struct process *process, struct ipc *ipc)
{
	(void)process;
	return ipc_peer(ipc) == ROLE_FETCH || ipc_peer(ipc) == ROLE_JUDGE ||
	    ipc_peer(ipc) == ROLE_RELAY ? 0 : -EPERM;
}

static void
resolver_lost(struct process *process, struct ipc *ipc)
{
	struct resolver *resolver = process->state;
	struct asker *asker;

	LIST_FOREACH(asker, &resolver->askers, next)
		if (asker->from == ipc)
			asker->from = NULL;
}

static void
resolver_stop(struct process *process)
{
	struct resolver *resolver = process->state;

	/* nobody is called by this: who waits loses his channel */
	names_close(resolver->names);
	names_close(resolver->proved);
	resolver->names = resolver->proved = NULL;
	while (!LIST_EMPTY(&resolver->askers))
		asker_free(LIST_FIRST(&resolver->askers));
	loop_stop(process->loop);
}

const struct role_code resolver_code = {
	.role = ROLE_RESOLVER, .rules = resolver_rules,
	.open = resolver_open, .start = resolver_start,
	.peer = resolver_peer, .lost = resolver_lost, .stop = resolver_stop,
};
