/*
 * devices_test.c - printers and programs that send without a login
 */
#include "policy/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[64];
static int folder_fd;
static struct policy *policy;

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/devices_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static void
tear_down(void)
{
	char command[96];

	policy_close(policy);
	close(folder_fd);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const struct {
	const char	*typed, *address;	/* NULL: it is none */
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ " 192.0.2.1 ", "192.0.2.1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::FFFF:c000:201", "192.0.2.1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "::1", "::1" },
	{ "192.0.2.0/24", NULL },
	{ "192.0.2.1:25", NULL },
	{ "192.0.2", NULL },
	{ "printer.office.test", NULL },
	{ "", NULL },
};

/* RFC 4291 2.5.5.2, RFC 5952 */
START_TEST(an_address_has_one_form)
{
	char address[DEVICE_ADDRESS_SIZE] = "";
	bool is = device_address(slice_str(addresses[_i].typed), address);

	ck_assert_int_eq(is, addresses[_i].address != NULL);
	if (is)
		ck_assert_str_eq(address, addresses[_i].address);
}
END_TEST

static const struct {
	const char	*typed, *kept;	/* NULL: it is none */
} lists[] = {
	{ "", "" },
	{ "Zoe@Far.Test", "zoe@far.test" },
	{ "zoe@far.test,@Near.test  joe@x.test,", "zoe@far.test @near.test "
	    "joe@x.test" },
	{ "@b\303\274ro.test", "@xn--bro-hoa.test" },
	{ "far.test", NULL },
	{ "zoe@far.test joe", NULL },
	{ "@", NULL },
	{ "\"a b\"@far.test", NULL },
	{ "*", NULL },
};

START_TEST(a_list_names_addresses_and_domains)
{
	char to[DEVICE_TO_SIZE] = "";
	int r = device_to(slice_str(lists[_i].typed), to);

	ck_assert_int_eq(r, lists[_i].kept == NULL ? -EINVAL : 0);
	if (r == 0)
		ck_assert_str_eq(to, lists[_i].kept);
}
END_TEST

START_TEST(it_sends_to_none_but_those)
{
	const char *to = "zoe@far.test @near.test";

	ck_assert(device_may_send_to(to, slice_str("zoe@far.test")));
	ck_assert(device_may_send_to(to, slice_str("any@near.test")));
	ck_assert(!device_may_send_to(to, slice_str("joe@far.test")));
	ck_assert(!device_may_send_to(to, slice_str("any@x.near.test")));
	ck_assert(!device_may_send_to(to, slice_str("@far.test")));
	ck_assert(!device_may_send_to(to, slice_str("")));
	ck_assert(!device_may_send_to("", slice_str("zoe@far.test")));
}
END_TEST

static struct device
device_at(const char *address)
{
	struct device device = { .sender = "scanner@office.test",
	    .account = 7, .to = "zoe@far.test", .per_hour = 5 };

	ck_assert(device_address(slice_str(address), device.address));
	return device;
}

START_TEST(doors_find_it_however_it_comes)
{
	TEXT_AUTO packed = TEXT_INIT(64 * 1024);
	struct device device = device_at("192.0.2.1"), removed;
	const struct device *found;
	struct devices devices = { .count = 0 };

	ck_assert_ptr_null(devices_find(&devices, "192.0.2.1"));
	ck_assert_int_eq(policy_device_add(policy, &device), 0);
	device = device_at("::ffff:192.0.2.1");
	ck_assert_int_eq(policy_device_add(policy, &device), -EEXIST);
	device = device_at("2001:db8::1");
	ck_assert_int_eq(policy_device_add(policy, &device), 0);
	ck_assert_int_eq(policy_devices_pack(policy, &packed), 0);
	ck_assert_int_eq(devices_unpack(text_slice(&packed), &devices), 0);
	ck_assert_uint_eq(devices.count, 2);
	found = devices_find(&devices, "::ffff:192.0.2.1");
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->sender, "scanner@office.test");
	ck_assert_str_eq(found->to, "zoe@far.test");
	ck_assert_uint_eq(found->account, 7);
	ck_assert_uint_eq(found->per_hour, 5);
	ck_assert_ptr_eq(devices_find(&devices, "192.0.2.1"), found);
	ck_assert_ptr_nonnull(devices_find(&devices, "2001:db8::1"));
	ck_assert_ptr_null(devices_find(&devices, "192.0.2.2"));
	ck_assert_ptr_null(devices_find(&devices, "2001:db8::2"));
	free(devices.at);
	ck_assert_int_eq(policy_device_remove(policy, "192.0.2.1", &removed),
	    0);
	ck_assert_int_eq(policy_device_remove(policy, "192.0.2.1", &removed),
	    -ENOENT);
}
END_TEST

START_TEST(there_are_not_more_than_a_door_is_told)
{
	struct device device;
	char address[32];

	for (unsigned i = 0; i < DEVICES_MOST; i++) {
		(void)snprintf(address, sizeof(address), "10.0.%u.%u", i / 256,
		    i % 256);
		device = device_at(address);
		ck_assert_int_eq(policy_device_add(policy, &device), 0);
	}
	device = device_at("192.0.2.1");
	ck_assert_int_eq(policy_device_add(policy, &device), -EDQUOT);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("devices");
	TCase *tests = tcase_create("devices");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, an_address_has_one_form, 0,
	    sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(tests, a_list_names_addresses_and_domains, 0,
	    sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(tests, it_sends_to_none_but_those);
	tcase_add_test(tests, doors_find_it_however_it_comes);
	tcase_add_test(tests, there_are_not_more_than_a_door_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
