/*
 * tls.h - the server's side of TLS (RFC 8446, RFC 8996, RFC 9325)
 *
 * TLS 1.2 and 1.3 only but for listed devices, no renegotiation, no compression, no
 * early data.  Made before a role is confined: everything OpenSSL opens later is
 * opened here.
 */
#ifndef POSTROOM_BASE_TLS_H
#define POSTROOM_BASE_TLS_H

#include "lib/base/slice.h"

struct tls_server;		/* opaque; holds an SSL_CTX */

/*
 * From a certificate chain and its key, both PEM.  `alpn` is the one protocol
 * name this server speaks ("smtp", "imap", "pop3"; NULL: none): a client
 * that offers names, but not this one, is refused (ALPACA, RFC 7301).
 * 0, or -EINVAL with the reason in `fault_out` (of `fault_size` bytes).
 */
int	tls_server_new(struct slice certificate_pem, struct slice key_pem,
	    const char *alpn, struct tls_server **server_out,
	    char *fault_out, size_t fault_size);
void	tls_server_free(struct tls_server *);
/* The SSL_CTX, for stream.c only. */
void	*tls_server_context(const struct tls_server *);

/*
 * TLS 1.0 and what goes with it, for a client that can no better and is known by
 * its address (RFC 8996 deprecates it).  On an SSL, for stream.c only.
 */
void	tls_allow_old(void *ssl);

#define TLS_BINDING_BYTES	64	/* a digest of any size */

/* stream_tls_binding() on an SSL, for stream.c only. */
int	tls_binding(void *ssl, struct slice type, unsigned char *binding_out,
	    size_t *len_out);

#endif
