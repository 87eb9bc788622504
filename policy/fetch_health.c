/*
 * fetch_health.c - when a fetch account is collected, and how it does
 */
#include "policy/fetch_health.h"

#include <errno.h>

#include "policy/tables.h"

#define TIMES_MOST	UINT32_MAX	/* failures in a row */

int
policy_when_get(struct policy *p, uint64_t fetch, struct fetch_when *when_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, WHEN_GET);
	struct fetch_when when = { 0 };
	int r;

	db_put_u64(&q, fetch);
	r = db_next(&q);
	if (r < 0)
		return r;
	if (r == 1) {
		when.every_minutes = (unsigned)db_u64(&q, 0,
		    FETCH_EVERY_MOST);
		when.on_read = db_u64(&q, 0, 1) == 1;
		r = db_row(&q);
	}
	if (r == 0)
		*when_out = when;
	return r;
}

int
policy_when_set(struct policy *p, uint64_t fetch,
    const struct fetch_when *when)
{
	struct db_query q;
	int r = db_begin(p->db);

	if (r < 0)
		return r;
	q = db_ask(p->db, WHEN_PUT);
	db_put_u64(&q, when->every_minutes);
	db_put_u64(&q, when->on_read);
	db_put_u64(&q, fetch);
	return policy_finish(p, db_run(&q));
}

static int
health_row(struct db_query *q, struct fetch_health *health_out)
{
	struct fetch_health health = { .refusals = 0 };
	struct slice result, words;

	result = db_blob(q, 0, FETCH_RESULT_SIZE - 1);
	health.server_said = db_u64(q, 0, 1) == 1;
	words = db_blob(q, 0, FETCH_HEALTH_WORDS - 1);
	health.success_at_utc_ms = db_i64(q, 0, INT64_MAX);
	health.ended_at_utc_ms = db_i64(q, 0, INT64_MAX);
	health.failing_since_utc_ms = db_i64(q, 0, INT64_MAX);
	health.told_at_utc_ms = db_i64(q, 0, INT64_MAX);
	health.refusals = db_u64(q, 0, TIMES_MOST);
	health.faults = db_u64(q, 0, TIMES_MOST);
	health.waiting = db_u64(q, 0, INT64_MAX);
	health.waiting_bytes = db_u64(q, 0, INT64_MAX);
	health.grant_told = (unsigned)db_u64(q, 0, FETCH_GRANT_STAGES);
	if (db_row(q) < 0 || slice_cstr(result, health.result,
	    sizeof(health.result)) < 0 ||
	    slice_cstr(words, health.words, sizeof(health.words)) < 0)
		return -EUCLEAN;
	*health_out = health;
	return 0;
}

int
policy_health_get(struct policy *p, uint64_t fetch,
    struct fetch_health *health_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, HEALTH_GET);
	int r;

	db_put_u64(&q, fetch);
	r = db_next(&q);
	if (r == 1)
		return health_row(&q, health_out);
	if (r == 0)
		*health_out = (struct fetch_health){ .refusals = 0 };
	return r;
}

int
policy_health_set(struct policy *p, uint64_t fetch,
    const struct fetch_health *health)
{
	struct db_query q;
	int r = db_begin(p->db);

	if (r < 0)
		return r;
	q = db_ask(p->db, HEALTH_PUT);
	db_put_blob(&q, slice_str(health->result));
	db_put_u64(&q, health->server_said);
	db_put_blob(&q, slice_str(health->words));
	db_put_i64(&q, health->success_at_utc_ms);
	db_put_i64(&q, health->ended_at_utc_ms);
	db_put_i64(&q, health->failing_since_utc_ms);
	db_put_i64(&q, health->told_at_utc_ms);
	db_put_u64(&q, health->refusals);
	db_put_u64(&q, health->faults);
	db_put_u64(&q, health->waiting);
	db_put_u64(&q, health->waiting_bytes);
	db_put_u64(&q, health->grant_told);
	db_put_u64(&q, fetch);
	r = db_run(&q);
	if (r == 0)
		r = db_commit(p->db, false);
	if (r < 0)
		db_rollback(p->db);
	return r;
}

int
policy_health_sweep(struct policy *p)
{
	struct db_query q;
	int r = db_begin(p->db);

	if (r < 0)
		return r;
	q = db_ask(p->db, WHEN_SWEEP);
	r = db_run(&q);
	if (r == 0) {
		q = db_ask(p->db, HEALTH_SWEEP);
		r = db_run(&q);
	}
	return policy_finish(p, r);
}

void
fetch_health_pack(struct text *text, const struct fetch_health *health)
{
	pack_slice(text, slice_str(health->result));
	pack_u8(text, health->server_said);
	pack_slice(text, slice_str(health->words));
	pack_i64(text, health->success_at_utc_ms);
	pack_i64(text, health->ended_at_utc_ms);
	pack_i64(text, health->failing_since_utc_ms);
	pack_i64(text, health->told_at_utc_ms);
	pack_u64(text, health->refusals);
	pack_u64(text, health->faults);
	pack_u64(text, health->waiting);
	pack_u64(text, health->waiting_bytes);
	pack_u8(text, (uint8_t)health->grant_told);
}

static int64_t
moment(struct unpack *u)
{
	int64_t ms = unpack_i64(u);

	if (ms < 0)
		u->bad = true;
	return ms;
}

static uint64_t
number(struct unpack *u, uint64_t most)
{
	uint64_t n = unpack_u64(u);

	if (n > most)
		u->bad = true;
	return n;
}

static void
cstr(struct unpack *u, char *buffer, size_t size)
{
	if (slice_cstr(unpack_slice(u), buffer, size) < 0)
		u->bad = true;
}

void
fetch_health_unpack(struct unpack *u, struct fetch_health *health_out)
{
	struct fetch_health health = { .refusals = 0 };

	cstr(u, health.result, sizeof(health.result));
	health.server_said = unpack_bool(u);
	cstr(u, health.words, sizeof(health.words));
	health.success_at_utc_ms = moment(u);
	health.ended_at_utc_ms = moment(u);
	health.failing_since_utc_ms = moment(u);
	health.told_at_utc_ms = moment(u);
	health.refusals = number(u, TIMES_MOST);
	health.faults = number(u, TIMES_MOST);
	health.waiting = number(u, INT64_MAX);
	health.waiting_bytes = number(u, INT64_MAX);
	health.grant_told = unpack_u8(u);
	if (health.grant_told > FETCH_GRANT_STAGES)
		u->bad = true;
	*health_out = health;
}
