/*
 * spf.c - may this host send mail for this domain?
 *
 * check_host() of RFC 7208 4, as it is written there.  Whatever needs an answer
 * that is not known yet notes the question and gives WAITING, which goes up to
 * the top like an error; the next run finds the answer among those kept.
 */
#include "filters/auth/spf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/spf_macro.h"
#include "filters/auth/spf_record.h"
#include "lib/base/arena.h"
#include "lib/message/path.h"

/* All answers to one check: 160 of some records each, and eleven policies. */
#define BUDGET		(2u << 20)
#define ADDRESSES_MOST	256	/* kept of one answer; a name has some */
#define NAME_SIZE	DNS_NAME_SIZE
/* Of a sender, of a HELO name: no honest one comes near (RFC 5321 4.5.3.1). */
#define IDENTITY_MOST	1000
#define WHOLE_MOST	(IDENTITY_MOST + 16)	/* "postmaster@" before it */

/* Beside the results: an answer is missing, or it is not decided here. */
#define WAITING		SPF_RESULT_COUNT
#define NO_MATCH	(SPF_RESULT_COUNT + 1)

static void	run(struct spf *);

struct known {
	struct known		*next;
	struct dns_question	 question;
	struct dns_answer	 answer;
};

struct spf {
	struct arena		*arena;
	int			 family;
	unsigned char		 address[16];
	struct spf_macros	 macros;	/* but for d and p */
	char			 dotted[64], readable[INET6_ADDRSTRLEN];
	char			 time[24];
	char			 domain[NAME_SIZE];	/* where it begins */
	struct known		*known;
	struct dns_question	 wanted;
	bool			 is_waiting, explains;
	enum spf_result		 result;
	const char		*problem;
	/* of this run */
	unsigned		 lookups, voids, questions;
	bool			 has_given_up;
	char			 explanation[SPF_EXPLANATION_MOST + 1];
	/* room for the terms of a record, for each include there may be */
	struct spf_term		*terms[SPF_LOOKUPS + 1];
};

/* One domain's policy being evaluated. */
struct policy {
	const char	*domain;
	unsigned	 depth;
	struct spf_record record;
	/* whose explanation counts: after a redirect another's */
	struct slice	*exp_out;
	char		*exp_domain_out;	/* NAME_SIZE */
};

/* Answers */

/* Labels of 1 to 63 bytes, nothing that DNS would write in another way. */
static bool
is_name(const char *name)
{
	size_t label = 0;

	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (*c < ' ' || *c > '~' || *c == '\\' || *c == '"' ||
		    ++label > DNS_LABEL_MOST) {
			return false;
		}
	}
	return label > 0;
}

/*
 * The answer to a question, or NULL: it is missing, and wanted now.  A name that
 * cannot be one does not exist.
 */
static const struct dns_answer *
ask(struct spf *spf, enum dns_kind kind, const char *name)
{
	static const struct dns_answer nothing = { .found = DNS_NOTHING };
	static const struct dns_answer later = { .found = DNS_LATER };
	const struct known *known;

	if (!is_name(name))
		return &nothing;
	for (known = spf->known; known != NULL; known = known->next)
		if (known->question.kind == kind &&
		    strcmp(known->question.name, name) == 0)
			return &known->answer;
	if (spf->has_given_up || spf->questions >= SPF_QUESTIONS)
		return &later;
	spf->wanted.kind = kind;
	(void)snprintf(spf->wanted.name, sizeof(spf->wanted.name), "%s", name);
	spf->is_waiting = true;
	return NULL;
}

/* Of a TXT answer only what can be a policy, and two of the others, count. */
static bool
is_kept(enum dns_kind kind, struct slice record, size_t kept, size_t *others)
{
	switch (kind) {
	case DNS_A:
		return record.len == 4 && kept < ADDRESSES_MOST;
	case DNS_AAAA:
		return record.len == 16 && kept < ADDRESSES_MOST;
	case DNS_MX:
	case DNS_PTR:
		return record.len < NAME_SIZE && kept <= SPF_NAMES;
	default:
		if (kept >= 4)
			return false;
		return spf_is_record(record) || (*others)++ < 2;
	}
}

void
spf_answer(struct spf *spf, const struct dns_answer *answer)
{
	struct known *known = arena_alloc(spf->arena, sizeof(*known));
	struct slice *records = arena_array(spf->arena,
	    answer->count < ADDRESSES_MOST ? answer->count : ADDRESSES_MOST,
	    sizeof(*records));
	size_t kept = 0, others = 0;

	if (known == NULL || (records == NULL && answer->count > 0)) {
		spf_give_up(spf);
		return;
	}
	known->question = spf->wanted;
	known->answer.found = answer->found;
	for (size_t i = 0; i < answer->count; i++) {
		/* a byte more than a policy may have says that it is too long */
		struct slice one = slice_first(answer->records[i],
		    SPF_RECORD_BYTES + 1);

		if (!is_kept(spf->wanted.kind, one, kept, &others))
			continue;
		if (arena_copy(spf->arena, one, &records[kept++]) < 0) {
			spf_give_up(spf);
			return;
		}
	}
	known->answer.records = records;
	known->answer.count = kept;
	known->next = spf->known;
	spf->known = known;
	spf->questions++;
	run(spf);
}

/* Results */

static unsigned
fault(struct spf *spf, enum spf_result result, const char *why)
{
	if (spf->problem == NULL)
		spf->problem = why;
	return result;
}

/* RFC 7208 4.6.4: one term more that asks */
static bool
is_over_limit(struct spf *spf)
{
	return ++spf->lookups > SPF_LOOKUPS;
}

static unsigned
too_many(struct spf *spf)
{
	return fault(spf, SPF_PERMERROR, "more than 10 terms ask DNS");
}

/* RFC 7208 4.6.4: one question more that has no answer */
static bool
is_void_too_many(struct spf *spf, const struct dns_answer *answer)
{
	return answer->found == DNS_NOTHING &&
	    ++spf->voids > SPF_VOID_LOOKUPS;
}

/* Addresses */

static bool
is_in(const struct spf *spf, const unsigned char *net, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (((spf->address[i / 8] ^ net[i / 8]) &
		    (0x80 >> i % 8)) != 0)
			return false;
	return true;
}

static bool
answers_address(const struct spf *spf, const struct dns_answer *answer,
    unsigned bits)
{
	for (size_t i = 0; i < answer->count; i++)
		if (is_in(spf, (const unsigned char *)answer->records[i].at,
		    bits))
			return true;
	return false;
}

static enum dns_kind
kind_of_address(const struct spf *spf)
{
	return spf->family == AF_INET ? DNS_A : DNS_AAAA;
}

/* Has this name an address near enough?  YES is SPF_PASS. */
static unsigned
match_host(struct spf *spf, const char *name, unsigned bits)
{
	const struct dns_answer *answer = ask(spf, kind_of_address(spf), name);

	if (answer == NULL)
		return WAITING;
	if (answer->found == DNS_LATER)
		return fault(spf, SPF_TEMPERROR, "an address could not be "
		    "looked up");
	if (is_void_too_many(spf, answer))
		return fault(spf, SPF_PERMERROR,
		    "more than 2 questions have no answer");
	return answers_address(spf, answer, bits) ? SPF_PASS : NO_MATCH;
}

/* Names of the client */

static bool
name_is_below(struct slice name, const char *domain)
{
	struct slice parent = slice_str(domain);

	if (name.len <= parent.len)
		return slice_is_nocase(name, parent);
	return name.at[name.len - parent.len - 1] == '.' &&
	    slice_is_nocase(slice_after(name, name.len - parent.len), parent);
}

/*
 * The names of the client's address that have that address (5.5): the domain
 * itself before one below it, and that before any other.  SPF_PASS, NO_MATCH or
 * WAITING; what cannot be looked up is no name.
 */
static unsigned
validated_name(struct spf *spf, const char *domain, char name_out[NAME_SIZE])
{
	TEXT_AUTO turned = TEXT_INIT(NAME_SIZE);
	char name[NAME_SIZE];
	const struct dns_answer *names, *answer;
	unsigned best = 0;

	spf_macro_expand(&turned, slice_str("%{ir}.%{v}.arpa"), &spf->macros);
	if (slice_cstr(text_slice(&turned), name, sizeof(name)) < 0)
		return NO_MATCH;
	names = ask(spf, DNS_PTR, name);
	if (names == NULL)
		return WAITING;
	for (size_t i = 0; i < names->count && i < SPF_NAMES; i++) {
		unsigned rank;

		(void)slice_cstr(names->records[i], name, sizeof(name));
		answer = ask(spf, kind_of_address(spf), name);
		if (answer == NULL)
			return WAITING;
		if (!answers_address(spf, answer,
		    spf->family == AF_INET ? 32 : 128))
			continue;
		rank = slice_is_nocase(names->records[i], slice_str(domain)) ?
		    3 : name_is_below(names->records[i], domain) ? 2 : 1;
		if (rank > best) {
			best = rank;
			memcpy(name_out, name, NAME_SIZE);
		}
	}
	return best > 0 ? SPF_PASS : NO_MATCH;
}

/* Names in a record */

/* 7.3: labels on the left are left out until it is short enough */
static void
shorten(struct slice name, char name_out[NAME_SIZE])
{
	struct slice label;

	if (name.len > 0 && name.at[name.len - 1] == '.')
		name = slice_first(name, name.len - 1);
	while (name.len > DNS_NAME_MOST && slice_cut(&name, '.', &label))
		continue;
	if (slice_cstr(name, name_out, NAME_SIZE) < 0)
		name_out[0] = '\0';
}

/*
 * Expand a string with macros for `domain`.  SPF_PASS or WAITING; a text that
 * has grown too long is empty.
 */
static unsigned
expand(struct spf *spf, struct slice spec, const char *domain,
    struct text *text)
{
	struct spf_macros macros = spf->macros;
	char validated[NAME_SIZE] = "unknown";

	macros.domain = slice_str(domain);
	if (spf_macro_wants_name(spec) &&
	    validated_name(spf, domain, validated) == WAITING)
		return WAITING;
	macros.validated = slice_str(validated);
	spf_macro_expand(text, spec, &macros);
	if (text_failed(text))
		text_clear(text);
	return SPF_PASS;
}

/* The name that a term is about: its own, or the domain of the policy. */
static unsigned
target(struct spf *spf, const struct policy *policy, struct slice spec,
    char name_out[NAME_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(16384);

	if (spec.len == 0) {
		(void)snprintf(name_out, NAME_SIZE, "%s", policy->domain);
		return SPF_PASS;
	}
	if (expand(spf, spec, policy->domain, &text) == WAITING)
		return WAITING;
	shorten(text_slice(&text), name_out);
	return SPF_PASS;
}

/* Mechanisms: SPF_PASS (it matches), NO_MATCH, WAITING, or an error. */

static unsigned	check_domain(struct spf *, struct policy *);

static unsigned
match_include(struct spf *spf, const struct policy *policy, const char *name)
{
	struct policy inside = { .domain = name, .depth = policy->depth + 1 };
	unsigned result = check_domain(spf, &inside);

	switch (result) {
	case SPF_PASS:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
	case WAITING:
		return result;
	case SPF_NONE:
		return fault(spf, SPF_PERMERROR,
		    "an included domain has no record");
	default:
		return NO_MATCH;
	}
}

static unsigned
match_mx(struct spf *spf, const char *domain, unsigned bits)
{
	const struct dns_answer *names = ask(spf, DNS_MX, domain);

	if (names == NULL)
		return WAITING;
	if (names->found == DNS_LATER)
		return fault(spf, SPF_TEMPERROR,
		    "an MX could not be looked up");
	if (is_void_too_many(spf, names))
		return fault(spf, SPF_PERMERROR,
		    "more than 2 questions have no answer");
	if (names->count > SPF_NAMES)
		return fault(spf, SPF_PERMERROR,
		    "a domain has more than 10 MX");
	for (size_t i = 0; i < names->count; i++) {
		char name[NAME_SIZE];
		unsigned result;

		if (names->records[i].len == 0)		/* RFC 7505 */
			continue;
		(void)slice_cstr(names->records[i], name, sizeof(name));
		result = match_host(spf, name, bits);
		if (result != NO_MATCH)
			return result;
	}
	return NO_MATCH;
}

static unsigned
match_ptr(struct spf *spf, const char *domain)
{
	char name[NAME_SIZE];
	unsigned result = validated_name(spf, domain, name);

	if (result != SPF_PASS)
		return result;
	return name_is_below(slice_str(name), domain) ? SPF_PASS : NO_MATCH;
}

static unsigned
match_exists(struct spf *spf, const char *name)
{
	const struct dns_answer *answer = ask(spf, DNS_A, name);

	if (answer == NULL)
		return WAITING;
	if (answer->found == DNS_LATER)
		return fault(spf, SPF_TEMPERROR,
		    "a name could not be looked up");
	if (is_void_too_many(spf, answer))
		return fault(spf, SPF_PERMERROR,
		    "more than 2 questions have no answer");
	return answer->count > 0 ? SPF_PASS : NO_MATCH;
}

static unsigned
match(struct spf *spf, const struct policy *policy,
    const struct spf_term *term)
{
	unsigned bits = term->bits[spf->family == AF_INET6];
	char name[NAME_SIZE];

	if (term->kind == SPF_ALL)
		return SPF_PASS;
	if (term->kind == SPF_IP4 || term->kind == SPF_IP6)
		return (term->kind == SPF_IP4) == (spf->family == AF_INET) &&
		    is_in(spf, term->address, bits) ? SPF_PASS : NO_MATCH;
	if (is_over_limit(spf))
		return too_many(spf);
	if (target(spf, policy, term->domain, name) == WAITING)
		return WAITING;
	switch (term->kind) {
	case SPF_INCLUDE:
		return match_include(spf, policy, name);
	case SPF_A:
		return match_host(spf, name, bits);
	case SPF_MX:
		return match_mx(spf, name, bits);
	case SPF_PTR:
		return match_ptr(spf, name);
	default:
		return match_exists(spf, name);
	}
}

/* Policies */

/* RFC 7208 4.4, 4.5: the one record, SPF_NONE, an error or WAITING */
static unsigned
find_record(struct spf *spf, struct policy *policy)
{
	const struct dns_answer *answer = ask(spf, DNS_TXT, policy->domain);
	struct spf_term **terms = &spf->terms[policy->depth];
	const struct slice *record = NULL;
	const char *problem;

	if (answer == NULL)
		return WAITING;
	if (answer->found == DNS_LATER)
		return fault(spf, SPF_TEMPERROR,
		    "a record could not be looked up");
	for (size_t i = 0; i < answer->count; i++) {
		if (!spf_is_record(answer->records[i]))
			continue;
		if (record != NULL)
			return fault(spf, SPF_PERMERROR,
			    "a domain has more than one record");
		record = &answer->records[i];
	}
	if (record == NULL)
		return SPF_NONE;
	if (*terms == NULL)
		*terms = arena_array(spf->arena, SPF_TERMS, sizeof(**terms));
	if (*terms == NULL)
		return fault(spf, SPF_TEMPERROR, "memory is out");
	problem = spf_record_read(*record, *terms, &policy->record);
	return problem != NULL ? fault(spf, SPF_PERMERROR, problem) : SPF_PASS;
}

/* RFC 7208 6.1 */
static unsigned
redirect(struct spf *spf, const struct policy *policy)
{
	char name[NAME_SIZE];
	struct policy other = { .domain = name, .depth = policy->depth + 1,
	    .exp_out = policy->exp_out,
	    .exp_domain_out = policy->exp_domain_out };
	unsigned result;

	if (is_over_limit(spf))
		return too_many(spf);
	if (target(spf, policy, policy->record.redirect, name) == WAITING)
		return WAITING;
	result = check_domain(spf, &other);
	return result == SPF_NONE ? fault(spf, SPF_PERMERROR,
	    "the domain it is redirected to has no record") : result;
}

/* As deep as SPF_LOOKUPS: each step down is a lookup that counts. */
static unsigned
check_domain(struct spf *spf, struct policy *policy)
{
	const struct spf_record *record = &policy->record;
	unsigned result = find_record(spf, policy);

	if (result != SPF_PASS)
		return result;
	for (size_t i = 0; i < record->count; i++) {
		result = match(spf, policy, &record->terms[i]);
		if (result == NO_MATCH)
			continue;
		if (result != SPF_PASS)
			return result;
		if (policy->exp_out != NULL) {
			*policy->exp_out = record->explanation;
			(void)snprintf(policy->exp_domain_out, NAME_SIZE,
			    "%s", policy->domain);
		}
		return record->terms[i].result;
	}
	return record->redirect.len > 0 ? redirect(spf, policy) : SPF_NEUTRAL;
}

/* RFC 7208 6.2: whatever is wrong with it, it is as if there were none */
static unsigned
explain(struct spf *spf, struct slice exp, const char *domain)
{
	const struct policy policy = { .domain = domain };
	TEXT_AUTO text = TEXT_INIT(SPF_EXPLANATION_MOST);
	const struct dns_answer *answer;
	char name[NAME_SIZE];

	if (target(spf, &policy, exp, name) == WAITING)
		return WAITING;
	answer = ask(spf, DNS_TXT, name);
	if (answer == NULL)
		return WAITING;
	if (answer->count != 1 ||
	    !spf_macro_is_string(answer->records[0], true))
		return SPF_PASS;
	if (expand(spf, answer->records[0], domain, &text) == WAITING)
		return WAITING;
	if (slice_is_printable_ascii(text_slice(&text)))
		(void)slice_cstr(text_slice(&text), spf->explanation,
		    sizeof(spf->explanation));
	return SPF_PASS;
}

/* Once more from the beginning, with all that is known. */
static void
run(struct spf *spf)
{
	struct slice exp = { NULL, 0 };
	char exp_domain[NAME_SIZE] = "";
	struct policy policy = { .domain = spf->domain, .exp_out = &exp,
	    .exp_domain_out = exp_domain };
	unsigned result = SPF_NONE;

	spf->lookups = 0;
	spf->voids = 0;
	spf->problem = NULL;
	spf->is_waiting = false;
	if (spf->domain[0] != '\0')
		result = check_domain(spf, &policy);
	if (result == WAITING)
		return;
	spf->result = (enum spf_result)result;
	if (result == SPF_FAIL && spf->explains && exp.len > 0)
		(void)explain(spf, exp, exp_domain);
}

const struct dns_question *
spf_wants(const struct spf *spf)
{
	return spf->is_waiting ? &spf->wanted : NULL;
}

void
spf_give_up(struct spf *spf)
{
	spf->has_given_up = true;
	run(spf);
}

/* Beginning */

static bool
set_address(struct spf *spf, struct slice text)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char plain[INET6_ADDRSTRLEN];
	int used = 0;

	if (slice_cstr(text, plain, sizeof(plain)) < 0)
		return false;
	spf->family = AF_INET;
	if (inet_pton(AF_INET, plain, spf->address) != 1) {
		spf->family = AF_INET6;
		if (inet_pton(AF_INET6, plain, spf->address) != 1)
			return false;
	}
	if (spf->family == AF_INET6 &&
	    memcmp(spf->address, mapped, sizeof(mapped)) == 0) {
		spf->family = AF_INET;		/* RFC 7208 5 */
		memmove(spf->address, spf->address + 12, 4);
	}
	(void)inet_ntop(spf->family, spf->address, spf->readable,
	    sizeof(spf->readable));
	(void)snprintf(spf->dotted, sizeof(spf->dotted), "%s", spf->readable);
	for (int i = 0; spf->family == AF_INET6 && i < 16; i++)
		used += snprintf(spf->dotted + used,
		    sizeof(spf->dotted) - (size_t)used, "%s%X.%X",
		    i == 0 ? "" : ".", (unsigned)spf->address[i] >> 4,
		    (unsigned)spf->address[i] & 15);
	return true;
}

/* RFC 8616 4: what is not ASCII is looked up in its ASCII form */
static bool
set_domain(struct spf *spf, struct slice domain)
{
	TEXT_AUTO normal = TEXT_INIT(1024);
	struct slice ascii = domain;

	if (!slice_is_printable_ascii(domain)) {
		if (address_normal(&normal, slice_str("x"), domain) < 0)
			return false;
		ascii = slice_after(text_slice(&normal), 2);
	}
	if (ascii.len > 0 && ascii.at[ascii.len - 1] == '.')
		ascii = slice_first(ascii, ascii.len - 1);
	/* 4.3: no name, or one of a single label, has no policy */
	if (slice_find(ascii, '.') == SIZE_MAX ||
	    slice_cstr(ascii, spf->domain, sizeof(spf->domain)) < 0 ||
	    !is_name(spf->domain) || spf->domain[0] == '[') {
		spf->domain[0] = '\0';
		return false;
	}
	return true;
}

static bool
set_sender(struct spf *spf, const struct spf_options *options)
{
	struct slice sender = options->sender;
	size_t at = slice_find_last(sender, '@');
	TEXT_AUTO whole = TEXT_INIT(WHOLE_MOST);
	struct slice kept;

	if (at == SIZE_MAX)	/* 2.4 */
		spf->macros.sender_domain = sender.len > 0 ? sender :
		    options->helo;
	else
		spf->macros.sender_domain = slice_after(sender, at + 1);
	spf->macros.local = at == SIZE_MAX || at == 0 ?
	    slice_str("postmaster") : slice_first(sender, at);
	text_add(&whole, spf->macros.local);
	text_add_byte(&whole, '@');
	text_add(&whole, spf->macros.sender_domain);
	if (text_failed(&whole) ||
	    arena_copy(spf->arena, text_slice(&whole), &kept) < 0)
		return false;
	spf->macros.sender = kept;
	at = spf->macros.local.len;
	spf->macros.local = slice_first(kept, at);
	spf->macros.sender_domain = slice_after(kept, at + 1);
	if (set_domain(spf, spf->macros.sender_domain))
		spf->macros.sender_domain = slice_str(spf->domain);
	return true;
}

/*
 * What a provider has taken has no limit of ours: one that is too long is no
 * name, and has no policy.
 */
static struct spf_options
bounded(const struct spf_options *options)
{
	struct spf_options fit = *options;

	if (fit.sender.len > IDENTITY_MOST)
		fit.sender = slice_of("@", 1);
	if (fit.helo.len > IDENTITY_MOST)
		fit.helo = slice_of(NULL, 0);
	return fit;
}

struct spf *
spf_new(const struct spf_options *options)
{
	const struct spf_options fit = bounded(options);
	struct arena *arena = arena_new(BUDGET);
	struct spf *spf = arena == NULL ? NULL :
	    arena_alloc(arena, sizeof(*spf));

	if (spf == NULL) {
		arena_free(arena);
		return NULL;
	}
	spf->arena = arena;
	if (!set_sender(spf, &fit) ||
	    arena_copy(arena, fit.helo, &spf->macros.helo) < 0 ||
	    arena_copy(arena, options->host, &spf->macros.host) < 0) {
		arena_free(arena);
		return NULL;
	}
	if (!set_address(spf, options->address))
		spf->domain[0] = '\0';
	(void)snprintf(spf->time, sizeof(spf->time), "%lld",
	    (long long)options->now_utc);
	spf->macros.dotted = slice_str(spf->dotted);
	spf->macros.readable = slice_str(spf->readable);
	spf->macros.family = slice_str(spf->family == AF_INET ? "in-addr" :
	    "ip6");
	spf->macros.time = slice_str(spf->time);
	spf->explains = options->explains;
	run(spf);
	return spf;
}

void
spf_free(struct spf *spf)
{
	if (spf != NULL)
		arena_free(spf->arena);
}

enum spf_result
spf_result(const struct spf *spf)
{
	return spf->result;
}

const char *
spf_domain(const struct spf *spf)
{
	return spf->domain;
}

const char *
spf_problem(const struct spf *spf)
{
	return spf->problem == NULL ? "" : spf->problem;
}

const char *
spf_explanation(const struct spf *spf)
{
	return spf->explanation;
}

const char *
spf_result_code(enum spf_result result)
{
	static const char *const codes[SPF_RESULT_COUNT] = {
		[SPF_NONE] = "none", [SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass", [SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail", [SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	return codes[result];
}
