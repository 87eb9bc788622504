/*
 * head.h - what the head of an HTTP request says, and whether it says one thing
 *
 * A request that two programs could read in two ways is answered 400 and its
 * connection closed (RFC 9112 section 11.2, HARDENING A73): two Host, two
 * lengths, a length beside a transfer coding, a name of a field that is none.
 * No chunked body is read at all, for no form and no JSON of ours needs one.
 *
 * Pure: the fields come in one by one, as the library found them.
 */
#ifndef POSTROOM_GATEWAY_HTTP_HEAD_H
#define POSTROOM_GATEWAY_HTTP_HEAD_H

#include "lib/base/slice.h"

#define HTTP_FIELDS_MOST	64	/* browsers send some 20 */

/* Borrowed from whoever holds the head; what is absent is empty. */
struct http_head {
	struct slice	host;
	struct slice	origin;
	struct slice	cookie;
	struct slice	authorization;
	struct slice	accept_language;
	struct slice	content_type;
	struct slice	token;		/* X-Postroom-Token */
	struct slice	length;		/* Content-Length, as it stands */
	bool		has_origin;
	bool		has_coding;	/* a Transfer-Encoding */
	unsigned	fields;
	bool		is_bad;		/* something stands there twice, ... */
};

/* One more field.  The head must begin as zeros. */
void	http_head_add(struct http_head *, struct slice name,
	    struct slice value);
/*
 * All fields are in.  0 and the length of the body; or the status that refuses
 * it: 400, 411 (a coding, and no length) or 413 (more than `most`).
 */
int	http_head_judge(const struct http_head *, struct slice version,
	    uint64_t most, uint64_t *body_bytes_out);

/* The value of the cookie `name`; false when it is absent or there twice. */
bool	http_cookie(struct slice cookies, const char *name,
	    struct slice *value_out);
/* Is it of this media type, whatever parameters follow? */
bool	http_is_type(struct slice content_type, const char *type);
/*
 * The page that sent it is ours: Origin (RFC 6454) is "https://" and the Host
 * it was sent to.
 */
bool	http_is_own_origin(const struct http_head *);

#endif
