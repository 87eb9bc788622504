/*
 * config_test.c - postroom.conf is read whole, or every fault of it is told
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config.h"
#include "policy/line_calendar.h"
#include "tests/unit/unit.h"

/* What reading `string` says, to be freed; "" when it was taken. */
static char *
faults_of(const char *string, struct config *config)
{
	TEXT_AUTO faults = TEXT_INIT(64 * 1024);
	int r = config_parse(slice_str(string), "t.conf", config, &faults);

	text_add_byte(&faults, '\0');
	ck_assert(!text_failed(&faults));
	ck_assert_int_eq(r, faults.len == 1 ? 0 : -EINVAL);
	return strdup(faults.at);
}

static void
takes(const char *string, struct config *config)
{
	char *faults = faults_of(string, config);

	ck_assert_str_eq(faults, "");
	free(faults);
}

static const struct {
	const char	*text;
	const char	*faults;
} wrongs[] = {
{ "dors = 1\n",
  "t.conf:1: option: \"dors\" is no option here\n" },
{ "\n\ndoors = 0\n",
  "t.conf:3: doors: \"0\" is too little; there is no \"unlimited\"\n" },
{ "doors = 65", "t.conf:1: doors: \"65\" is too much\n" },
{ "doors = -1", "t.conf:1: doors: \"-1\" is not a number\n" },
{ "doors = 99999999999999999999",
  "t.conf:1: doors: \"99999999999999999999\" is too much\n" },
{ "doors = 2\ndoors = 2\n", "t.conf:2: doors: is given twice\n" },
{ "message_bytes = 64MB\n",
  "t.conf:1: message_bytes: \"64MB\" is not a size such as 64MiB\n" },
{ "warm_seconds = 60KiB\n",
  "t.conf:1: warm_seconds: \"60KiB\" is not a time such as 60s or 5m\n" },
{ "trail_days = 3h\n",
  "t.conf:1: trail_days: \"3h\" is not a number of days such as 90d\n" },
{ "clear_logins = maybe\n",
  "t.conf:1: clear_logins: \"maybe\" is neither yes nor no\n" },
{ "hostname = \"mail office\"\n",
  "t.conf:1: hostname: \"mail office\" is not a host name\n" },
{ "hostname = \"a..b\"\n",
  "t.conf:1: hostname: \"a..b\" is not a host name\n" },
{ "data_dir = \"mail\"\n",
  "t.conf:1: data_dir: \"mail\" must be a full path, beginning with /\n" },
{ "fetch_minutes = 0\n", "t.conf:1: fetch_minutes: \"0\" is too little; "
  "there is no \"unlimited\"\n" },
{ "fetch_minutes = 1441\n",
  "t.conf:1: fetch_minutes: \"1441\" is too much\n" },
{ "line_windows = \"mon-fri 07:00-18:00 every 10; daily 25:00-05:00\"\n",
  "t.conf:1: line_windows: \"25:00-05:00\" is not a time from-to such as "
  "07:00-18:00\n" },
{ "\nline_windows = \"daily\"\n",
  "t.conf:2: line_windows: \"daily\" is a window without times\n" },
{ "line_month_bytes = 0\n", "t.conf:1: line_month_bytes: \"0\" is too "
  "little; there is no \"unlimited\"\n" },
{ "line_bytes_per_second = 1023\n",
  "t.conf:1: line_bytes_per_second: \"1023\" is too little\n" },
{ "line_month_day = 29\n",
  "t.conf:1: line_month_day: \"29\" is too much\n" },
{ "line_spent = \"all\"\n",
  "t.conf:1: line_spent: \"all\" must be on-demand or nothing\n" },
{ "fetch_per_host = 65\n",
  "t.conf:1: fetch_per_host: \"65\" is too much\n" },
{ "fetch_connections = 1001\n",
  "t.conf:1: fetch_connections: \"1001\" is too much\n" },
{ "dns_forward = \"192.0.2.1 dns.example\"\n",
  "t.conf:1: dns_forward: \"192.0.2.1 dns.example\" is not a list of numeric "
  "addresses such as 192.0.2.1@53\n" },
{ "dns_forward = \"192.0.2.1@0\"\n",
  "t.conf:1: dns_forward: \"192.0.2.1@0\" is not a list of numeric "
  "addresses such as 192.0.2.1@53\n" },
{ "upstream_hosts = \"192.0.2.1 mail.isp.example\"\n",
  "t.conf:1: upstream_hosts: \"192.0.2.1 mail.isp.example\" is not a list of "
  "networks such as 192.0.2.0/24\n" },
{ "arc_trusted = \"lists.example .example\"\n",
  "t.conf:1: arc_trusted: \"lists.example .example\" is not a list of "
  "domains such as lists.example.org\n" },
{ "dns_lists = \"zen zen.example; wl wl.example refused\"\n",
  "t.conf:1: dns_lists: \"refused\" is none of allow, block, domains, "
  "mark, hold, refuse, bits and an answer such as 127.0.0.2\n" },
{ "hosts_file = \"hosts\"\n",
  "t.conf:1: hosts_file: \"hosts\" must be a full path, beginning with /\n" },
{ "language = \"de\"\n",
  "t.conf:1: language: \"de\" is not a language spoken here: en or id\n" },
/* HARDENING A78: the environment stays outside */
{ "doors = 1\ndata_dir = \"${HOME}/x\"\n",
  "t.conf:2: syntax: \"${\" is not allowed: nothing is taken from the "
  "environment\n" },
{ "listen smtp { address = \"localhost\" }\n",
  "t.conf:1: address: \"localhost\" is not a numeric address\n" },
{ "listen smtp { address = \"::1\" port = 0 }\n",
  "t.conf:1: port: \"0\" is not a port: 1 to 65535\n" },
{ "listen smtp { address = \"::1\" tls = maybe }\n",
  "t.conf:1: tls: \"maybe\" is not one of none, starttls, implicit\n" },
{ "listen gopher { address = \"::1\" }\n",
  "t.conf:1: listen: \"gopher\" is not one of smtp, lmtp, pop3, submission, "
  "imap, https, atrn, sieve\n" },
{ "listen smtp { port = 25 }\n", "t.conf:1: listen: smtp has no address\n" },
{ "listen smtp { }\n", "t.conf:1: listen: says no address\n" },
{ "listen smtp { address = \"::1\" }\nlisten lmtp { address = \"::1\"\n"
  "port = 25 }\n",
  "t.conf:3: listen: ::1 port 25 is in use by smtp\n" },
{ "listen smtp {\nadress = \"::1\"\naddress = \"::1\"\nport = x\n}\n"
  "doors = no\n",
  "t.conf:2: listen: \"adress\" is no option here\n"
  "t.conf:4: port: \"x\" is not a port: 1 to 65535\n"
  "t.conf:6: doors: \"no\" is not a number\n" },
/* all of them, in the order of the file */
{ "dors = 1\njudges = 0\nx = 5\nhops = many\n",
  "t.conf:1: option: \"dors\" is no option here\n"
  "t.conf:2: judges: \"0\" is too little; there is no \"unlimited\"\n"
  "t.conf:3: option: \"x\" is no option here\n"
  "t.conf:4: hops: \"many\" is not a number\n" },
};

START_TEST(a_fault_is_told_with_file_line_and_option)
{
	struct config config = { .doors = 77 };
	char *faults = faults_of(wrongs[_i].text, &config);

	ck_assert_str_eq(faults, wrongs[_i].faults);
	ck_assert_uint_eq(config.doors, 77);
	free(faults);
}
END_TEST

START_TEST(a_broken_syntax_is_told_with_its_line)
{
	struct config config;
	char *faults = faults_of("doors = 1\nhops }\n", &config);

	ck_assert_ptr_nonnull(strstr(faults, "t.conf:2: syntax: "));
	free(faults);
}
END_TEST

START_TEST(a_nul_byte_does_not_hide_the_rest)
{
	TEXT_AUTO faults = TEXT_INIT(1024);
	struct slice text = SLICE("doors = 1\n\0dors = 1\n");
	struct config config;

	ck_assert_int_eq(config_parse(text, "t", &config, &faults), -EINVAL);
	ck_assert(slice_is_str(text_slice(&faults),
	    "t:2: syntax: there is a NUL byte\n"));
}
END_TEST

START_TEST(nothing_given_gives_the_defaults)
{
	struct config c;

	takes("", &c);
	ck_assert_uint_eq(c.message_bytes, 64 << 20);
	ck_assert_uint_eq(c.journal_segment_bytes, 64 << 20);
	ck_assert_uint_eq(c.journal_segments, 16);
	ck_assert_uint_eq(c.hops, 50);
	ck_assert_uint_eq(c.warm_seconds, 60);
	ck_assert_uint_eq(c.fetch_minutes, 10);
	ck_assert_uint_eq(c.fetch_connections, 50);
	ck_assert_uint_eq(c.fetch_per_host, 10);
	ck_assert_uint_eq(c.fetch_tell_seconds, 86400);
	ck_assert_str_eq(c.line_windows, "");
	ck_assert_uint_eq(c.line_bytes_per_second, 1u << 30);
	ck_assert_uint_eq(c.line_month_bytes, UINT64_C(1) << 50);
	ck_assert_uint_eq(c.line_warn_percent, 80);
	ck_assert_uint_eq(c.line_reserve_percent, 0);
	ck_assert_str_eq(c.line_spent, "on-demand");
	ck_assert_str_eq(c.dns_forward, "");
	ck_assert_str_eq(c.hosts_file, "/etc/hosts");
	ck_assert(c.outbound_sts);
	ck_assert_uint_eq(c.outbound_sts_port, 443);
	ck_assert_str_eq(c.dns_anchor_file, "/usr/share/dns/root.key");
	ck_assert_str_eq(c.language, "en");
	ck_assert(c.separate_users);
	ck_assert(!c.clear_logins);
	ck_assert_uint_eq(c.listener_count, 0);
	ck_assert(c.hostname[0] != '\0');
}
END_TEST

static const char whole[] =
    "# an office\n"
    "hostname = \"mail.office.test\"\n"
    "data_dir = \"/srv/with \\\"quotes\\\" and \\\\\"\n"
    "language = id\ntime_zone = 'Asia/Jakarta'\n"
    "clear_logins = yes\nseparate_users = off\nuser_base = 2000\n"
    "message_bytes = \"1GiB\"\nfree_bytes = 4096\nwarm_seconds = 2m\n"
    "trail_days = 2w\n"
    "dns_forward = \"192.0.2.1@5353  2001:db8::1\"\nhosts_file = \"\"\n"
    "fetch_minutes = 1440\nfetch_per_host = 64\nfetch_connections = 1000\n"
    "line_windows = \"mon-fri 07:00-18:00 every 10; daily 01:00-05:00 "
    "night\"\nline_bytes_per_second = 8KiB\nline_month_bytes = 5GiB\n"
    "line_spent = nothing\n"
    "listen smtp { address = \"0.0.0.0\" tls = starttls }\n"
    "listen smtp { address = \"::\" port = 2525 }\n"
    "listen pop3 { address = \"::1\" port = 995 tls = implicit }\n"
    "listen sieve { address = \"127.0.0.1\" }\n";

START_TEST(every_kind_of_value_is_read)
{
	struct config c;

	takes(whole, &c);
	ck_assert_str_eq(c.hostname, "mail.office.test");
	ck_assert_str_eq(c.data_dir, "/srv/with \"quotes\" and \\");
	ck_assert_str_eq(c.language, "id");
	ck_assert_str_eq(c.time_zone, "Asia/Jakarta");
	ck_assert(c.clear_logins && !c.separate_users);
	ck_assert_uint_eq(c.user_base, 2000);
	ck_assert_uint_eq(c.message_bytes, 1 << 30);
	ck_assert_uint_eq(c.free_bytes, 4096);
	ck_assert_uint_eq(c.warm_seconds, 120);
	ck_assert_uint_eq(c.trail_days, 14);
	ck_assert_str_eq(c.dns_forward, "192.0.2.1@5353  2001:db8::1");
	ck_assert_str_eq(c.hosts_file, "");
	ck_assert_uint_eq(c.fetch_minutes, 1440);
	ck_assert_uint_eq(c.fetch_per_host, 64);
	ck_assert_uint_eq(c.fetch_connections, 1000);
	ck_assert_str_eq(c.line_windows,
	    "mon-fri 07:00-18:00 every 10; daily 01:00-05:00 night");
	ck_assert_uint_eq(c.line_bytes_per_second, 8192);
	ck_assert_uint_eq(c.line_month_bytes, UINT64_C(5) << 30);
	ck_assert_str_eq(c.line_spent, "nothing");
	ck_assert_uint_eq(c.listener_count, 4);
	ck_assert_int_eq(c.listeners[0].service, SERVICE_SMTP);
	ck_assert_uint_eq(c.listeners[0].port, 25);
	ck_assert_int_eq(c.listeners[0].tls, LISTENER_STARTTLS);
	ck_assert_str_eq(c.listeners[1].address, "::");
	ck_assert_uint_eq(c.listeners[1].port, 2525);
	ck_assert_int_eq(c.listeners[1].tls, LISTENER_CLEAR);
	ck_assert_int_eq(c.listeners[2].tls, LISTENER_IMPLICIT);
	ck_assert_uint_eq(c.listeners[3].port, 4190);
}
END_TEST

START_TEST(what_is_shown_reads_back_the_same)
{
	TEXT_AUTO first = TEXT_INIT(64 * 1024);
	TEXT_AUTO second = TEXT_INIT(64 * 1024);
	struct config c, again;

	takes(whole, &c);
	config_show(&c, &first);
	text_add_byte(&first, '\0');
	takes(first.at, &again);
	config_show(&again, &second);
	text_add_byte(&second, '\0');
	ck_assert_str_eq(first.at, second.at);
	ck_assert_str_eq(again.data_dir, c.data_dir);
	ck_assert_uint_eq(again.listener_count, 4);
	ck_assert_uint_eq(again.user_base, 2000);
}
END_TEST

START_TEST(the_manual_names_every_option)
{
	TEXT_AUTO shown = TEXT_INIT(64 * 1024);
	TEXT_AUTO manual = TEXT_INIT(64 * 1024);
	struct config c;
	struct slice rest, line, name;
	unsigned options = 0;

	takes("", &c);
	config_show(&c, &shown);
	config_manual(&manual);
	for (rest = text_slice(&shown); slice_cut(&rest, '\n', &line); ) {
		char item[128];

		if (slice_has_prefix(line, "#") ||
		    !slice_cut(&line, ' ', &name))
			continue;
		snprintf(item, sizeof(item), ".It Ic %.*s ", SLICE_FMT(name));
		ck_assert_msg(slice_find_str(text_slice(&manual), item) !=
		    SIZE_MAX, "%s", item);
		options++;
	}
	ck_assert_uint_ge(options, 33);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
	TEXT_AUTO faults = TEXT_INIT(1024);
	struct config c;

	ck_assert_int_eq(config_load("/nonexistent/p.conf", &c, &faults),
	    -ENOENT);
	ck_assert(slice_is_str(text_slice(&faults), "/nonexistent/p.conf: "
	    "cannot be read: No such file or directory\n"));
}
END_TEST

START_TEST(the_night_is_the_window_of_that_name_or_the_usual_one)
{
	struct config config = { 0 };
	struct calendar night;

	config_night(&config, &night);
	ck_assert_uint_eq(night.windows[0].from, 60);
	ck_assert_uint_eq(night.windows[0].to, 300);
	strcpy(config.line_windows, "daily 08:00-18:00");
	config_night(&config, &night);
	ck_assert_uint_eq(night.count, 1);
	ck_assert_str_eq(night.windows[0].name, "night");
	strcpy(config.line_windows, "daily 08:00-18:00; sat 22:00-23:00 night");
	config_night(&config, &night);
	ck_assert_uint_eq(night.count, 2);
	ck_assert_uint_eq(night.windows[1].from, 22 * 60);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/config");
	TCase *tests = tcase_create("config");

	tcase_add_loop_test(tests, a_fault_is_told_with_file_line_and_option,
	    0, sizeof(wrongs) / sizeof(wrongs[0]));
	tcase_add_test(tests,
	    the_night_is_the_window_of_that_name_or_the_usual_one);
	tcase_add_test(tests, a_broken_syntax_is_told_with_its_line);
	tcase_add_test(tests, a_nul_byte_does_not_hide_the_rest);
	tcase_add_test(tests, nothing_given_gives_the_defaults);
	tcase_add_test(tests, every_kind_of_value_is_read);
	tcase_add_test(tests, what_is_shown_reads_back_the_same);
	tcase_add_test(tests, the_manual_names_every_option);
	tcase_add_test(tests, a_file_that_is_not_there_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
