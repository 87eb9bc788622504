/*
 * dmarc.c - is the domain in From one that vouches for the message?
 */
#include "filters/auth/dmarc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX		"_dmarc."
#define LABELS_KEPT	7	/* RFC 9989 4.10: of a name of more than 8 */

/* An answer, as far as it matters here. */
struct known {
	struct dns_question question;
	enum dns_found	 found;
	bool		 has_record;	/* a policy, and one only */
	struct dmarc_record record;
};

struct domain {
	char	name[DNS_NAME_SIZE];
	bool	is_spf, is_sure;
};

struct dmarc {
	char		 author[DNS_NAME_SIZE];
	struct domain	 domains[DMARC_DOMAINS];
	unsigned	 domain_count;
	struct known	 known[DMARC_QUESTIONS];
	unsigned	 known_count;
	struct dns_question wanted;
	bool		 is_waiting, has_given_up;
	enum dmarc_result result;
	enum dmarc_policy policy;
	char		 policy_domain[DNS_NAME_SIZE];
};

/* What a step may be besides done. */
enum step { DONE, WAITING, LATER };

/* A walk up the tree. */
struct walk {
	const char	*organization;	/* within `start` */
	const struct known *own;	/* the record at the start, or NULL */
	const struct known *organizations;	/* at the organization */
	const struct known *suffix;	/* of the public suffix (psd=y) */
	const char	*suffix_name;
};

struct dmarc *
dmarc_new(const char *author)
{
	struct dmarc *dmarc = calloc(1, sizeof(*dmarc));

	if (dmarc != NULL)
		(void)snprintf(dmarc->author, sizeof(dmarc->author), "%s",
		    author);
	return dmarc;
}

void
dmarc_free(struct dmarc *dmarc)
{
	free(dmarc);
}

static bool
is_same(const char *a, const char *b)
{
	return slice_is_nocase(slice_str(a), slice_str(b));
}

static void
add(struct dmarc *dmarc, const char *name, bool is_spf, bool is_sure)
{
	struct domain *domain = dmarc->domains;

	/* ten signatures of one domain are worth one */
	for (; domain < dmarc->domains + dmarc->domain_count; domain++)
		if (domain->is_spf == is_spf && domain->is_sure == is_sure &&
		    is_same(domain->name, name))
			return;
	if (dmarc->domain_count == DMARC_DOMAINS || name[0] == '\0')
		return;
	(void)snprintf(domain->name, sizeof(domain->name), "%s", name);
	domain->is_spf = is_spf;
	domain->is_sure = is_sure;
	dmarc->domain_count++;
}

void
dmarc_add_spf(struct dmarc *dmarc, const char *domain, bool is_sure)
{
	add(dmarc, domain, true, is_sure);
}

void
dmarc_add_dkim(struct dmarc *dmarc, const char *domain, bool is_sure)
{
	add(dmarc, domain, false, is_sure);
}

/* Answers */

static enum step
ask(struct dmarc *dmarc, enum dns_kind kind, const char *name,
    const struct known **known_out)
{
	for (unsigned i = 0; i < dmarc->known_count; i++) {
		const struct known *known = &dmarc->known[i];

		if (known->question.kind != kind ||
		    !slice_is_nocase(slice_str(known->question.name),
		    slice_str(name)))
			continue;
		*known_out = known;
		return known->found == DNS_LATER ? LATER : DONE;
	}
	if (dmarc->has_given_up || dmarc->known_count == DMARC_QUESTIONS)
		return LATER;
	dmarc->wanted.kind = kind;
	(void)snprintf(dmarc->wanted.name, sizeof(dmarc->wanted.name), "%s",
	    name);
	dmarc->is_waiting = true;
	return WAITING;
}

/* RFC 9989 4.10: of several records none counts */
static void
read_record(const struct dns_answer *answer, struct known *known)
{
	const struct slice *record = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		if (!dmarc_is_record(answer->records[i]))
			continue;
		if (record != NULL)
			return;
		record = &answer->records[i];
	}
	known->has_record = record != NULL &&
	    dmarc_record_read(*record, &known->record);
}

static enum step
ask_policy(struct dmarc *dmarc, const char *domain,
    const struct known **known_out)
{
	char name[sizeof(PREFIX) + DNS_NAME_SIZE];
	const struct known *known = NULL;
	enum step step;

	*known_out = NULL;
	(void)snprintf(name, sizeof(name), PREFIX "%s", domain);
	if (strlen(name) > DNS_NAME_MOST)	/* there can be none */
		return DONE;
	step = ask(dmarc, DNS_TXT, name, &known);
	if (step == DONE && known->has_record)
		*known_out = known;
	return step;
}

/* The tree */

static const char *
parent_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

static unsigned
label_count(const char *name)
{
	unsigned count = 1;

	while ((name = parent_of(name)) != NULL)
		count++;
	return count;
}

/* The next name on the way up; NULL: there is none. */
static const char *
next_up(const char *name)
{
	name = parent_of(name);
	while (name != NULL && label_count(name) > LABELS_KEPT)
		name = parent_of(name);
	return name;
}

/* The name one label longer than `parent`, on the way from `start` to it. */
static const char *
one_below(const char *start, const char *parent)
{
	const char *name = start, *up;

	while ((up = parent_of(name)) != NULL && up != parent)
		name = up;
	return name;
}

/* RFC 9989 4.10, 4.10.2 */
static enum step
walk_up(struct dmarc *dmarc, const char *start, struct walk *walk_out)
{
	struct walk walk = { .organization = start };
	const struct known *known;

	for (const char *at = start; at != NULL; at = next_up(at)) {
		enum step step = ask_policy(dmarc, at, &known);

		if (step != DONE)
			return step;
		if (known == NULL)
			continue;
		if (at == start)
			walk.own = known;
		if (known->record.psd == DMARC_PSD_YES && at != start) {
			const char *below = one_below(start, at);

			if (below != walk.organization) {
				walk.organization = below;
				walk.organizations = NULL;
			}
			walk.suffix = known;
			walk.suffix_name = at;
			break;
		}
		walk.organization = at;		/* the shortest so far */
		walk.organizations = known;
		if (known->record.psd != DMARC_PSD_UNKNOWN)
			break;
	}
	if (walk.organization == start)
		walk.organizations = walk.own;
	*walk_out = walk;
	return DONE;
}

/* RFC 9989 4.7: np= is for a name without addresses and without an MX */
static enum step
exists(struct dmarc *dmarc, bool *exists_out)
{
	static const enum dns_kind kinds[] = { DNS_A, DNS_AAAA, DNS_MX };
	const struct known *known;

	*exists_out = false;
	for (size_t i = 0; i < 3 && !*exists_out; i++) {
		enum step step = ask(dmarc, kinds[i], dmarc->author, &known);

		if (step != DONE)
			return step;
		*exists_out = known->found == DNS_FOUND;
	}
	return DONE;
}

/* What is asked for of the author's domain (4.10.1). */
static enum step
find_policy(struct dmarc *dmarc, const struct walk *walk,
    const struct dmarc_record **record_out)
{
	const struct known *known = walk->own != NULL ? walk->own :
	    walk->organizations != NULL ? walk->organizations : walk->suffix;
	const char *where = walk->own != NULL ? dmarc->author :
	    walk->organizations != NULL ? walk->organization :
	    walk->suffix_name;
	const struct dmarc_record *record;
	enum dmarc_policy policy;
	bool is_there = true;

	*record_out = NULL;
	if (known == NULL)
		return DONE;
	record = &known->record;
	policy = record->policy;
	if (walk->own == NULL && record->below != DMARC_UNSAID)
		policy = record->below;
	if (walk->own == NULL && record->missing != DMARC_UNSAID) {
		enum step step = exists(dmarc, &is_there);

		if (step != DONE)
			return step;
		if (!is_there)
			policy = record->missing;
	}
	/* 4.7: a policy that is tried out is meant one step milder */
	if (record->is_test && policy > DMARC_NONE)
		policy--;
	dmarc->policy = policy;
	(void)snprintf(dmarc->policy_domain, sizeof(dmarc->policy_domain),
	    "%s", where);
	*record_out = record;
	return DONE;
}

static bool
is_at_or_below(const char *name, const char *domain)
{
	for (; name != NULL; name = parent_of(name))
		if (is_same(name, domain))
			return true;
	return false;
}

/* RFC 9989 4.9 */
static enum step
is_aligned(struct dmarc *dmarc, const struct domain *domain, bool is_strict,
    const char *organization, bool *aligned_out)
{
	struct walk walk;
	enum step step;

	*aligned_out = is_same(domain->name, dmarc->author);
	if (*aligned_out || is_strict ||
	    !is_at_or_below(domain->name, organization))
		return DONE;
	step = walk_up(dmarc, domain->name, &walk);
	if (step == DONE)
		*aligned_out = is_same(walk.organization, organization);
	return step;
}

static enum step
check(struct dmarc *dmarc)
{
	const struct dmarc_record *record;
	bool was_later = false, aligned;
	struct walk walk;
	enum step step = walk_up(dmarc, dmarc->author, &walk);

	if (step == DONE)
		step = find_policy(dmarc, &walk, &record);
	if (step != DONE)
		return step;
	if (record == NULL) {
		dmarc->result = DMARC_RESULT_NONE;
		return DONE;
	}
	for (unsigned i = 0; i < dmarc->domain_count; i++) {
		const struct domain *domain = &dmarc->domains[i];

		step = is_aligned(dmarc, domain, domain->is_spf ?
		    record->strict_spf : record->strict_dkim,
		    walk.organization, &aligned);
		if (step == WAITING)
			return step;
		was_later = was_later || step == LATER ||
		    (step == DONE && aligned && !domain->is_sure);
		if (step == DONE && aligned && domain->is_sure) {
			dmarc->result = DMARC_RESULT_PASS;
			return DONE;
		}
	}
	dmarc->result = DMARC_RESULT_FAIL;
	return was_later ? LATER : DONE;
}

void
dmarc_begin(struct dmarc *dmarc)
{
	dmarc->is_waiting = false;
	dmarc->policy = DMARC_UNSAID;
	dmarc->policy_domain[0] = '\0';
	if (check(dmarc) == LATER)
		dmarc->result = DMARC_RESULT_TEMPERROR;
}

const struct dns_question *
dmarc_wants(const struct dmarc *dmarc)
{
	return dmarc->is_waiting ? &dmarc->wanted : NULL;
}

void
dmarc_answer(struct dmarc *dmarc, const struct dns_answer *answer)
{
	struct known *known = &dmarc->known[dmarc->known_count++];

	known->question = dmarc->wanted;
	known->found = answer->found;
	if (dmarc->wanted.kind == DNS_TXT)
		read_record(answer, known);
	dmarc_begin(dmarc);
}

void
dmarc_give_up(struct dmarc *dmarc)
{
	dmarc->has_given_up = true;
	dmarc_begin(dmarc);
}

enum dmarc_result
dmarc_result(const struct dmarc *dmarc)
{
	return dmarc->result;
}

enum dmarc_policy
dmarc_policy(const struct dmarc *dmarc)
{
	return dmarc->policy;
}

const char *
dmarc_policy_domain(const struct dmarc *dmarc)
{
	return dmarc->policy_domain;
}
