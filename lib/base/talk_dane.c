/*
 * talk_dane.c - whether a certificate is one that its host has published (DANE)
 *
 * OpenSSL does the matching (RFC 7671): which record counts, and which digest.
 * What it has no knowledge of is mail (RFC 7672 3.1): usages 0 and 1 are of no
 * use here, and a certificate that is published itself needs neither name nor
 * date.
 */
#include <openssl/evp.h>
#include <string.h>

#include "lib/base/talk_inside.h"

#define USAGE_TA	2	/* RFC 6698 2.1.1 */
#define USAGE_EE	3

static int
usage_of(struct slice record)
{
	return record.len < 4 ? -1 : (unsigned char)record.at[0];
}

/* How many of them are of use; negative: memory is out. */
static int
add_records(const struct talk_dane *dane, SSL *ssl)
{
	int count = 0;

	for (size_t i = 0; i < dane->count; i++) {
		const unsigned char *at =
		    (const unsigned char *)dane->records[i].at;
		int usage = usage_of(dane->records[i]), r;

		if (usage != USAGE_TA && usage != USAGE_EE)
			continue;
		r = SSL_dane_tlsa_add(ssl, at[0], at[1], at[2], at + 3,
		    dane->records[i].len - 3);
		if (r < 0)
			return r;
		count += r > 0;
	}
	return count;
}

/* RFC 7672 3.2: of an authority's the name must be one of these. */
static bool
demand(X509_STORE_CTX *context, const struct talk_dane *dane,
    const char *host)
{
	return talk_trust_demand(context, host) && (dane->also == NULL ||
	    X509_VERIFY_PARAM_add1_host(X509_STORE_CTX_get0_param(context),
	    dane->also, 0) == 1);
}

static int
verify(const struct talk_dane *dane, SSL *ssl, X509_STORE_CTX *shown,
    const char *host)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE *nobody = X509_STORE_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (context != NULL && nobody != NULL && X509_STORE_CTX_init(context,
	    nobody, X509_STORE_CTX_get0_cert(shown),
	    X509_STORE_CTX_get0_untrusted(shown)) == 1 &&
	    demand(context, dane, host)) {
		X509_STORE_CTX_set0_dane(context, SSL_get0_dane(ssl));
		bool is_good = X509_verify_cert(context) == 1;

		error = X509_STORE_CTX_get_error(context);
		/* it said no, so it is no, whatever else it did not say */
		if (!is_good && error == X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	X509_STORE_CTX_free(context);
	X509_STORE_free(nobody);
	return error;
}

int
talk_dane_judge(const struct talk_dane *dane, SSL *ssl,
    X509_STORE_CTX *shown, const char *host, bool *is_proved_out)
{
	int count;

	if (ssl == NULL || SSL_dane_enable(ssl, host) <= 0)
		return X509_V_ERR_OUT_OF_MEM;
	(void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	count = add_records(dane, ssl);
	if (count < 0)
		return X509_V_ERR_OUT_OF_MEM;
	/* RFC 7672 2.2: TLS was to be had, and that is all */
	*is_proved_out = count > 0;
	return count == 0 ? X509_V_OK : verify(dane, ssl, shown, host);
}

void
talk_dane_print(const struct talk_dane *dane,
    unsigned char print_out[TALK_PRINT_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	memset(print_out, 0, TALK_PRINT_BYTES);
	if (dane != NULL && context != NULL &&
	    EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) {
		for (size_t i = 0; i < dane->count; i++) {
			uint32_t len = (uint32_t)dane->records[i].len;

			(void)EVP_DigestUpdate(context, &len, sizeof(len));
			(void)EVP_DigestUpdate(context, dane->records[i].at,
			    dane->records[i].len);
		}
		(void)EVP_DigestUpdate(context, &dane->or_trusted,
		    sizeof(dane->or_trusted));
		if (dane->also != NULL)
			(void)EVP_DigestUpdate(context, dane->also,
			    strlen(dane->also));
		(void)EVP_DigestFinal_ex(context, print_out, NULL);
	}
	EVP_MD_CTX_free(context);
}
