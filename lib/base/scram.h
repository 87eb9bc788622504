/*
 * scram.h - the messages of a client that logs in by SCRAM (RFC 5802 7)
 *
 * Pure reading of borrowed bytes, which no message outlives; the conversation
 * is in gateway/login/, the keys are in policy/.
 */
#ifndef POSTROOM_BASE_SCRAM_H
#define POSTROOM_BASE_SCRAM_H

#include "lib/base/slice.h"

#define SCRAM_KEY_BYTES		32	/* of SHA-256: keys, proof, signature */
/* Clients have 24 or 32 bytes; there is no need for a long one. */
#define SCRAM_NONCE_BYTES	128

/* How the client binds the login to the connection around it. */
enum scram_binding {
	SCRAM_CANNOT_BIND,	/* "n" */
	SCRAM_COULD_BIND,	/* "y": it thinks that we cannot */
	SCRAM_BINDS		/* "p=" */
};

struct scram_first {
	enum scram_binding binding;
	struct slice	binding_type;	/* "tls-exporter"; of BINDS */
	struct slice	header;		/* "p=tls-exporter,," */
	struct slice	authzid;	/* encoded; empty: there is none */
	struct slice	user;		/* encoded */
	struct slice	nonce;
	struct slice	bare;		/* the message without its header */
};

struct scram_final {
	struct slice	binding;	/* base64 */
	struct slice	nonce;
	struct slice	proof;		/* base64 */
	struct slice	unproved;	/* the message without its proof */
};

/*
 * 0 or -EINVAL: it is no such message, or asks for an extension, none of which
 * is known.
 */
int	scram_first_read(struct slice message, struct scram_first *first_out);
int	scram_final_read(struct slice message, struct scram_final *final_out);

/*
 * Undo what a name is encoded with: "=2C" and "=3D".  At most `size` bytes come
 * into `buffer`.  0, -EINVAL or -E2BIG.
 */
int	scram_name(struct slice encoded, char *buffer, size_t size,
	    struct slice *name_out);

#endif
