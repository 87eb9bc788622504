/*
 * proof.h - what the next host has published of its certificate (RFC 7672)
 *
 * As the resolver tells it (RESOLVER_PROOFS).  Who has published something is
 * spoken with in TLS, or not at all; where it cannot be looked up, mail waits.
 */
#ifndef POSTROOM_GATEWAY_RELAY_PROOF_H
#define POSTROOM_GATEWAY_RELAY_PROOF_H

#include "lib/base/host.h"
#include "lib/base/names.h"
#include "lib/base/talk.h"
#include "lib/base/text.h"

/* Zeroed, it says nothing. */
struct relay_proof {
	struct talk_dane dane;		/* into this; no records: none */
	char		 base[HOST_NAME_MOST + 2];	/* its name there */
	struct slice	 records[NAMES_PROOFS];
	char		 domain[HOST_NAME_MOST + 2];
	struct text	 packed;
};

/*
 * Read the reply; what it said before is forgotten.  `domain`: that the host
 * takes mail of; empty: it is a smarthost.  Who has to be trusted as ever where no
 * record is of use the caller says.  NAMES_FOUND: it has published something.
 * NAMES_LATER: it is not known, or the reply is none.
 */
enum names_found relay_proof_read(struct relay_proof *, struct slice reply,
	    struct slice domain);
/* Some record of it is of a kind that counts in mail (RFC 7672 3.1). */
bool	relay_proof_is_of_use(const struct relay_proof *);
/* Add them as zone files have them, each ended by LF (RFC 6698 2.2). */
void	relay_proof_write(struct text *, const struct relay_proof *);
void	relay_proof_free(struct relay_proof *);

#endif
