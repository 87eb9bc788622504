/*
 * parse_sync.h - what CONDSTORE and QRESYNC add to commands (RFC 7162 7, RFC 4466 2)
 *
 * A modification number is 1 or above and of 63 bits; 0, which some clients
 * say, means "whatever it is".
 */
#ifndef POSTROOM_GATEWAY_IMAP_PARSE_SYNC_H
#define POSTROOM_GATEWAY_IMAP_PARSE_SYNC_H

#include "gateway/imap/parse_partial.h"

/*
 * What may follow the name in SELECT and EXAMINE: " (CONDSTORE)", or
 * " (QRESYNC (67890007 20050715194045000 41,43:211,214:541))".  Which numbers
 * some UIDs had is passed over: that is for servers that forget what has gone
 * (RFC 7162 5.3).
 */
struct imapd_select {
	bool		 has_condstore;
	bool		 has_qresync;
	uint32_t	 uidvalidity;	/* what the client knows */
	uint64_t	 modseq;
	bool		 has_known;
	struct imapd_set known;		/* UIDs, in order; without it all */
};
/* Those parameters, or nothing. */
bool	imapd_select_read(struct imapd_parse *,
	    struct imapd_select *select_out);

/*
 * What may follow the items of a FETCH: " (CHANGEDSINCE 12345 VANISHED)", and
 * PARTIAL among them (RFC 9394 3.3).
 */
struct imapd_since {
	bool		 is_asked;
	bool		 has_vanished;	/* only with CHANGEDSINCE */
	uint64_t	 modseq;	/* only letters above it */
	bool		 is_partial;
	struct imapd_partial partial;	/* which letters of the set */
};
/* Those modifiers, or nothing. */
bool	imapd_since_read(struct imapd_parse *, struct imapd_since *since_out);

/*
 * "(UNCHANGEDSINCE 12345) " in a STORE (RFC 7162 3.1.3); *modseq_out is
 * UINT64_MAX when it is not there.
 */
bool	imapd_unchanged_read(struct imapd_parse *, uint64_t *modseq_out);

#endif
