/*
 * blocks_test.c - who is kept out, how long, and what is remembered of it
 */
#include "policy/blocks.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define MINUTES		UINT64_C(60000)
#define FIRST		(10 * MINUTES)
#define DAY		(24 * 60 * MINUTES)
#define NOW		UINT64_C(1000000)

static struct blocks *blocks;
static struct block got[2];

static void
open_blocks(void)
{
	blocks = blocks_new();
	ck_assert_ptr_nonnull(blocks);
}

static void
close_blocks(void)
{
	blocks_free(blocks);
}

static unsigned
earn(const char *net, uint64_t now)
{
	return blocks_earned(blocks, net, BLOCK_UNKNOWN, FIRST, now, got);
}

START_TEST(each_block_is_twice_as_long_up_to_a_day)
{
	uint64_t now = NOW, ms = FIRST;

	for (unsigned i = 1; i <= 12; i++) {
		ck_assert_uint_eq(earn("192.0.2.1", now), 1);
		ck_assert_uint_eq(got[0].times, i);
		ck_assert_uint_eq(got[0].until_ms - now, ms);
		ck_assert_ptr_nonnull(blocks_find(blocks, "192.0.2.1",
		    now + ms - 1));
		/* who is out earns nothing more */
		ck_assert_uint_eq(earn("192.0.2.1", now + ms - 1), 0);
		ck_assert_ptr_null(blocks_find(blocks, "192.0.2.1",
		    now + ms));
		now += ms;
		ms = ms * 2 < DAY ? ms * 2 : DAY;
	}
	ck_assert_uint_eq(ms, DAY);
}
END_TEST

START_TEST(a_day_without_trouble_forgives_one)
{
	ck_assert_uint_eq(earn("192.0.2.1", NOW), 1);
	ck_assert_uint_eq(earn("192.0.2.1", got[0].until_ms), 1);
	ck_assert_uint_eq(got[0].times, 2);
	ck_assert_uint_eq(earn("192.0.2.1", got[0].until_ms + DAY - 1), 1);
	ck_assert_uint_eq(got[0].times, 3);
	ck_assert_uint_eq(earn("192.0.2.1", got[0].until_ms + DAY), 1);
	ck_assert_uint_eq(got[0].times, 3);
	ck_assert_uint_eq(earn("192.0.2.1", got[0].until_ms + 3 * DAY), 1);
	ck_assert_uint_eq(got[0].times, 1);
	ck_assert(blocks_forgive(blocks, "192.0.2.1"));
	ck_assert(!blocks_forgive(blocks, "192.0.2.1"));
	ck_assert_uint_eq(earn("192.0.2.1", NOW), 1);
	ck_assert_uint_eq(got[0].times, 1);
}
END_TEST

START_TEST(several_neighbours_take_the_network_along)
{
	ck_assert_uint_eq(earn("192.0.2.1", NOW), 1);
	ck_assert_uint_eq(earn("192.0.2.2", NOW), 1);
	ck_assert_uint_eq(earn("192.0.3.3", NOW), 1);
	ck_assert_uint_eq(earn("192.0.2.3", NOW), 1);
	ck_assert_uint_eq(earn("192.0.2.200", NOW), 2);
	ck_assert_str_eq(got[1].net, "192.0.2.0/24");
	ck_assert_int_eq(got[1].why, BLOCK_NEIGHBOURS);
	ck_assert_ptr_nonnull(blocks_find(blocks, "192.0.2.0/24", NOW));
	ck_assert_ptr_null(blocks_find(blocks, "192.0.3.0/24", NOW));
	ck_assert_uint_eq(earn("2001:db8:1:1::", NOW), 1);
	ck_assert_uint_eq(earn("2001:db8:1:2::", NOW), 1);
	ck_assert_uint_eq(earn("2001:db8:1:3::", NOW), 1);
	ck_assert_uint_eq(earn("2001:db8:1:4::", NOW), 2);
	ck_assert_str_eq(got[1].net, "2001:db8:1::/48");
	/* those that are over do not count */
	ck_assert_uint_eq(earn("192.0.3.4", NOW + FIRST), 1);
	ck_assert_uint_eq(earn("192.0.3.5", NOW + FIRST), 1);
	ck_assert_uint_eq(earn("192.0.3.6", NOW + FIRST), 1);
}
END_TEST

START_TEST(a_full_table_gives_up_what_ends_first)
{
	char net[BLOCK_NET_SIZE];

	for (unsigned i = 0; i < BLOCKS_MOST; i++) {
		(void)snprintf(net, sizeof(net), "10.%u.%u.1", i / 256,
		    i % 256);
		ck_assert_uint_eq(earn(net, NOW + i), 1);
	}
	ck_assert_ptr_nonnull(blocks_find(blocks, "10.0.0.1", NOW));
	ck_assert_uint_eq(earn("192.0.2.1", NOW), 1);
	ck_assert_ptr_null(blocks_find(blocks, "10.0.0.1", NOW));
	ck_assert_ptr_nonnull(blocks_find(blocks, "10.0.1.1", NOW));
	ck_assert_ptr_nonnull(blocks_find(blocks, "10.15.255.1", NOW));
}
END_TEST

static bool
count(void *arg, const struct block *block)
{
	unsigned *all = arg;

	ck_assert_int_lt(block->why, BLOCK_REASONS);
	(*all)++;
	return true;
}

START_TEST(a_door_knows_what_it_is_told)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct blocks *door = blocks_new();
	struct block told;
	struct unpack u;
	unsigned all = 0;

	ck_assert_uint_eq(earn("192.0.2.1", NOW), 1);
	block_pack(&body, &got[0]);
	got[0].until_ms = 0;
	block_pack(&body, &got[0]);
	u = unpack_of(text_slice(&body));
	ck_assert_int_eq(block_unpack(&u, &told), 0);
	blocks_put(door, &told);
	ck_assert_ptr_nonnull(blocks_find(door, "192.0.2.1", NOW));
	blocks_each(door, NOW, count, &all);
	ck_assert_uint_eq(all, 1);
	ck_assert_int_eq(block_unpack(&u, &told), 0);
	ck_assert(unpack_is_done(&u));
	blocks_put(door, &told);
	ck_assert_ptr_null(blocks_find(door, "192.0.2.1", NOW));
	ck_assert_int_lt(block_unpack(&u, &told), 0);
	blocks_free(door);
}
END_TEST

static const struct {
	const char	*address, *network;
} networks[] = {
	{ "192.0.2.77", "192.0.2.0/24" },
	{ "2001:db8:1:2::", "2001:db8:1::/48" },
	{ "192.0.2.0/24", NULL },
	{ "somebody", NULL },
	{ "", NULL },
};

START_TEST(an_address_has_a_network)
{
	char network[BLOCK_NET_SIZE];

	ck_assert_int_eq(block_network(networks[_i].address, network),
	    networks[_i].network != NULL);
	if (networks[_i].network != NULL)
		ck_assert_str_eq(network, networks[_i].network);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tcase = tcase_create("blocks");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, open_blocks, close_blocks);
	tcase_add_test(tcase, each_block_is_twice_as_long_up_to_a_day);
	tcase_add_test(tcase, a_day_without_trouble_forgives_one);
	tcase_add_test(tcase, several_neighbours_take_the_network_along);
	tcase_add_test(tcase, a_full_table_gives_up_what_ends_first);
	tcase_add_test(tcase, a_door_knows_what_it_is_told);
	tcase_add_loop_test(tcase, an_address_has_a_network, 0,
	    (int)(sizeof(networks) / sizeof(networks[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
