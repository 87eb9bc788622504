/*
 * head.c - what the journal and kept/ have of a message beside its bytes
 *
 * The envelope and the verdict as they were at the receipt, what those whom it is
 * for wished of its author, and what a notice tells of.
 */
#include <errno.h>
#include <string.h>

#include "queue/conductor_inside.h"

#define HEAD_VERSION	1
#define HEAD_WISHES	2	/* the same, and what was wished */
#define HEAD_TOLD	3	/* as 1, and what it tells of (fate.h) */

void
head_pack(struct text *head, const struct transit *transit)
{
	pack_u8(head, transit->told.len > 0 ? HEAD_TOLD :
	    transit->wishes.len > 0 ? HEAD_WISHES : HEAD_VERSION);
	pack_u8(head, transit->is_big);
	pack_u8(head, transit->lacks_crlf);
	pack_bytes(head, slice_of(transit->digest, BIG_DIGEST_BYTES));
	pack_slice(head, transit->packed_env);
	pack_slice(head, transit->packed_verdict);
	if (transit->told.len > 0)
		pack_slice(head, transit->told);
	else if (transit->wishes.len > 0)
		pack_slice(head, transit->wishes);
}

static int
head_fill(struct transit *transit, struct slice verdict, struct slice wishes,
    struct slice told)
{
	int r;

	r = arena_copy(transit->arena, verdict, &transit->packed_verdict);
	if (r == 0)
		r = arena_copy(transit->arena, wishes, &transit->wishes);
	if (r == 0)
		r = arena_copy(transit->arena, told, &transit->told);
	if (r == 0)
		r = envelope_unpack(transit->arena, transit->packed_env,
		    &transit->env);
	return r;
}

int
head_unpack(struct conductor *conductor, struct slice head,
    struct transit **transit_out)
{
	struct unpack u = unpack_of(head);
	struct slice digest, env, verdict, wishes = { NULL, 0 }, told = wishes;
	uint8_t version = unpack_u8(&u);
	struct transit *transit;
	bool is_big, lacks_crlf;
	int r;

	if (version < HEAD_VERSION || version > HEAD_TOLD)
		return -EBADMSG;
	is_big = unpack_bool(&u);
	lacks_crlf = unpack_bool(&u);
	digest = unpack_bytes(&u, BIG_DIGEST_BYTES);
	env = unpack_slice(&u);
	verdict = unpack_slice(&u);
	if (version == HEAD_WISHES)
		wishes = unpack_slice(&u);
	if (version == HEAD_TOLD)
		told = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	transit = transit_new(conductor, env);
	if (transit == NULL)
		return -ENOMEM;
	transit->is_big = is_big;
	transit->lacks_crlf = lacks_crlf;
	memcpy(transit->digest, digest.at, BIG_DIGEST_BYTES);
	r = head_fill(transit, verdict, wishes, told);
	if (r < 0) {
		transit_free(transit);
		return r;
	}
	*transit_out = transit;
	return 0;
}
