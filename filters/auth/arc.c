/*
 * arc.c - is the chain of those who passed a message on unbroken?
 *
 * RFC 8617 5.2.  All hashes are made when the message is taken up, and only what
 * a key must still say yes to is kept: the newest signature of the message
 * first, then each seal from the newest down.
 */
#include "filters/auth/arc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/arc_sets.h"
#include "filters/auth/dkim.h"
#include "filters/auth/dkim_tags.h"

/* What a key is to say yes to. */
struct check {
	struct dkim_signature says;
	unsigned char	 hash[DKIM_HASH_BYTES];
};

struct arc {
	const struct dkim_tools *tools;
	int64_t		 received_utc;
	bool		 is_decided;
	enum arc_result	 result;
	struct arc_sets	 sets;
	struct check	*checks;
	unsigned	 count, done, asked;
	struct slice	 results;	/* of the newest set: what it says */
	struct dns_question question;
	struct dkim_key	 key;		/* the one that came last */
	bool		 has_key;
};

static void
decide(struct arc *arc, enum arc_result result)
{
	arc->is_decided = true;
	arc->result = result;
}

/* Hashes */

static bool
hash_body(const struct arc *arc, const struct dkim_signature *says,
    struct slice body)
{
	unsigned char hash[DKIM_HASH_BYTES];
	struct dkim_digest digest = { 0 };
	struct dkim_body form;
	int r;

	dkim_digest_begin(&digest, arc->tools, UINT64_MAX);
	dkim_body_begin(&form, says->body_canon, dkim_digest_add, &digest);
	dkim_body_add(&form, body);
	dkim_body_end(&form);
	r = dkim_digest_end(&digest, hash);
	dkim_digest_free(&digest);
	return r == 0 && memcmp(hash, says->body_hash, sizeof(hash)) == 0;
}

/* 4.1.2: as a signature of DKIM, and over no seal */
static bool
take_message(struct arc *arc, struct dkim_fields *fields, struct slice body)
{
	size_t at = arc->sets.at[arc->sets.newest - 1][ARC_MESSAGE];
	struct check *check = &arc->checks[arc->count++];
	const struct dkim_signature *says = &check->says;

	if (dkim_signature_read_as(&fields->field[at], DKIM_FIELD_ARC_MESSAGE,
	    &check->says) != DKIM_VERIFIED ||
	    dkim_list_has(says->names, arc_part_name(ARC_SEAL)) ||
	    (says->has_expiry && arc->received_utc - DKIM_DRIFT_SECONDS >
	    says->expires_utc) ||
	    (says->has_time && says->time_utc - DKIM_DRIFT_SECONDS >
	    arc->received_utc))
		return false;
	return hash_body(arc, says, body) && dkim_fields_hash(fields, at,
	    says, arc->tools, check->hash) == 0;
}

/* 5.1.1: over all sets up to its own, in their order */
static bool
take_seal(struct arc *arc, struct dkim_fields *fields, unsigned number)
{
	size_t own = arc->sets.at[number - 1][ARC_SEAL];
	size_t before[ARC_SETS * ARC_PARTS];
	size_t count = arc_sets_order(&arc->sets, number, before);
	struct check *check = &arc->checks[arc->count++];

	return dkim_signature_read_as(&fields->field[own],
	    DKIM_FIELD_ARC_SEAL, &check->says) == DKIM_VERIFIED &&
	    check->says.chain == (number == 1 ? DKIM_CHAIN_NONE :
	    DKIM_CHAIN_PASS) && dkim_fields_hash_seal(fields, before,
	    count - 1, own, &check->says, arc->tools, check->hash) == 0;
}

static bool
take_all(struct arc *arc, struct dkim_fields *fields, struct slice body)
{
	/* who reads the header in another way may see another author */
	if (fields->is_broken || fields->from_count != 1 ||
	    !take_message(arc, fields, body))
		return false;
	for (unsigned number = arc->sets.newest; number > 0; number--)
		if (!take_seal(arc, fields, number))
			return false;
	arc->results = fields->field[arc->sets.at[arc->sets.newest - 1]
	    [ARC_RESULTS]].value;
	return true;
}

/* Keys */

static void
forget_key(struct arc *arc)
{
	dkim_key_free(&arc->key);
	memset(&arc->key, 0, sizeof(arc->key));
	arc->has_key = false;
}

/* The check that is next, with the key that is there. */
static void
try_key(struct arc *arc)
{
	const struct check *check = &arc->checks[arc->done];
	int r = dkim_key_fits(&arc->key, &check->says) != DKIM_VERIFIED ||
	    (check->says.algorithm == DKIM_RSA_SHA256 &&
	    arc->key.bits < DKIM_KEY_BITS_LEAST) ? 0 :
	    dkim_is_signed(arc->tools, &arc->key, check->hash,
	    slice_of(check->says.data, check->says.data_len));

	if (r == 1)
		arc->done++;
	else
		decide(arc, r == 0 ? ARC_FAIL : ARC_TEMPERROR);
}

/* As far as the key that came goes; then the next one is wanted. */
static void
go_on(struct arc *arc)
{
	while (!arc->is_decided) {
		const char *query;

		if (arc->done == arc->count) {
			decide(arc, ARC_PASS);
			return;
		}
		query = arc->checks[arc->done].says.query;
		if (arc->has_key && strcmp(query, arc->question.name) == 0) {
			try_key(arc);
			continue;
		}
		if (arc->asked++ == ARC_KEYS) {
			decide(arc, ARC_FAIL);
			return;
		}
		arc->question.kind = DNS_TXT;
		(void)snprintf(arc->question.name,
		    sizeof(arc->question.name), "%s", query);
		return;
	}
}

const struct dns_question *
arc_wants(const struct arc *arc)
{
	return arc->is_decided ? NULL : &arc->question;
}

void
arc_answer(struct arc *arc, const struct dns_answer *answer)
{
	forget_key(arc);
	if (answer->found == DNS_LATER) {
		decide(arc, ARC_TEMPERROR);
		return;
	}
	for (size_t i = 0; i < answer->count && i < DKIM_RECORDS &&
	    !arc->has_key; i++)
		arc->has_key = dkim_key_read(answer->records[i], &arc->key) ==
		    DKIM_VERIFIED;
	if (arc->has_key)
		go_on(arc);
	else
		decide(arc, ARC_FAIL);
}

/* Beginning */

/* Where the body begins: behind the first empty line. */
static size_t
header_end(struct slice message)
{
	size_t at = 0;

	while (at < message.len) {
		struct slice line = slice_after(message, at);
		size_t lf = slice_find(line, '\n');

		line = lf == SIZE_MAX ? line : slice_first(line, lf + 1);
		at += line.len;
		if (slice_is_str(line, "\n") || slice_is_str(line, "\r\n"))
			break;
	}
	return at;
}

/* Those of a message whose header can be read.  0 or -1. */
static int
take_sets(struct arc *arc, struct dkim_fields *fields, struct slice body)
{
	arc_sets_find(fields, &arc->sets);
	if (arc->sets.count == 0) {
		decide(arc, ARC_NONE);
		return 0;
	}
	if (!arc->sets.is_whole) {
		decide(arc, ARC_FAIL);
		return 0;
	}
	arc->checks = calloc(arc->sets.newest + 1, sizeof(*arc->checks));
	if (arc->checks == NULL)
		return -1;
	if (!take_all(arc, fields, body))
		decide(arc, ARC_FAIL);
	return 0;
}

static int
take_up(struct arc *arc, struct slice message)
{
	struct dkim_fields *fields = malloc(sizeof(*fields));
	size_t end = header_end(message);
	int r = 0;

	if (fields == NULL)
		return -1;
	/* beyond the limits nothing is said, as of its signatures */
	if (end > DKIM_HEADER_BYTES ||
	    dkim_fields_read(slice_first(message, end), fields) < 0)
		decide(arc, ARC_NONE);
	else
		r = take_sets(arc, fields, slice_after(message, end));
	free(fields);
	return r;
}

struct arc *
arc_new(const struct dkim_tools *tools, int64_t received_utc,
    struct slice message)
{
	struct arc *arc = calloc(1, sizeof(*arc));

	if (arc == NULL)
		return NULL;
	arc->tools = tools;
	arc->received_utc = received_utc;
	if (take_up(arc, message) < 0) {
		arc_free(arc);
		return NULL;
	}
	go_on(arc);
	return arc;
}

void
arc_free(struct arc *arc)
{
	if (arc == NULL)
		return;
	forget_key(arc);
	free(arc->checks);
	free(arc);
}

enum arc_result
arc_result(const struct arc *arc)
{
	return arc->result;
}

const char *
arc_sealer(const struct arc *arc)
{
	return arc->count > 1 ? arc->checks[1].says.domain : "";
}

bool
arc_vouches(const struct arc *arc, const char *author)
{
	unsigned instance;
	bool passed;

	return arc->result == ARC_PASS && author[0] != '\0' &&
	    arc_results_read(arc->results, author, &instance, &passed) &&
	    passed;
}
