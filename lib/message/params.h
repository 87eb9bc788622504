/*
 * params.h - what follows the path in MAIL and RCPT (RFC 5321 4.1.2)
 *
 * SIZE (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), AUTH (RFC
 * 4954), RET, ENVID, NOTIFY and ORCPT (RFC 3461).  Values come out typed, and
 * decoded text holds no control character, however it was written (A08).
 *
 * Errors of params_mail() and params_rcpt(); *why_out is then a sentence for
 * the reply, and nothing else is changed:
 *  -EINVAL   not the syntax, a value that is wrong, or one given twice (501
 *            5.5.4).
 *  -ENOTSUP  a parameter that is not known or was not offered (555 5.5.4).
 *  -ENOBUFS  the arena's budget is spent (452 4.3.1).
 */
#ifndef POSTROOM_MESSAGE_PARAMS_H
#define POSTROOM_MESSAGE_PARAMS_H

#include "lib/message/envelope.h"

/* RFC 3461 4.2 and 4.4: characters before decoding */
#define PARAMS_ORCPT_MAX	500
#define PARAMS_ENVID_MAX	100

/* The extensions that the reply to EHLO named in this session. */
#define OFFER_AUTH	0x01
#define OFFER_UTF8	0x02
#define OFFER_DSN	0x04
#define OFFER_BINARY	0x08	/* BINARYMIME, which needs CHUNKING too */

struct mail_params {
	bool			has_size;
	uint64_t		size;	/* bytes; UINT64_MAX for more than fit */
	enum envelope_body	body;
	bool			utf8;
	enum envelope_ret	ret;
	struct slice		envid;	/* decoded, in the arena; or empty */
};

struct rcpt_params {
	uint8_t			notify;	/* NOTIFY_ bits */
	struct slice		orcpt;	/* type;address, decoded, in the arena */
};

struct param {
	struct slice	keyword;
	struct slice	value;
	bool		has_value;	/* there was a "=" */
};

/*
 * Cut the next parameter off `*rest`, which begins with the blank before it.
 * 1 one was read, 0 only blanks were left, -EINVAL this is no parameter.
 */
int	param_next(struct slice *rest, struct param *param_out);

/*
 * Decode xtext (RFC 3461 4) into the arena.  0; -EINVAL not xtext, or it hides
 * something other than printable ASCII; -ENOBUFS.
 */
int	xtext_decode(struct arena *, struct slice xtext,
	    struct slice *plain_out);

/* Read all parameters of MAIL: `s` is what follows the ">" of the path. */
int	params_mail(struct slice s, unsigned offers, struct arena *,
	    struct mail_params *params_out, const char **why_out);
/* The same for RCPT. */
int	params_rcpt(struct slice s, unsigned offers, struct arena *,
	    struct rcpt_params *params_out, const char **why_out);

#endif
