/*
 * dkim_bodies.c - what a body hashes to in both forms that signatures know
 */
#include "filters/auth/dkim_bodies.h"

#include <stdlib.h>

struct dkim_bodies_maker {
	struct dkim_body	body[DKIM_CANON_COUNT];
	struct dkim_digest	digest[DKIM_CANON_COUNT];
};

struct dkim_bodies_maker *
dkim_bodies_begin(const struct dkim_tools *tools)
{
	struct dkim_bodies_maker *maker = calloc(1, sizeof(*maker));

	for (unsigned i = 0; maker != NULL && i < DKIM_CANON_COUNT; i++) {
		dkim_digest_begin(&maker->digest[i], tools, UINT64_MAX);
		dkim_body_begin(&maker->body[i], i, dkim_digest_add,
		    &maker->digest[i]);
	}
	return maker;
}

void
dkim_bodies_add(struct dkim_bodies_maker *maker, struct slice s)
{
	for (unsigned i = 0; i < DKIM_CANON_COUNT; i++)
		dkim_body_add(&maker->body[i], s);
}

int
dkim_bodies_end(struct dkim_bodies_maker *maker,
    struct dkim_bodies *bodies_out)
{
	struct dkim_bodies bodies = { 0 };
	int r = 0;

	for (unsigned i = 0; r == 0 && i < DKIM_CANON_COUNT; i++) {
		dkim_body_end(&maker->body[i]);
		r = dkim_digest_end(&maker->digest[i], bodies.hash[i]);
	}
	if (r == 0)
		*bodies_out = bodies;
	dkim_bodies_free(maker);
	return r;
}

void
dkim_bodies_free(struct dkim_bodies_maker *maker)
{
	if (maker == NULL)
		return;
	for (unsigned i = 0; i < DKIM_CANON_COUNT; i++)
		dkim_digest_free(&maker->digest[i]);
	free(maker);
}
