/*
 * fetchmail_test.c - a .fetchmailrc means here what it means to fetchmail
 *
 * What fetchmail 6.4 makes of these was asked of it with --configdump.
 */
#include "tests/unit/unit.h"

#include "tests/unit/fetch/import/found.h"

static const struct {
	const char	*rc;
	const char	*found;
} files[] = {
/* words as English has them */
{ "# moved from the old machine\n"
  "poll pop.example.net with proto POP3 and options uidl no dns\n"
  "  user 'ann' there with password \"s3c ret\" is ann here\n"
  "    and wants ssl, keep, limit 1000000\n"
  "  user bob there, password b#b is bob here nokeep ssl;\n",
  "3: pop3 ann@pop.example.net implicit keep largest=1000000 owner=ann "
  "password=s3c ret\n"
  "5: pop3 bob@pop.example.net implicit delete=0 owner=bob "
  "password=b#b\n" },
/* both directions of a name */
{ "poll h proto pop3 user a there is b here sslproto ''\n"
  "  user c here is d there sslproto \"\"\n",
  "1: pop3 a@h none delete=0 owner=b\n"
  "2: pop3 d@h none delete=0 owner=c\n" },
/* keywords are names where a name stands */
{ "poll h proto pop3 user keep pass nokeep is skip here sslproto ''",
  "1: pop3 keep@h none delete=0 owner=skip password=nokeep\n" },
/* an escape is a byte: decimal, octal, hexadecimal */
{ "poll h proto pop3 user u pass \"a\\\\b\\x41\\101\\0101\\\nz\" ssl",
  "1: pop3 u@h implicit delete=0 password=a\\bAe\b1z\n" },
/* a quote that does not end is none */
{ "poll h proto pop3 user u pass \"foo\n ssl",
  "1: pop3 u@h implicit delete=0 password=\"foo\n" },
/* numbers are names too */
{ "poll h proto pop3 username \"1234\" password 1234 ssl",
  "1: pop3 1234@h implicit delete=0 password=1234\n" },
/* defaults, via, skip and a service by its name */
{ "defaults proto imap keep ssl\n"
  "poll one user x pass y folder INBOX Lists/a\n"
  "poll two via mail.example.net service imaps user u is v\n"
  "skip three proto apop user w is w no ssl sslproto tls1.2\n",
  "2: imap x@one implicit keep password=y folders=INBOX,Lists/a\n"
  "3: imap u@mail.example.net:993 implicit keep owner=v also=two\n"
  "4: pop3 w@three starttls apop keep off owner=w\n" },
/* mail of many */
{ "poll h proto pop3 envelope \"X-Envelope-To\" qvirtual \"box-\" "
  "localdomains office.test other.test user u pass p to * here ssl\n",
  "1: pop3 u@h implicit delete=0 owner=* password=p domain "
  "of=office.test envelope=X-Envelope-To prefix=box-\n"
  "rc:1: Only one domain can be told for a mailbox; \"other.test\" is left "
  "out.\n" },
{ "poll h proto pop3 user u is a b c here ssl",
  "1: pop3 u@h implicit delete=0 owner=a domain\n" },
/* nobody says who it is for, how, or in which protocol */
{ "poll h user u pass p",
  "1: pop3 u@h starttls delete=0 password=p\n"
  "rc:1: No protocol is named for h; POP3 is taken.\n"
  "rc:1: h was encrypted only where the server offered it; here it is "
  "required. Where the server cannot do that, say so: postroom fetch set "
  "--tls none.\n" },
/* asking for mail to be sent needs no user */
{ "poll isp.example.net proto etrn\npoll isp2 proto odmr user u pass p "
  "fetchdomains office.test",
  "1: etrn @isp.example.net none delete=0\n"
  "2: atrn u@isp2 none delete=0 password=p of=office.test\n" },
/* what has no counterpart is named, and nothing is run */
{ "set daemon 300\nset no bouncemail\n"
  "poll h proto pop3 timeout 60\n"
  " user u ssl mda \"/usr/bin/procmail -d %T\" fetchall\n"
  " preconnect 'ssh -f h' no rewrite sslcertpath /etc/certs auth ntlm",
  "4: pop3 u@h implicit delete=0\n"
  "rc:1: \"daemon\" has no counterpart here and is left out.\n"
  "rc:3: \"timeout\" has no counterpart here and is left out.\n"
  "rc:4: \"mda\" would run a command; that is never done here.\n"
  "rc:4: \"fetchall\" has no counterpart here and is left out.\n"
  "rc:5: \"preconnect\" would run a command; that is never done here.\n"
  "rc:5: \"sslcertpath\" is left out: the server's certificate is always "
  "checked here, against the authorities of this machine or a --pin.\n"
  "rc:5: Logging in by ntlm is not known here; the usual way is taken.\n" },
/* faults have a file and a line */
{ "user ann\npoll h proto pop3\n user u ssl is u here\n frobnicate\n"
  "poll i proto pop2 user u\npoll j proto pop3 user u port many ssl\n"
  "poll k proto pop3\npoll l proto pop3 user u pass",
  "3: pop3 u@h implicit delete=0 owner=u\n"
  "6: pop3 u@j implicit delete=0\n"
  "8: pop3 u@l starttls delete=0\n"
  "rc:1: LOSS \"user\" is not understood here.\n"
  "rc:1: LOSS \"ann\" is not understood here.\n"
  "rc:4: LOSS \"frobnicate\" is not understood here.\n"
  "rc:5: LOSS The protocol \"pop2\" is not spoken here.\n"
  "rc:6: LOSS \"many\" is not understood as a value.\n"
  "rc:7: LOSS The account at \"k\" has no user name.\n"
  "rc:8: LOSS \"password\" wants a value.\n"
  "rc:8: l was encrypted only where the server offered it; here it is "
  "required. Where the server cannot do that, say so: postroom fetch set "
  "--tls none.\n" },
{ "poll", "rc:1: LOSS \"poll\" wants a value.\n" },
{ "", "" },
};

START_TEST(a_file_means_what_it_means_there)
{
	ck_assert_str_eq(found_in(files[_i].rc, IMPORT_FETCHMAIL),
	    files[_i].found);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetchmail");
	TCase *tcase = tcase_create("files");

	tcase_add_loop_test(tcase, a_file_means_what_it_means_there, 0,
	    sizeof(files) / sizeof(files[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
