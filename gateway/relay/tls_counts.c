/*
 * tls_counts.c - how TLS with the hosts of a domain went, counted
 */
#include "gateway/relay/tls_counts.h"

#include <string.h>

#include <openssl/x509.h>

#include "lib/base/crc32c.h"

struct detail {
	uint32_t	result, count;
	char		host[HOST_NAME_MOST + 3];
};

struct slot {
	uint32_t	sum;		/* of what follows; or: empty */
	uint32_t	policy;
	int64_t		period;
	uint64_t	good, bad;
	uint32_t	detail_count, unused;
	struct detail	details[TLS_DETAILS];
	char		domain[HOST_NAME_MOST + 3];
	char		text[TLS_POLICY_BYTES];
	char		more[TLS_SLOT_BYTES - 40 - TLS_DETAILS *
			    sizeof(struct detail) - (HOST_NAME_MOST + 3) -
			    TLS_POLICY_BYTES];
};
_Static_assert(sizeof(struct slot) == TLS_SLOT_BYTES, "a slot has its size");

struct tls_counts {
	struct slot	slots[TLS_COUNTS_SLOTS];
};

const char *
tls_policy_word(enum tls_policy policy)
{
	static const char *const words[TLS_POLICIES] = {
		[TLS_POLICY_NONE] = "no-policy-found",
		[TLS_POLICY_STS] = "sts", [TLS_POLICY_TLSA] = "tlsa",
	};

	return words[policy];
}

const char *
tls_result_word(enum tls_result result)
{
	static const char *const words[TLS_RESULTS] = {
		[TLS_WENT_WELL] = "",
		[TLS_NOT_SUPPORTED] = "starttls-not-supported",
		[TLS_HOST_MISMATCH] = "certificate-host-mismatch",
		[TLS_EXPIRED] = "certificate-expired",
		[TLS_NOT_TRUSTED] = "certificate-not-trusted",
		[TLS_FAILED] = "validation-failure",
		[TLS_TLSA_INVALID] = "tlsa-invalid",
		[TLS_DNSSEC_INVALID] = "dnssec-invalid",
		[TLS_DANE_REQUIRED] = "dane-required",
		[TLS_STS_FETCH_ERROR] = "sts-policy-fetch-error",
		[TLS_STS_INVALID] = "sts-policy-invalid",
		[TLS_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
	};

	return words[result];
}

/* The library has words for each of its codes, and these are told (talk.h). */
static bool
says(struct slice words, long code)
{
	return slice_has_suffix(words, X509_verify_cert_error_string(code));
}

enum tls_result
tls_result_of(enum talk_fault fault, struct slice words)
{
	switch (fault) {
	case TALK_NO_TLS:
		return TLS_NOT_SUPPORTED;
	case TALK_TLS_FAILED:
		return TLS_FAILED;
	case TALK_DISTRUSTED:
		return says(words, X509_V_ERR_CERT_HAS_EXPIRED) ?
		    TLS_EXPIRED :
		    says(words, X509_V_ERR_HOSTNAME_MISMATCH) ?
		    TLS_HOST_MISMATCH : TLS_NOT_TRUSTED;
	default:
		return TLS_WENT_WELL;
	}
}

static uint32_t
sum_of(const struct slot *slot)
{
	uint32_t sum = crc32c(0, slice_of((const char *)slot +
	    sizeof(slot->sum), sizeof(*slot) - sizeof(slot->sum)));

	return sum == 0 ? 1 : sum;	/* 0 is that of none */
}

static bool
ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* A file may hold anything. */
static bool
is_good(const struct slot *slot)
{
	bool good = slot->sum != 0 && slot->sum == sum_of(slot) &&
	    slot->policy < TLS_POLICIES && slot->detail_count <= TLS_DETAILS &&
	    ends(slot->domain, sizeof(slot->domain)) &&
	    ends(slot->text, sizeof(slot->text));

	for (uint32_t i = 0; good && i < slot->detail_count; i++)
		good = slot->details[i].result < TLS_RESULTS &&
		    ends(slot->details[i].host,
		    sizeof(slot->details[i].host));
	return good;
}

struct tls_counts *
tls_counts_in(void *bytes)
{
	struct tls_counts *counts = bytes;

	for (size_t i = 0; i < TLS_COUNTS_SLOTS; i++)
		if (counts->slots[i].sum != 0 && !is_good(&counts->slots[i]))
			counts->slots[i].sum = 0;
	return counts;
}

static bool
is_of(const struct slot *slot, int64_t period, struct slice domain)
{
	return slot->sum != 0 && slot->period == period &&
	    strnlen(slot->domain, sizeof(slot->domain)) == domain.len &&
	    slice_is_nocase(slice_of(slot->domain, domain.len), domain);
}

/* That session's, or an empty one made so; NULL: all are in use. */
static struct slot *
find(struct tls_counts *counts, const struct tls_session *session)
{
	struct slot *empty = NULL;

	for (size_t i = 0; i < TLS_COUNTS_SLOTS; i++) {
		struct slot *slot = &counts->slots[i];

		if (is_of(slot, session->period, session->domain) &&
		    slot->policy == session->policy)
			return slot;
		if (empty == NULL && slot->sum == 0)
			empty = slot;
	}
	if (empty == NULL)
		return NULL;
	memset(empty, 0, sizeof(*empty));
	empty->period = session->period;
	empty->policy = (uint32_t)session->policy;
	memcpy(empty->domain, session->domain.at, session->domain.len);
	(void)slice_cstr(session->text, empty->text, sizeof(empty->text));
	return empty;
}

static void
add_detail(struct slot *slot, const struct tls_session *session)
{
	uint32_t i = 0;

	while (i < slot->detail_count &&
	    (slot->details[i].result != session->result ||
	    !slice_is_nocase(session->host, slice_str(
	    slot->details[i].host))))
		i++;
	if (i == TLS_DETAILS)
		return;
	if (i == slot->detail_count) {
		slot->details[i].result = (uint32_t)session->result;
		if (slice_cstr(session->host, slot->details[i].host,
		    sizeof(slot->details[i].host)) < 0)
			return;
		slot->detail_count++;
	}
	slot->details[i].count++;
}

void
tls_counts_add(struct tls_counts *counts, const struct tls_session *session)
{
	struct slot *slot = session->domain.len == 0 ||
	    session->domain.len > HOST_NAME_MOST ? NULL :
	    find(counts, session);

	if (slot == NULL)
		return;
	slot->sum = 0;
	if (session->result == TLS_WENT_WELL) {
		slot->good++;
	} else {
		slot->bad++;
		add_detail(slot, session);
	}
	slot->sum = sum_of(slot);
}

bool
tls_counts_get(const struct tls_counts *counts, size_t at,
    struct tls_counted *counted_out)
{
	const struct slot *slot = &counts->slots[at];
	struct tls_counted *counted = counted_out;

	if (slot->sum == 0)
		return false;
	*counted = (struct tls_counted){
		.period = slot->period,
		.policy = (enum tls_policy)slot->policy,
		.good = slot->good, .bad = slot->bad,
		.detail_count = slot->detail_count
	};
	memcpy(counted->domain, slot->domain, sizeof(counted->domain));
	memcpy(counted->text, slot->text, sizeof(counted->text));
	for (uint32_t i = 0; i < slot->detail_count; i++) {
		counted->details[i].result =
		    (enum tls_result)slot->details[i].result;
		counted->details[i].count = slot->details[i].count;
		memcpy(counted->details[i].host, slot->details[i].host,
		    sizeof(counted->details[i].host));
	}
	return true;
}

void
tls_counts_drop(struct tls_counts *counts, int64_t period,
    struct slice domain)
{
	for (size_t i = 0; i < TLS_COUNTS_SLOTS; i++)
		if (is_of(&counts->slots[i], period, domain))
			counts->slots[i].sum = 0;
}
