/*
 * talk_trust.c - the certificates that are trusted, and the judgement of a chain
 *
 * A system trusts 140 of them, and one conversation needs one: reading them all
 * costs 28 ms and 3 MiB, in each process.  So they are kept as they stand in the
 * file, and read when a chain is shown in which their name occurs.  A chain that
 * fails is judged once more with all of them: what was not read yet never
 * decides.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/talk_inside.h"

#define TRUSTED_MOST	10000	/* certificates in a file; Debian has 140 */
#define CHAIN_MOST	16	/* certificates shown whose names are looked at */

struct anchor {
	unsigned char	*der;
	long		 len;
	bool		 is_read;	/* into the store, or it cannot be */
};

struct talk_trust {
	X509_STORE	*store;		/* those that were read */
	struct anchor	*anchors;
	size_t		 count, size;
	size_t		 unread;	/* of them */
	unsigned char	 print[TALK_PRINT_BYTES];	/* of the file */
};

/* A password protects no certificate: who asks for one has the wrong file. */
static int
no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* It has the shape of a certificate; the rest is seen when it is read. */
static bool
is_certificate(const unsigned char *der, long len)
{
	const unsigned char *at = der;
	long inside;
	int tag, class;

	if ((ASN1_get_object(&at, &inside, &tag, &class, len) & 0x80) != 0)
		return false;
	return tag == V_ASN1_SEQUENCE && class == V_ASN1_UNIVERSAL &&
	    inside <= len - (at - der);
}

/* It takes over `der`, whatever comes of it. */
static bool
keep(struct talk_trust *trust, unsigned char *der, long len)
{
	size_t size = trust->size == 0 ? 256 : trust->size * 2;
	struct anchor *anchors = trust->anchors;

	if (trust->count == trust->size) {
		anchors = reallocarray(anchors, size, sizeof(*anchors));
		if (anchors != NULL) {
			trust->anchors = anchors;
			trust->size = size;
		}
	}
	if (anchors == NULL || !is_certificate(der, len)) {
		OPENSSL_free(der);
		return false;
	}
	anchors[trust->count++] = (struct anchor){ .der = der, .len = len };
	trust->unread++;
	return true;
}

static const char *
fill(struct talk_trust *trust, BIO *pem)
{
	static const char torn[] = "the trusted certificates are no PEM";
	unsigned char *der;
	bool ok = true;
	long len;

	while (ok && trust->count <= TRUSTED_MOST && PEM_bytes_read_bio(&der,
	    &len, NULL, PEM_STRING_X509, pem, no_password, NULL) == 1)
		ok = keep(trust, der, len);
	if (trust->count > TRUSTED_MOST)
		return "too many trusted certificates";
	/* the end of the file is no fault; anything else is a torn one */
	if (!ok ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return torn;
	/* a file in which nothing begins is none, unless it is empty */
	return trust->count == 0 && BIO_tell(pem) > 0 ? torn : NULL;
}

struct talk_trust *
talk_trust_new(struct slice pem, const char **fault_out)
{
	struct talk_trust *trust = calloc(1, sizeof(*trust));
	BIO *bio = NULL;

	*fault_out = NULL;
	if (trust == NULL)
		return NULL;
	trust->store = X509_STORE_new();
	/* a certificate that was put there is trusted, be it no root */
	if (trust->store != NULL)
		(void)X509_STORE_set_flags(trust->store,
		    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	if (pem.len > 0 && pem.len <= INT32_MAX)
		bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	if (bio != NULL)
		*fault_out = fill(trust, bio);
	ERR_clear_error();
	if (trust->store == NULL || (pem.len > 0 && bio == NULL) ||
	    EVP_Digest(pem.at, pem.len, trust->print, NULL, EVP_sha256(),
	    NULL) != 1 || *fault_out != NULL) {
		talk_trust_free(trust);
		trust = NULL;
	}
	BIO_free(bio);
	return trust;
}

void
talk_trust_free(struct talk_trust *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->count; i++)
		OPENSSL_free(trust->anchors[i].der);
	free(trust->anchors);
	X509_STORE_free(trust->store);
	free(trust);
}

const unsigned char *
talk_trust_print(const struct talk_trust *trust)
{
	return trust->print;
}

size_t
talk_trust_unread(const struct talk_trust *trust)
{
	return trust->unread;
}

/* One that cannot be read after all is trusted by nobody. */
static void
read_one(struct talk_trust *trust, struct anchor *anchor)
{
	const unsigned char *at = anchor->der;
	X509 *one = d2i_X509_AUX(NULL, &at, anchor->len);

	if (one != NULL)
		(void)X509_STORE_add_cert(trust->store, one);
	X509_free(one);
	OPENSSL_free(anchor->der);
	anchor->der = NULL;
	anchor->is_read = true;
	trust->unread--;
}

/* Those in which that name stands; NULL: all of them. */
static void
read_named(struct talk_trust *trust, const X509_NAME *name)
{
	const unsigned char *der = NULL;
	size_t len = 0;

	if (name != NULL && X509_NAME_get0_der(name, &der, &len) != 1)
		return;
	for (size_t i = 0; i < trust->count && trust->unread > 0; i++) {
		struct anchor *anchor = &trust->anchors[i];

		if (!anchor->is_read && (name == NULL ||
		    memmem(anchor->der, (size_t)anchor->len, der, len) !=
		    NULL))
			read_one(trust, anchor);
	}
}

/* Those that may be the end of this chain. */
static void
read_for(struct talk_trust *trust, const X509_STORE_CTX *shown)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(shown);
	const X509 *leaf = X509_STORE_CTX_get0_cert(shown);
	int count = sk_X509_num(chain);

	if (leaf != NULL) {
		read_named(trust, X509_get_subject_name(leaf));
		read_named(trust, X509_get_issuer_name(leaf));
	}
	for (int i = 0; i < count && i < CHAIN_MOST; i++)
		read_named(trust, X509_get_issuer_name(sk_X509_value(chain,
		    i)));
}

/* What the certificate must be: a server's, and of this host. */
bool
talk_trust_demand(X509_STORE_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	char address[HOST_TEXT_SIZE];

	if (X509_STORE_CTX_set_default(context, "ssl_server") != 1)
		return false;
	if (host_address(slice_str(host), false, address) != 0)
		return X509_VERIFY_PARAM_set1_ip_asc(param, address) == 1;
	/* RFC 9525 6.3: the subject's common name is not looked at */
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static int
verify(const struct talk_trust *trust, X509_STORE_CTX *shown,
    const char *host)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (context == NULL)
		return error;
	if (X509_STORE_CTX_init(context, trust->store,
	    X509_STORE_CTX_get0_cert(shown),
	    X509_STORE_CTX_get0_untrusted(shown)) == 1 &&
	    talk_trust_demand(context, host)) {
		if (X509_verify_cert(context) == 1)
			error = X509_V_OK;
		else
			error = X509_STORE_CTX_get_error(context);
		/* it said no, so it is no, whatever else it did not say */
		if (error == X509_V_OK && X509_STORE_CTX_get_error(context) !=
		    X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	X509_STORE_CTX_free(context);
	return error;
}

int
talk_trust_judge(struct talk_trust *trust, X509_STORE_CTX *shown,
    const char *host)
{
	int error;

	read_for(trust, shown);
	error = verify(trust, shown, host);
	if (error == X509_V_OK || trust->unread == 0)
		return error;
	read_named(trust, NULL);
	return verify(trust, shown, host);
}
