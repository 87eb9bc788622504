/*
 * state.h - what an IMAP session is, as bytes
 *
 * A session that goes on in another process, when there is news for its client,
 * leaves nothing behind but its connection and these few bytes.  Who it
 * is, and for whom, those who carry it know (store/service.h).
 *
 * Kept are what was enabled, the mailbox as its client knows it
 * (store/selected.h), and the tag of the IDLE it is in.  Not kept is "$": a
 * session that has one stays where it is (RFC 5182 2.1), as one does whose
 * letters that are \Recent are too scattered.
 */
#ifndef POSTROOM_GATEWAY_IMAP_STATE_H
#define POSTROOM_GATEWAY_IMAP_STATE_H

#include "gateway/imap/imap.h"
#include "store/selected.h"
#include "store/service.h"

struct imapd_state {
	bool		 rev2;		/* enabled, as session.h has them */
	bool		 utf8;
	bool		 condstore;
	bool		 qresync;
	bool		 is_packed;	/* COMPRESS, in the door */
	uint8_t		 bad_commands;
	struct slice	 idle_tag;	/* of the IDLE it is in; empty: of none */
	bool		 has_mailbox;
	bool		 is_read_only;	/* EXAMINE; only of a mailbox */
	struct selected_known known;	/* the mailbox, if it has one */
};

/* Add it: SESSION_STATE_BYTES (store/service.h) at the most. */
void	imapd_state_pack(struct text *, const struct imapd_state *);
/*
 * 0 or -EBADMSG: another version, or nothing that was ever packed.  The tag
 * points into `packed`.
 */
int	imapd_state_unpack(struct slice packed,
	    struct imapd_state *state_out);

#endif
