/*
 * origin.c - who says that a message is from whom, and is it true?
 */
#include "filters/auth/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/iprev.h"
#include "filters/trusted_hop.h"

struct key {
	struct dns_question question;
	unsigned	 which;		/* dkim_key() */
	bool		 is_wanted;	/* and not answered */
};

_Static_assert(DMARC_DOMAINS == 1 + DKIM_SIGNATURES,
    "SPF's domain and that of each signature");

struct origin {
	struct slice	 client;	/* its address; empty: there is none */
	struct spf	*sender, *helo;	/* or NULL */
	struct iprev	 iprev;
	bool		 has_iprev;
	struct dkim	*dkim;		/* or NULL: none could be read */
	struct key	 keys[DKIM_SIGNATURES];
	struct arc	*arc;		/* or NULL */
	bool		 is_from_outside;
	char		 sender_domain[DNS_NAME_SIZE];	/* or "" */
	struct authors	 authors;
};

static struct spf *
spf_begin(const struct envelope *env, struct slice client, struct slice helo,
    struct slice sender, const char *host)
{
	const struct spf_options options = {
		.address = client, .helo = helo, .sender = sender,
		.host = slice_str(host),
		.now_utc = env->received_at_utc_ms / 1000,
	};

	return spf_new(&options);
}

/*
 * Who came to us, or to our provider, from outside.  False: it is from one of
 * us.
 */
static bool
find_client(const struct envelope *env, struct slice *client_out,
    struct slice *helo_out)
{
	bool is_taken_on = envelope_is_taken_on(env->source);
	struct slice client = is_taken_on ? env->hop.peer : env->peer;

	*client_out = slice_of(NULL, 0);
	if (env->source == SOURCE_OWN || env->source == SOURCE_LMTP ||
	    (!is_taken_on && env->login.len > 0))
		return false;
	/* to a provider somebody came, though it may not say who */
	if (trusted_hop_is_private(client))
		return is_taken_on;
	*client_out = client;
	*helo_out = is_taken_on ? env->hop.helo : env->helo;
	return is_taken_on || client.len > 0;
}

/* The keys that are wanted, once the body is known. */
static int
read_message(struct origin *origin, const struct dkim_tools *tools,
    const struct envelope *env, struct slice message)
{
	const struct dkim_options options = {
		.received_utc = env->received_at_utc_ms / 1000,
	};
	const char *name;
	unsigned which;

	if (tools == NULL)
		return 0;
	origin->dkim = dkim_new(tools, &options);
	if (origin->dkim == NULL)
		return -1;
	if (dkim_add(origin->dkim, message) < 0 ||
	    dkim_end(origin->dkim) < 0) {
		/* a header beyond the limits: nothing is said of it */
		dkim_free(origin->dkim);
		origin->dkim = NULL;
		return 0;
	}
	for (unsigned i = 0; i < DKIM_SIGNATURES &&
	    (name = dkim_wants_key(origin->dkim, &which)) != NULL; i++) {
		struct key *key = &origin->keys[i];

		key->which = which;
		key->question.kind = DNS_TXT;
		key->is_wanted = true;
		(void)snprintf(key->question.name, sizeof(key->question.name),
		    "%s", name);
	}
	return 0;
}

/* The authors */

/*
 * What may vouch.  Without a client's address SPF cannot be asked, and a header
 * beyond the limits hides its signatures: then nobody can say.
 */
static void
add_domains(struct origin *origin)
{
	struct authors *authors = &origin->authors;
	unsigned count = origin->dkim == NULL ? 0 : dkim_count(origin->dkim);

	if (origin->sender == NULL)
		authors_add_spf(authors, origin->sender_domain, false);
	else if (spf_result(origin->sender) == SPF_PASS ||
	    spf_result(origin->sender) == SPF_TEMPERROR)
		authors_add_spf(authors, spf_domain(origin->sender),
		    spf_result(origin->sender) == SPF_PASS);
	if (origin->dkim == NULL)
		authors_add_dkim(authors, "", false);
	for (unsigned i = 0; i < count; i++) {
		struct dkim_finding finding = dkim_finding(origin->dkim, i);
		char domain[DNS_NAME_SIZE];

		if ((finding.result == DKIM_PASS ||
		    finding.result == DKIM_TEMPERROR) && slice_cstr(
		    finding.domain, domain, sizeof(domain)) == 0)
			authors_add_dkim(authors, domain,
			    finding.result == DKIM_PASS);
	}
}

/* Nothing that the authors wait for is asked any more. */
static void
begin_authors(struct origin *origin)
{
	if (!origin->is_from_outside || origin->authors.is_begun ||
	    origin_wants(origin, ORIGIN_SENDER) != NULL)
		return;
	for (unsigned part = ORIGIN_KEYS; part < ORIGIN_ARC; part++)
		if (origin_wants(origin, part) != NULL)
			return;
	add_domains(origin);
	authors_begin(&origin->authors);
}

static int
read_authors(struct origin *origin, const struct envelope *env,
    struct slice message)
{
	size_t at = slice_find_last(env->sender, '@');
	struct slice domain = slice_after(env->sender, at + 1);

	if (!origin->is_from_outside)
		return 0;
	if (at != SIZE_MAX && host_is_name(domain))
		(void)slice_cstr(domain, origin->sender_domain,
		    sizeof(origin->sender_domain));
	return authors_open(&origin->authors, message);
}

/* Who came from outside may say who had the message before. */
static int
read_chain(struct origin *origin, const struct dkim_tools *tools,
    const struct envelope *env, struct slice message)
{
	if (!origin->is_from_outside || tools == NULL)
		return 0;
	origin->arc = arc_new(tools, env->received_at_utc_ms / 1000, message);
	return origin->arc == NULL ? -1 : 0;
}

struct origin *
origin_new(const struct dkim_tools *tools, const char *host,
    const struct envelope *env, struct slice message)
{
	struct origin *origin = calloc(1, sizeof(*origin));
	struct slice helo = { NULL, 0 };
	bool failed = false;

	if (origin == NULL)
		return NULL;
	origin->is_from_outside = find_client(env, &origin->client, &helo);
	if (origin->client.len > 0) {
		origin->sender = spf_begin(env, origin->client, helo,
		    env->sender, host);
		origin->helo = spf_begin(env, origin->client, helo,
		    slice_of(NULL, 0), host);
		failed = origin->sender == NULL || origin->helo == NULL;
		origin->has_iprev = iprev_begin(&origin->iprev,
		    origin->client);
	}
	if (failed || read_message(origin, tools, env, message) < 0 ||
	    read_authors(origin, env, message) < 0 ||
	    read_chain(origin, tools, env, message) < 0) {
		origin_free(origin);
		return NULL;
	}
	begin_authors(origin);
	return origin;
}

void
origin_free(struct origin *origin)
{
	if (origin == NULL)
		return;
	spf_free(origin->sender);
	spf_free(origin->helo);
	dkim_free(origin->dkim);
	arc_free(origin->arc);
	authors_close(&origin->authors);
	free(origin);
}

const struct dns_question *
origin_wants(const struct origin *origin, unsigned part)
{
	const struct key *key;

	if (part >= ORIGIN_AUTHORS)
		return authors_wants(&origin->authors, part - ORIGIN_AUTHORS);
	switch (part) {
	case ORIGIN_SENDER:
		return origin->sender == NULL ? NULL :
		    spf_wants(origin->sender);
	case ORIGIN_HELO:
		return origin->helo == NULL ? NULL :
		    spf_wants(origin->helo);
	case ORIGIN_IPREV:
		return origin->has_iprev &&
		    origin->iprev.result == IPREV_WAITING ?
		    &origin->iprev.question : NULL;
	case ORIGIN_ARC:
		return origin->arc == NULL ? NULL : arc_wants(origin->arc);
	default:
		key = &origin->keys[part - ORIGIN_KEYS];
		return key->is_wanted ? &key->question : NULL;
	}
}

static void
answer_key(struct origin *origin, struct key *key,
    const struct dns_answer *answer)
{
	static const enum dkim_lookup lookups[DNS_FOUND_COUNT] = {
		[DNS_FOUND] = DKIM_LOOKUP_FOUND,
		[DNS_NOTHING] = DKIM_LOOKUP_NONE,
		[DNS_LATER] = DKIM_LOOKUP_LATER,
	};

	key->is_wanted = false;
	dkim_key(origin->dkim, key->which, lookups[answer->found],
	    answer->is_secure, answer->records,
	    answer->count < DKIM_RECORDS ? answer->count : DKIM_RECORDS);
}

void
origin_answer(struct origin *origin, unsigned part,
    const struct dns_answer *answer)
{
	if (part >= ORIGIN_AUTHORS) {
		authors_answer(&origin->authors, part - ORIGIN_AUTHORS,
		    answer);
		return;
	}
	switch (part) {
	case ORIGIN_SENDER:
		spf_answer(origin->sender, answer);
		break;
	case ORIGIN_HELO:
		spf_answer(origin->helo, answer);
		break;
	case ORIGIN_IPREV:
		iprev_answer(&origin->iprev, answer);
		break;
	case ORIGIN_ARC:
		arc_answer(origin->arc, answer);
		break;
	default:
		answer_key(origin, &origin->keys[part - ORIGIN_KEYS],
		    answer);
		break;
	}
	begin_authors(origin);
}

void
origin_give_up(struct origin *origin)
{
	static const struct dns_answer later = { .found = DNS_LATER };

	if (origin->sender != NULL)
		spf_give_up(origin->sender);
	if (origin->helo != NULL)
		spf_give_up(origin->helo);
	for (unsigned part = ORIGIN_IPREV; part < ORIGIN_AUTHORS; part++)
		while (origin_wants(origin, part) != NULL)
			origin_answer(origin, part, &later);
	begin_authors(origin);
	authors_give_up(&origin->authors);
}

bool
origin_is_decided(const struct origin *origin)
{
	for (unsigned part = 0; part < ORIGIN_PARTS; part++)
		if (origin_wants(origin, part) != NULL)
			return false;
	return true;
}

/* What was found */

static const char *const words[ORIGIN_RESULTS] = {
	[ORIGIN_NONE] = "none", [ORIGIN_PASS] = "pass",
	[ORIGIN_FAIL] = "fail", [ORIGIN_SOFTFAIL] = "softfail",
	[ORIGIN_NEUTRAL] = "neutral", [ORIGIN_POLICY] = "policy",
	[ORIGIN_TEMPERROR] = "temperror",
	[ORIGIN_PERMERROR] = "permerror",
};

const char *
origin_word(enum origin_result result)
{
	return words[result];
}

/* The result of this word; the words of all methods are among ours. */
static enum origin_result
result_of(const char *word)
{
	unsigned result = ORIGIN_RESULTS - 1;

	while (result > 0 && strcmp(words[result], word) != 0)
		result--;
	return (enum origin_result)result;
}

static void
tell_spf(const struct spf *spf, enum origin_result *result_out,
    char domain_out[DNS_NAME_SIZE])
{
	if (spf == NULL)
		return;
	*result_out = result_of(spf_result_code(spf_result(spf)));
	(void)snprintf(domain_out, DNS_NAME_SIZE, "%s", spf_domain(spf));
}

static void
tell_iprev(const struct origin *origin, struct origin_found *found)
{
	static const enum origin_result results[] = {
		[IPREV_PASS] = ORIGIN_PASS, [IPREV_FAIL] = ORIGIN_FAIL,
		[IPREV_TEMPERROR] = ORIGIN_TEMPERROR,
		[IPREV_PERMERROR] = ORIGIN_PERMERROR,
	};

	if (!origin->has_iprev)
		return;
	found->iprev = results[origin->iprev.result];
}

/* RFC 6008 4: as many bytes of b= as tell signatures apart */
static void
tell_data(struct slice data, char data_out[ORIGIN_B_MOST + 1])
{
	size_t used = 0;

	for (size_t i = 0; i < data.len && used < ORIGIN_B_MOST; i++)
		if (data.at[i] > ' ' && data.at[i] <= '~' &&
		    data.at[i] != '"' && data.at[i] != '\\')
			data_out[used++] = data.at[i];
	data_out[used] = '\0';
}

static void
tell_signature(const struct dkim_finding *finding,
    struct origin_found *found)
{
	struct origin_signature *one =
	    &found->signatures[found->signature_count++];

	one->result = result_of(dkim_result_code(finding->result));
	if (slice_cstr(finding->domain, one->domain, sizeof(one->domain)) < 0)
		one->domain[0] = '\0';
	if (slice_cstr(finding->selector, one->selector,
	    sizeof(one->selector)) < 0)
		one->selector[0] = '\0';
	tell_data(finding->data, one->data);
}

/* Those that pass come first; the best of all is the result. */
static void
tell_signatures(const struct dkim *dkim, struct origin_found *found)
{
	unsigned count = dkim == NULL ? 0 : dkim_count(dkim);

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < count &&
		    found->signature_count < ORIGIN_SIGNATURES; i++) {
			struct dkim_finding finding = dkim_finding(dkim, i);

			if ((finding.result == DKIM_PASS) == (round == 0))
				tell_signature(&finding, found);
		}
	/* a lookup that failed may have hidden the one that passes */
	for (unsigned i = 0; i < count; i++) {
		enum origin_result result = result_of(dkim_result_code(
		    dkim_finding(dkim, i).result));

		if (i == 0 || result == ORIGIN_PASS ||
		    (result == ORIGIN_TEMPERROR &&
		    found->dkim != ORIGIN_PASS))
			found->dkim = result;
	}
}

/* Of a chain that is broken nobody is known to have sealed it. */
static void
tell_chain(const struct arc *arc, const struct authors_found *author,
    struct origin_found *found)
{
	static const enum origin_result results[] = {
		[ARC_NONE] = ORIGIN_NONE, [ARC_PASS] = ORIGIN_PASS,
		[ARC_FAIL] = ORIGIN_FAIL,
		[ARC_TEMPERROR] = ORIGIN_TEMPERROR,
	};

	if (arc == NULL)
		return;
	found->arc = results[arc_result(arc)];
	if (found->arc != ORIGIN_PASS)
		return;
	(void)snprintf(found->sealer, sizeof(found->sealer), "%s",
	    arc_sealer(arc));
	/* the sealer may have looked at another one of several */
	found->sealer_vouches = author->is_only &&
	    arc_vouches(arc, author->domain);
}

static void
tell_authors(const struct origin *origin, struct origin_found *found)
{
	static const enum origin_result results[] = {
		[DMARC_RESULT_NONE] = ORIGIN_NONE,
		[DMARC_RESULT_PASS] = ORIGIN_PASS,
		[DMARC_RESULT_FAIL] = ORIGIN_FAIL,
		[DMARC_RESULT_TEMPERROR] = ORIGIN_TEMPERROR,
	};
	struct authors_found worst;

	found->is_from_outside = origin->is_from_outside;
	if (!origin->is_from_outside)
		return;
	worst = authors_end(&origin->authors);
	found->dmarc = worst.is_too_many ? ORIGIN_PERMERROR :
	    results[worst.result];
	found->policy = worst.policy;
	(void)snprintf(found->author, sizeof(found->author), "%s",
	    worst.domain);
	tell_chain(origin->arc, &worst, found);
}

void
origin_end(const struct origin *origin,
    struct origin_found *found_out)
{
	memset(found_out, 0, sizeof(*found_out));
	found_out->is_wanted = true;
	tell_spf(origin->sender, &found_out->spf, found_out->spf_domain);
	tell_spf(origin->helo, &found_out->helo, found_out->helo_domain);
	if (slice_cstr(origin->client, found_out->client,
	    sizeof(found_out->client)) < 0)
		found_out->client[0] = '\0';
	tell_iprev(origin, found_out);
	tell_signatures(origin->dkim, found_out);
	tell_authors(origin, found_out);
}
