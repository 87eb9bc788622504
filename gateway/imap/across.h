/*
 * across.h - COPY and MOVE between mailboxes of two accounts
 *
 * What both ends say to each other are commands of their own, which only our own
 * processes give (export.c): INTO (may something be put there?), OPEN (a mailbox
 * of the account itself, by its number), NAMES (the UIDs of a set, in lines of
 * "* NAMES set"), EXPORT (letters, in the form APPEND takes them in), TAKE (an
 * APPEND of letters that may have names), GONE (expunge those that were moved).
 * For REPLACE (replace.c): OUT (may a message be taken away?  "OK uid" if so),
 * PUT (an APPEND of one message).
 */
#ifndef POSTROOM_GATEWAY_IMAP_ACROSS_H
#define POSTROOM_GATEWAY_IMAP_ACROSS_H

#include "gateway/imap/session.h"

/*
 * Carry out COPY or MOVE of the messages that `set`, as it was said, names in
 * the mailbox that is selected, into mailbox `name`; one of the two is of
 * another account than the other.
 */
void	imapd_copy_across(struct imapd_session *, struct slice set,
	    struct slice name, bool is_move);

/* What visitors' sessions understand besides; ends as imapd_commands does. */
extern const struct imapd_command imapd_visit_commands[];
imapd_session_fn imapd_visit_into, imapd_visit_take, imapd_visit_open,
		imapd_visit_names, imapd_visit_export, imapd_visit_gone,
		imapd_visit_out, imapd_visit_put;

#endif
