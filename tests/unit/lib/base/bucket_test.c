/*
 * bucket_test.c - so many bytes a second, and no more
 */
#include <stdlib.h>

#include "lib/base/bucket.h"
#include "tests/unit/unit.h"

#define MOST	4096		/* takings of one run */

struct taking {
	uint64_t	at_ms, bytes;
};

static uint64_t seed;

/* A number below `most`; the same ones in each run. */
static uint64_t
chance(uint64_t most)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % most;
}

static const uint64_t rates[] = {
	1, 100, 1024, 8192, 65536, 1000000, UINT64_C(1) << 30
};

/* Over each stretch of time, from each taking to each later one. */
static void
check_all(const struct taking *takings, unsigned count, uint64_t rate,
    uint64_t burst)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t bytes = 0;

		for (unsigned k = i; k < count; k++) {
			uint64_t ms = takings[k].at_ms - takings[i].at_ms;

			bytes += takings[k].bytes;
			/* eight million times: no assertion for each */
			if (bytes > rate * ms / 1000 + burst + 1)
				ck_abort_msg("takings %u to %u: %llu bytes",
				    i, k, (unsigned long long)bytes);
		}
	}
}

START_TEST(never_above_the_rate_and_a_burst)
{
	static struct taking takings[MOST];
	uint64_t rate = rates[_i], now = 1000000;
	struct bucket bucket = { 0 };
	unsigned count = 0;

	seed = (uint64_t)_i + 1;
	bucket_set(&bucket, rate, now);
	for (unsigned i = 0; i < MOST; i++) {
		size_t room;

		/* often at once, sometimes after a long rest */
		now += chance(10) == 0 ? chance(5000) : chance(60);
		room = bucket_room(&bucket, now);
		if (room == 0)
			continue;
		room = chance(3) == 0 ? room : (size_t)chance(room) + 1;
		bucket_take(&bucket, room, now);
		takings[count++] = (struct taking){ now, room };
	}
	check_all(takings, count, rate, bucket_burst(rate));
}
END_TEST

START_TEST(all_of_the_rate_can_be_had)
{
	uint64_t rate = rates[_i], now = 5, began = 5, bytes = 0;
	uint64_t enough = rate * 20 + 4 * bucket_burst(rate);
	struct bucket bucket = { 0 };

	bucket_set(&bucket, rate, now);
	while (bytes < enough) {
		size_t room;
		uint64_t wait = bucket_wait_ms(&bucket, now);

		ck_assert_uint_gt(wait, 0);
		ck_assert_uint_eq(bucket_room(&bucket, now + wait - 1), 0);
		now += wait;
		room = bucket_room(&bucket, now);
		ck_assert_uint_gt(room, 0);
		ck_assert_uint_eq(bucket_wait_ms(&bucket, now), 0);
		bucket_take(&bucket, room, now);
		bytes += room;
	}
	/* within a hundredth: waits are whole milliseconds */
	ck_assert_uint_ge(bytes * 1000 + rate * 20,
	    rate * (now - began) * 99 / 100);
}
END_TEST

START_TEST(who_takes_too_much_waits_the_longer)
{
	struct bucket bucket = { 0 };

	bucket_set(&bucket, 1000, 0);
	bucket_take(&bucket, 10000, 0);
	ck_assert_uint_eq(bucket_room(&bucket, 10000), 0);
	ck_assert_uint_eq(bucket_wait_ms(&bucket, 10000), 512);
	ck_assert_uint_eq(bucket_room(&bucket, 10512), 512);
}
END_TEST

START_TEST(another_rate_gives_nothing_away)
{
	struct bucket bucket = { 0 };

	bucket_set(&bucket, 1000000, 0);
	ck_assert_uint_eq(bucket_room(&bucket, 60000), 250000);
	bucket_set(&bucket, 10000, 60000);
	ck_assert_uint_eq(bucket_room(&bucket, 60000), 2500);
	bucket_take(&bucket, 2500, 60000);
	bucket_set(&bucket, 1000000, 60000);
	ck_assert_uint_eq(bucket_room(&bucket, 60000), 0);
	/* what is owed stays owed, whoever sets it how often */
	bucket_take(&bucket, 5000, 60000);
	for (unsigned i = 0; i < 100; i++)
		bucket_set(&bucket, 1000, 60000);
	ck_assert_uint_eq(bucket_room(&bucket, 61000), 0);
}
END_TEST

START_TEST(without_a_limit_all_may_pass)
{
	struct bucket bucket = { 0 };

	bucket_set(&bucket, BUCKET_FREE, 7);
	ck_assert_uint_eq(bucket_room(&bucket, 7), SIZE_MAX);
	bucket_take(&bucket, SIZE_MAX / 2, 7);
	ck_assert_uint_eq(bucket_room(&bucket, 7), SIZE_MAX);
	ck_assert_uint_eq(bucket_wait_ms(&bucket, 7), 0);
	bucket_set(&bucket, 1000, 8);
	ck_assert_uint_eq(bucket_room(&bucket, 8), 0);
}
END_TEST

START_TEST(a_clock_that_stands_or_goes_back_gives_nothing)
{
	struct bucket bucket = { 0 };

	bucket_set(&bucket, 100000, 5000);
	ck_assert_uint_eq(bucket_room(&bucket, 5000), 0);
	ck_assert_uint_eq(bucket_room(&bucket, 4000), 0);
	ck_assert_uint_gt(bucket_room(&bucket, 4500), 0);
}
END_TEST

#define RATES	(int)(sizeof(rates) / sizeof(rates[0]))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("bucket");
	TCase *tests = tcase_create("bucket");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, never_above_the_rate_and_a_burst, 0, RATES);
	tcase_add_loop_test(tests, all_of_the_rate_can_be_had, 0, RATES);
	tcase_add_test(tests, who_takes_too_much_waits_the_longer);
	tcase_add_test(tests, another_rate_gives_nothing_away);
	tcase_add_test(tests, without_a_limit_all_may_pass);
	tcase_add_test(tests, a_clock_that_stands_or_goes_back_gives_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
