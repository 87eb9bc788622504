/*
 * sts_fetch.c - a domain's policy is fetched
 *
 * One record for each domain: while it is being fetched, with those who wait;
 * and a while afterwards, if that failed.
 */
#include "gateway/relay/sts_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "fetch/service.h"
#include "lib/base/https.h"
#include "lib/base/names.h"
#include "policy/people_hosts.h"

#define HOST_PREFIX	"mta-sts."
#define POLICY_PATH	"/.well-known/mta-sts.txt"

struct waiter {
	LIST_ENTRY(waiter) next;
	sts_fetch_fn	*fn;
	void		*arg;
};

struct fetch {
	LIST_ENTRY(fetch) next;
	struct sts_fetches *fetches;
	struct ipc	*resolver;	/* asked, and not answered; or NULL */
	struct https	*https;
	struct timer	*end;		/* told when this runs */
	LIST_HEAD(, waiter) waiters;
	bool		 is_over;
	uint64_t	 failed_ms;	/* when, if it did */
	struct https_url url;
	char		 id[STS_ID_MOST + 1];
	char		 domain[HTTPS_HOST_SIZE - sizeof(HOST_PREFIX)];
};

struct sts_fetches {
	struct sts_setting setting;
	unsigned	 count;
	LIST_HEAD(, fetch) all;
};

static void
fetch_free(struct fetch *fetch)
{
	struct waiter *waiter;

	while ((waiter = LIST_FIRST(&fetch->waiters)) != NULL) {
		LIST_REMOVE(waiter, next);
		free(waiter);
	}
	if (fetch->resolver != NULL)
		ipc_forget(fetch->resolver, fetch);
	https_free(fetch->https);
	timer_free(fetch->end);
	LIST_REMOVE(fetch, next);
	fetch->fetches->count--;
	free(fetch);
}

/* Those who wait are told; whoever is told may ask for another. */
static void
on_end(void *arg)
{
	struct fetch *fetch = arg;
	struct waiter *waiter;

	https_free(fetch->https);
	fetch->https = NULL;
	while ((waiter = LIST_FIRST(&fetch->waiters)) != NULL) {
		sts_fetch_fn *fn = waiter->fn;
		void *fn_arg = waiter->arg;

		LIST_REMOVE(waiter, next);
		free(waiter);
		fn(fn_arg);
	}
	if (fetch->failed_ms == 0)
		fetch_free(fetch);
}

static void
end(struct fetch *fetch)
{
	if (fetch->is_over)
		return;
	fetch->is_over = true;
	timer_set(fetch->end, 0);
}

static void
fail(struct fetch *fetch, enum tls_result result, const char *why,
    struct slice words)
{
	const struct sts_setting *setting = &fetch->fetches->setting;

	setting->failed(setting->arg, fetch->domain, result, why, words);
	fetch->failed_ms = clock_ms();
	end(fetch);
}

static void
take(struct fetch *fetch, struct slice file)
{
	struct sts_kept kept = { .fetched_utc_ms = clock_utc_ms() };
	int r = sts_policy_read(file, &kept.policy);

	if (r < 0) {
		fail(fetch, TLS_STS_INVALID, r == -E2BIG ? "it names too many hosts" :
		    "it is no policy", slice_of("", 0));
		return;
	}
	memcpy(kept.id, fetch->id, sizeof(kept.id));
	sts_cache_put(fetch->fetches->setting.cache, slice_str(fetch->domain), &kept);
	end(fetch);
}

static void
on_answer(void *arg, const struct https_answer *answer)
{
	struct fetch *fetch = arg;
	char status[32];

	if (answer->status == 0) {
		fail(fetch, answer->fault == TALK_DISTRUSTED ?
		    TLS_STS_WEBPKI_INVALID : TLS_STS_FETCH_ERROR,
		    answer->fault == TALK_DISTRUSTED ?
		    "its certificate is not to be trusted" :
		    "it does not answer", answer->words);
	} else if (answer->status != 200) {
		(void)snprintf(status, sizeof(status), "it answers %u",
		    answer->status);
		fail(fetch, TLS_STS_FETCH_ERROR, status, slice_of("", 0));
	} else if (!answer->is_plain) {
		fail(fetch, TLS_STS_INVALID, "it is no text", slice_of("", 0));
	} else {
		take(fetch, answer->body);
	}
}

static void
ask_server(struct fetch *fetch, const char *addresses)
{
	const struct sts_setting *setting = &fetch->fetches->setting;

	if (https_ask(setting->hall, setting->loop,
	    &(struct https_options){ .url = &fetch->url,
		.addresses = addresses, .accept = "text/plain",
		.deadline_ms = STS_FETCH_MS, .answer_most = STS_FILE_BYTES,
		.counts = setting->counts },
	    on_answer, fetch, &fetch->https) < 0)
		fail(fetch, TLS_WENT_WELL, "memory is out here", slice_of("", 0));
}

/* Those that may be asked.  0, -EPERM (none) or -ENOMEM. */
static int
sift(const struct fetch *fetch, struct slice addresses,
    char kept_out[NAMES_TEXT_SIZE])
{
	const char *inner = fetch->fetches->setting.inner_hosts;
	TEXT_AUTO kept = TEXT_INIT(NAMES_TEXT_SIZE);

	if (inner == NULL)
		text_add(&kept, addresses);
	/* one of our own that all can reach is as good as another */
	else if (people_hosts_keep(addresses, slice_of("", 0),
	    slice_str(inner), &kept) == 0)
		return -EPERM;
	return text_failed(&kept) || slice_cstr(text_slice(&kept), kept_out,
	    NAMES_TEXT_SIZE) < 0 ? -ENOMEM : 0;
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct fetch *fetch = arg;
	char addresses[NAMES_TEXT_SIZE];
	enum names_found found;
	struct slice all;
	struct unpack u;
	int r;

	fetch->resolver = NULL;
	if (status < 0) {
		fail(fetch, TLS_STS_FETCH_ERROR,
		    "its name cannot be looked up", slice_of("", 0));
		return;
	}
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	all = unpack_slice(&u);
	if (u.bad || found != NAMES_FOUND) {
		fail(fetch, TLS_STS_FETCH_ERROR,
		    "its name cannot be looked up", slice_of("", 0));
		return;
	}
	r = sift(fetch, all, addresses);
	if (r == 0)
		ask_server(fetch, addresses);
	else
		fail(fetch, r == -EPERM ? TLS_STS_FETCH_ERROR :
		    TLS_WENT_WELL, r == -EPERM ? "its server would be one of the "
		    "office's own network" : "memory is out here",
		    slice_of("", 0));
}

/* 0, or -ENOMEM. */
static int
begin(struct fetch *fetch, struct ipc *resolver)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	pack_slice(&body, slice_str(fetch->url.host));
	if (text_failed(&body) || ipc_ask(resolver, RESOLVER_ADDRESSES,
	    text_slice(&body), NULL, 0, on_addresses, fetch) < 0)
		return -ENOMEM;
	fetch->resolver = resolver;
	return 0;
}

/* Those that failed long ago, and, to have room for another, the oldest. */
static void
sweep(struct sts_fetches *fetches)
{
	struct fetch *fetch, *following, *oldest = NULL;

	for (fetch = LIST_FIRST(&fetches->all); fetch != NULL;
	    fetch = following) {
		following = LIST_NEXT(fetch, next);
		if (fetch->failed_ms == 0 || !LIST_EMPTY(&fetch->waiters))
			continue;
		if (clock_ms() - fetch->failed_ms >= STS_FAILED_MS)
			fetch_free(fetch);
		else if (oldest == NULL ||
		    fetch->failed_ms <= oldest->failed_ms)
			oldest = fetch;
	}
	if (fetches->count >= STS_FETCHES && oldest != NULL)
		fetch_free(oldest);
}

static struct fetch *
find(struct sts_fetches *fetches, struct slice domain)
{
	struct fetch *fetch;

	LIST_FOREACH(fetch, &fetches->all, next)
		if (slice_is_word(domain, fetch->domain))
			return fetch;
	return NULL;
}

/* 0, -EAGAIN or -ENOMEM. */
static int
fetch_new(struct sts_fetches *fetches, struct ipc *resolver,
    struct slice domain, const char *id, struct fetch **fetch_out)
{
	struct fetch *fetch;
	int r;

	if (fetches->count >= STS_FETCHES || resolver == NULL ||
	    domain.len + sizeof(HOST_PREFIX) > HOST_NAME_MOST)
		return -EAGAIN;
	fetch = calloc(1, sizeof(*fetch));
	if (fetch == NULL)
		return -ENOMEM;
	fetch->fetches = fetches;
	fetches->count++;
	LIST_INIT(&fetch->waiters);
	LIST_INSERT_HEAD(&fetches->all, fetch, next);
	(void)slice_cstr(domain, fetch->domain, sizeof(fetch->domain));
	(void)slice_cstr(slice_str(id), fetch->id, sizeof(fetch->id));
	(void)snprintf(fetch->url.host, sizeof(fetch->url.host),
	    HOST_PREFIX "%s", fetch->domain);
	(void)snprintf(fetch->url.path, sizeof(fetch->url.path), "%s",
	    POLICY_PATH);
	fetch->url.port = fetches->setting.port;
	fetch->end = timer_new(fetches->setting.loop, on_end, fetch);
	r = fetch->end == NULL ? -ENOMEM : begin(fetch, resolver);
	if (r < 0) {
		fetch_free(fetch);
		return r;
	}
	*fetch_out = fetch;
	return 0;
}

int
sts_fetch(struct sts_fetches *fetches, struct ipc *resolver,
    struct slice domain, const char *id, sts_fetch_fn *fn, void *arg)
{
	struct waiter *waiter;
	struct fetch *fetch;
	int r = 0;

	sweep(fetches);
	fetch = find(fetches, domain);
	if (fetch != NULL && fetch->is_over) {
		if (strcmp(fetch->id, id) == 0 || fetch->failed_ms == 0 ||
		    !LIST_EMPTY(&fetch->waiters))
			return -EAGAIN;
		fetch_free(fetch);	/* there is another one by now */
		fetch = NULL;
	}
	waiter = calloc(1, sizeof(*waiter));
	if (waiter == NULL)
		return -ENOMEM;
	if (fetch == NULL)
		r = fetch_new(fetches, resolver, domain, id, &fetch);
	if (r < 0) {
		free(waiter);
		return r;
	}
	waiter->fn = fn;
	waiter->arg = arg;
	LIST_INSERT_HEAD(&fetch->waiters, waiter, next);
	return 0;
}

void
sts_fetch_forget(struct sts_fetches *fetches, const void *arg)
{
	struct waiter *waiter, *following;
	struct fetch *fetch;

	LIST_FOREACH(fetch, &fetches->all, next)
		for (waiter = LIST_FIRST(&fetch->waiters); waiter != NULL;
		    waiter = following) {
			following = LIST_NEXT(waiter, next);
			if (waiter->arg != arg)
				continue;
			LIST_REMOVE(waiter, next);
			free(waiter);
		}
}

struct sts_fetches *
sts_fetches_new(const struct sts_setting *setting)
{
	struct sts_fetches *fetches = calloc(1, sizeof(*fetches));

	if (fetches == NULL)
		return NULL;
	fetches->setting = *setting;
	LIST_INIT(&fetches->all);
	return fetches;
}

void
sts_fetches_free(struct sts_fetches *fetches)
{
	if (fetches == NULL)
		return;
	while (!LIST_EMPTY(&fetches->all))
		fetch_free(LIST_FIRST(&fetches->all));
	free(fetches);
}

void
sts_id_read(struct slice answer, char id_out[STS_ID_MOST + 1])
{
	struct unpack u = unpack_of(answer);
	enum names_found found = unpack_enum(&u, NAMES_FOUND_COUNT);
	struct slice texts[NAMES_TEXTS];
	uint32_t count;

	id_out[0] = '\0';
	(void)unpack_bool(&u);
	count = unpack_u32(&u);
	if (u.bad || found != NAMES_FOUND || count > NAMES_TEXTS)
		return;
	for (uint32_t i = 0; i < count; i++)
		texts[i] = unpack_slice(&u);
	if (unpack_is_done(&u))
		(void)sts_record_read(texts, count, id_out);
}
