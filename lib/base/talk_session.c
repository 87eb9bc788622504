/*
 * talk_session.c - a TLS session resumed: no certificates are shown again
 *
 * What a server gives is kept in bytes of our own: what it is bound to, when its
 * certificates were judged, OpenSSL's form of it.  Who resumes it inherits that
 * time, so that however often it is resumed the certificates are judged once in
 * TALK_SESSION_MOST_MS.  libcurl's own cache knows neither our trust nor other
 * processes.
 */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "lib/base/pack.h"
#include "lib/base/talk_inside.h"

#define HEAD_BYTES	(TALK_PRINT_BYTES + 8)	/* bond, time of judgement */

/* An SSL_CTX is one conversation's: its application data is ours. */
static struct talk *
talk_of(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static void
forget(struct talk_session *kept)
{
	OPENSSL_cleanse(kept->bytes, sizeof(kept->bytes));
	kept->len = 0;
	kept->is_new = true;
}

/* Keeping */

static void
keep(struct talk *talk, const SSL_SESSION *given)
{
	const struct talk_resumption *resumption = &talk->resumption;
	struct text head = TEXT_INIT(HEAD_BYTES);
	unsigned char *at = resumption->kept->bytes + HEAD_BYTES;
	int len = i2d_SSL_SESSION(given, NULL);

	if (len <= 0 || len > TALK_SESSION_BYTES - HEAD_BYTES)
		return;
	pack_bytes(&head, slice_of((const char *)resumption->bond,
	    TALK_PRINT_BYTES));
	pack_i64(&head, resumption->is_resumed ? resumption->judged_utc_ms :
	    clock_utc_ms());
	forget(resumption->kept);
	if (!text_failed(&head)) {
		memcpy(resumption->kept->bytes, head.at, HEAD_BYTES);
		(void)i2d_SSL_SESSION(given, &at);
		resumption->kept->len = HEAD_BYTES + (size_t)len;
	}
	text_free(&head);
}

/* SSL_CTX_sess_set_new_cb(): TLS 1.3 has them when the handshake is over. */
static int
on_given(SSL *ssl, SSL_SESSION *given)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION)
		keep(talk_of(ssl), given);
	return 0;	/* nobody else holds it */
}

/*
 * TLS 1.2 has one within the handshake, and what is asked here is not known
 * before its end: without the extended master secret a session may be another's
 * as well, and is not resumed (RFC 7627 5.3).
 */
static void
keep_earlier(struct talk *talk, const SSL *ssl)
{
	SSL *same = (SSL *)(uintptr_t)ssl;
	const SSL_SESSION *given = SSL_get_session(ssl);

	if (SSL_version(ssl) < TLS1_3_VERSION && given != NULL &&
	    SSL_get_extms_support(same) == 1 &&
	    SSL_SESSION_is_resumable(given) == 1)
		keep(talk, given);
}

/* Resuming */

/* Its certificate would pass now: none has to be judged for it. */
static bool
is_good(const struct talk *talk, const SSL_SESSION *session)
{
	const struct talk_certificate *certificate = &talk->certificate;
	X509 *leaf = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);
	unsigned char print[TALK_PRINT_BYTES];

	if (leaf == NULL || SSL_SESSION_is_resumable(session) != 1)
		return false;
	if (certificate->is_pinned)
		return X509_digest(leaf, EVP_sha256(), print, NULL) == 1 &&
		    memcmp(print, certificate->pin, TALK_PRINT_BYTES) == 0;
	return X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(leaf)) > 0;
}

/* The session that is kept, if it may be resumed; the caller frees it. */
static SSL_SESSION *
find(struct talk *talk)
{
	struct talk_resumption *resumption = &talk->resumption;
	const struct talk_session *kept = resumption->kept;
	struct unpack u = unpack_of(slice_of((const char *)kept->bytes,
	    kept->len));
	struct slice bond = unpack_bytes(&u, TALK_PRINT_BYTES);
	int64_t judged_utc_ms = unpack_i64(&u), now = clock_utc_ms();
	const unsigned char *at = (const unsigned char *)u.rest.at;
	SSL_SESSION *session;

	if (u.bad || u.rest.len == 0 || kept->len > TALK_SESSION_BYTES ||
	    memcmp(bond.at, resumption->bond, TALK_PRINT_BYTES) != 0 ||
	    judged_utc_ms > now || now - judged_utc_ms >= TALK_SESSION_MOST_MS)
		return NULL;
	session = d2i_SSL_SESSION(NULL, &at, (long)u.rest.len);
	ERR_clear_error();
	if (session != NULL && is_good(talk, session)) {
		resumption->judged_utc_ms = judged_utc_ms;
		return session;
	}
	SSL_SESSION_free(session);
	return NULL;
}

/*
 * SSL_CTX_set_info_callback(): it comes before the first message is made, and
 * libcurl lets nobody have the SSL sooner.
 */
static void
on_info(const SSL *ssl, int where, int value)
{
	struct talk *talk = talk_of(ssl);
	struct talk_resumption *resumption = &talk->resumption;
	SSL_SESSION *session;

	if ((where & SSL_CB_HANDSHAKE_START) != 0 &&
	    !resumption->was_offered && (session = find(talk)) != NULL) {
		resumption->was_offered = SSL_set_session(
		    (SSL *)(uintptr_t)ssl, session) == 1;
		SSL_SESSION_free(session);
	}
	if ((where & SSL_CB_HANDSHAKE_DONE) != 0 &&
	    SSL_session_reused(ssl) == 1) {
		resumption->is_resumed = true;
		talk_tls_note(talk, ssl, SSL_get0_peer_certificate(ssl));
	}
	if (where == SSL_CB_CONNECT_EXIT && value == 1)
		keep_earlier(talk, ssl);
}

void
talk_session_prepare(struct talk *talk, SSL_CTX *context)
{
	if (talk->resumption.kept == NULL)
		return;
	(void)SSL_CTX_set_app_data(context, talk);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_given);
	SSL_CTX_set_info_callback(context, on_info);
}

void
talk_session_spoil(struct talk *talk)
{
	const struct talk_resumption *resumption = &talk->resumption;

	if (resumption->was_offered && !talk->is_open)
		forget(resumption->kept);
}

int
talk_session_open(struct talk *talk, const struct talk_options *options)
{
	struct talk_resumption *resumption = &talk->resumption;
	const struct talk_certificate *certificate = &talk->certificate;
	TEXT_AUTO bond = TEXT_INIT(HOST_NAME_MOST + 2 * TALK_PRINT_BYTES);

	resumption->kept = options->session;
	if (resumption->kept == NULL)
		return 0;
	pack_slice(&bond, slice_str(options->scheme));
	pack_slice(&bond, slice_str(options->host));
	pack_u16(&bond, options->port);
	pack_u8(&bond, (uint8_t)options->tls);
	pack_u8(&bond, certificate->is_pinned);
	pack_bytes(&bond, slice_of((const char *)(certificate->is_pinned ?
	    certificate->pin : talk_trust_print(talk->hall->trust)),
	    TALK_PRINT_BYTES));
	return !text_failed(&bond) && EVP_Digest(bond.at, bond.len,
	    resumption->bond, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}
