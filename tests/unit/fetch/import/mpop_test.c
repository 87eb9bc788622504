/*
 * mpop_test.c - an mpoprc means here what it means to mpop
 */
#include "tests/unit/unit.h"

#include "tests/unit/fetch/import/found.h"

static const struct {
	const char	*rc;
	const char	*found;
} files[] = {
{ "# ~/.mpoprc\ndefaults\ntls on\ndelivery maildir ~/Mail\nkeep on\n\n"
  "account isp\nhost pop.example.net\nuser \"ann smith\"\n"
  "password s3c#ret\n\naccount isp2 : isp\n  user bob\n"
  "  tls_starttls off\n  keep off\naccount lan\nhost 192.0.2.1\nport 1110\n"
  "user u\ntls off\nauth apop\nskipsize 10k\n",
  "7: pop3 ann smith@pop.example.net starttls keep label=isp "
  "password=s3c#ret\n"
  "12: pop3 bob@pop.example.net implicit delete=0 label=isp2 "
  "password=s3c#ret\n"
  "16: pop3 u@192.0.2.1:1110 none apop keep largest=10240 label=lan\n" },
/* mpop deletes what it has, unless it is told to keep */
{ "account a\nhost h\nuser u\naccount b:a\nkeep\n",
  "1: pop3 u@h none delete=0 label=a\n"
  "4: pop3 u@h none keep label=b\n" },
/* the defaults are those of the time an account begins */
{ "defaults\nport pop3s\naccount a\nhost h\nuser u\ndefaults\nport 2\n"
  "account b\nhost h\nuser v\n",
  "3: pop3 u@h:995 none delete=0 label=a\n"
  "8: pop3 v@h:2 none delete=0 label=b\n" },
/* what is left out is named, and nothing is run */
{ "account a\nhost h\nuser u\npasswordeval gpg -d ~/.p.gpg\n"
  "eval echo password x\nfilter exit 1\nkillsize 1m\n"
  "tls_certcheck off\ntls_trust_file system\nauth scram-sha-256\n"
  "proxy_host 127.0.0.1\ntls_fingerprint 01:02\n",
  "1: pop3 u@h none delete=0 largest=1048576 label=a\n"
  "rc:4: \"passwordeval\" would run a command; that is never done here.\n"
  "rc:5: \"eval\" would run a command; that is never done here.\n"
  "rc:6: \"filter\" would run a command; that is never done here.\n"
  "rc:7: \"killsize\" deleted what was too large without a look at it; "
  "here it is left on the server.\n"
  "rc:8: \"tls_certcheck\" is left out: the server's certificate is always "
  "checked here, against the authorities of this machine or a --pin.\n"
  "rc:11: \"proxy_host\" has no counterpart here and is left out.\n"
  "rc:1: Logging in by scram-sha-256 is not known here; the usual way is "
  "taken.\n"
  "rc:1: \"01:02\" is left out: the server's certificate is always checked "
  "here, against the authorities of this machine or a --pin.\n" },
/* faults have a file and a line */
{ "host h\naccount a : b\nhost h\nuser u\nport none\nskipsize big\n"
  "account c\nuser u\naccount d\nhost h\naccount a\nuser z\n",
  "2: pop3 u@h none delete=0 label=a\n"
  "rc:1: LOSS \"host\" is not understood here.\n"
  "rc:2: LOSS \"b\" is not understood here.\n"
  "rc:11: LOSS \"a\" is not understood as a value.\n"
  "rc:12: LOSS \"user\" is not understood here.\n"
  "rc:2: LOSS \"none\" is not understood as a value.\n"
  "rc:2: LOSS \"big\" is not understood as a value.\n"
  "rc:7: LOSS The account of \"c\" has no host.\n"
  "rc:9: LOSS The account at \"h\" has no user name.\n" },
};

START_TEST(a_file_means_what_it_means_there)
{
	ck_assert_str_eq(found_in(files[_i].rc, IMPORT_MPOP), files[_i].found);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mpop");
	TCase *tcase = tcase_create("files");

	tcase_add_loop_test(tcase, a_file_means_what_it_means_there, 0,
	    sizeof(files) / sizeof(files[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
