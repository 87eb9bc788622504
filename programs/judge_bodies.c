/*
 * judge_bodies.c - is the body that is here the one another header signs?
 *
 * The body is hashed at once, as a message is judged at once; only where its
 * hash is the one that is signed is a key asked for, and waited for.
 */
#include "programs/judge_bodies.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fetch/service.h"
#include "filters/auth/same_body.h"
#include "lib/base/log.h"
#include "programs/judge_dns.h"

/* Of one key: what a signature tries, and no more (dkim.h). */
#define TEXTS_MOST	DKIM_RECORDS

struct mapped {
	void		*at;		/* NULL: none */
	size_t		 bytes;
};

/* A key that is looked up. */
struct lookup {
	struct comparing *comparing;
	unsigned	 which;
	bool		 is_asked;
};

/* A question of the queue. */
struct comparing {
	LIST_ENTRY(comparing) next;
	struct judge_bodies *bodies;
	struct ipc	*from;		/* the queue */
	uint64_t	 serial;	/* of its question */
	struct mapped	 header, whole;
	struct same_body *same;
	struct lookup	 lookups[DKIM_SIGNATURES];
	unsigned	 asked;		/* of them, under way */
};

struct judge_bodies {
	struct dkim_tools *tools;	/* NULL: it cannot check them */
	struct ipc	*resolver;	/* or NULL */
	LIST_HEAD(, comparing) comparings;
};

int
judge_bodies_open(struct judge_bodies **bodies_out)
{
	struct judge_bodies *bodies = calloc(1, sizeof(*bodies));
	int r;

	if (bodies == NULL)
		return -ENOMEM;
	LIST_INIT(&bodies->comparings);
	r = dkim_tools_open(&bodies->tools);
	if (r == -ENOMEM) {
		free(bodies);
		return r;
	}
	if (r < 0)
		log_say("signatures cannot be checked: no message is shared");
	*bodies_out = bodies;
	return 0;
}

const struct dkim_tools *
judge_bodies_tools(const struct judge_bodies *bodies)
{
	return bodies->tools;
}

void
judge_bodies_resolver(struct judge_bodies *bodies, struct ipc *resolver)
{
	bodies->resolver = resolver;
}

/* One question */

static void
unmap(struct mapped *mapped)
{
	if (mapped->at != NULL)
		(void)munmap(mapped->at, mapped->bytes);
}

static void
comparing_free(struct comparing *comparing)
{
	LIST_REMOVE(comparing, next);
	for (unsigned i = 0; i < DKIM_SIGNATURES; i++)
		if (comparing->lookups[i].is_asked &&
		    comparing->bodies->resolver != NULL)
			ipc_forget(comparing->bodies->resolver,
			    &comparing->lookups[i]);
	same_body_free(comparing->same);
	unmap(&comparing->header);
	unmap(&comparing->whole);
	free(comparing);
}

/* All of it, which must have so many bytes.  0, -EBADMSG or -errno. */
static int
map(int fd, uint64_t bytes, struct mapped *mapped_out)
{
	/* the judge has no fstat(): that call would take names as well */
	off_t size = lseek(fd, 0, SEEK_END);
	void *at;

	if (size < 0)
		return -errno;
	if ((uint64_t)size != bytes)
		return -EBADMSG;
	at = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*mapped_out = (struct mapped){ at, (size_t)bytes };
	return 0;
}

static void
answer(struct ipc *to, uint64_t serial, const struct same_body_answer *said)
{
	TEXT_AUTO packed = TEXT_INIT(SAME_BODY_ANSWER_BYTES);

	same_body_answer_pack(&packed, said);
	if (text_failed(&packed) ||
	    ipc_reply(to, serial, text_slice(&packed), NULL, 0) < 0)
		log_say("the queue does not take an answer");
}

static void
answer_not(struct ipc *to, uint64_t serial)
{
	const struct same_body_answer no = { .reason = DKIM_OUR_FAULT };

	answer(to, serial, &no);
}

/* Nothing is looked up any more. */
static void
end(struct comparing *comparing)
{
	struct same_body_answer said;

	if (same_body_end(comparing->same, &said) == 0)
		answer(comparing->from, comparing->serial, &said);
	else
		answer_not(comparing->from, comparing->serial);
	comparing_free(comparing);
}

/* Keys */

static void
on_key(void *arg, int status, struct ipc_message *message)
{
	static const enum dkim_lookup founds[] = {
		[DNS_FOUND] = DKIM_LOOKUP_FOUND,
		[DNS_NOTHING] = DKIM_LOOKUP_NONE,
		[DNS_LATER] = DKIM_LOOKUP_LATER,
	};
	struct lookup *lookup = arg;
	struct comparing *comparing = lookup->comparing;
	struct dns_answer answer = { .found = DNS_LATER };
	struct slice texts[TEXTS_MOST];

	if (status == 0)
		judge_dns_read(message->body, texts, TEXTS_MOST, &answer);
	same_body_key(comparing->same, lookup->which, founds[answer.found],
	    answer.is_secure, texts, answer.count);
	lookup->is_asked = false;
	if (--comparing->asked == 0)
		end(comparing);
}

/* Ask for one; what cannot be asked is as if nobody could say. */
static void
ask_key(struct comparing *comparing, const char *name, unsigned which)
{
	struct lookup *lookup = &comparing->lookups[which];
	struct ipc *resolver = comparing->bodies->resolver;
	TEXT_AUTO body = TEXT_INIT(DKIM_NAME_SIZE + 8);

	pack_slice(&body, slice_str(name));
	*lookup = (struct lookup){ .comparing = comparing, .which = which };
	if (resolver != NULL && !text_failed(&body) && ipc_ask(resolver,
	    RESOLVER_TEXT, text_slice(&body), NULL, 0, on_key, lookup) == 0) {
		lookup->is_asked = true;
		comparing->asked++;
	} else {
		same_body_key(comparing->same, which, DKIM_LOOKUP_LATER,
		    false, NULL, 0);
	}
}

/* What the queue asks */

/* 0, -EBADMSG (its mistake), or -errno. */
static int
begin(struct comparing *comparing, const struct same_body_ask *ask,
    const struct ipc_message *message)
{
	int r = map(message->fd[0], ask->header_bytes, &comparing->header);

	if (r == 0)
		r = map(message->fd[1], ask->whole_bytes, &comparing->whole);
	if (r < 0)
		return r;
	return same_body_new(comparing->bodies->tools, clock_utc_ms() / 1000,
	    slice_of(comparing->header.at, comparing->header.bytes),
	    slice_of(comparing->whole.at, comparing->whole.bytes),
	    (size_t)ask->body_at, &comparing->same);
}

int
on_same_body(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct judge_bodies *bodies = judge_bodies_of(arg);
	struct comparing *comparing;
	struct same_body_ask ask;
	const char *name;
	unsigned which;
	int r = same_body_ask_unpack(message->body, &ask);

	if (r < 0)
		return r;
	comparing = bodies->tools == NULL ? NULL :
	    calloc(1, sizeof(*comparing));
	if (comparing == NULL) {
		answer_not(from, message->serial);
		return 0;
	}
	comparing->bodies = bodies;
	comparing->from = from;
	comparing->serial = message->serial;
	LIST_INSERT_HEAD(&bodies->comparings, comparing, next);
	r = begin(comparing, &ask, message);
	if (r < 0) {
		comparing_free(comparing);
		if (r != -EBADMSG)
			answer_not(from, message->serial);
		return r == -EBADMSG ? r : 0;
	}
	while ((name = same_body_wants_key(comparing->same, &which)) != NULL)
		ask_key(comparing, name, which);
	if (comparing->asked == 0)
		end(comparing);
	return 0;
}

void
judge_bodies_forget(struct judge_bodies *bodies)
{
	struct comparing *comparing;

	while ((comparing = LIST_FIRST(&bodies->comparings)) != NULL)
		comparing_free(comparing);
}
