/*
 * getmail_test.c - a getmailrc means here what it means to getmail
 */
#include "tests/unit/unit.h"

#include "tests/unit/fetch/import/found.h"

static const struct {
	const char	*rc;
	const char	*found;
} files[] = {
{ "# of the old server\n[retriever]\ntype = SimplePOP3SSLRetriever\n"
  "server = pop.example.net\nport: 1995\nusername = ann@example.net\n"
  "password = s3c = ret\n\n[destination]\ntype = Maildir\n"
  "path = ~/Maildir/\n[options]\nread_all = false\ndelete = false\n"
  "delete_after = 7\nmax_message_size = 5000000\nverbose = 1\n",
  "2: pop3 ann@example.net@pop.example.net:1995 implicit delete=7 "
  "largest=5000000 password=s3c = ret\n" },
/* delete wins over delete_after; nothing said leaves everything there */
{ "[retriever]\ntype=SimplePOP3Retriever\nserver=h\nusername=u\n"
  "use_apop=yes\n[options]\ndelete=true\ndelete_after=3\n",
  "1: pop3 u@h none apop delete=0\n" },
/* folders, on one line or more */
{ "[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = h\n"
  "username = u\nmailboxes = (\"INBOX\",\n  'Lists/c programming',)\n"
  "use_cram_md5 = true\n",
  "1: imap u@h implicit cram-md5 keep "
  "folders=INBOX,Lists/c programming\n" },
{ "[retriever]\ntype = SimpleIMAPRetriever\nserver = h\n"
  "username = u\nmailboxes = ALL\n",
  "1: imap u@h none keep folders=*\n" },
/* mail of many */
{ "[retriever]\ntype = MultidropPOP3SSLRetriever\nserver = h\n"
  "username = u\nenvelope_recipient = delivered-to:1\n",
  "1: pop3 u@h implicit keep domain envelope=delivered-to\n" },
{ "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = u\n"
  "ssl_fingerprints = ('0123456789abcdef0123456789ABCDEF"
  "0123456789abcdef0123456789abcdef', )\n",
  "1: pop3 u@h implicit keep pin=0123456789abcdef0123456789ABCDEF"
  "0123456789abcdef0123456789abcdef\n" },
/* what is left out is named, and nothing is run */
{ "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = u\n"
  "password_command = (\"pass\", \"show\")\nuse_xoauth2 = true\n"
  "ca_certs = /etc/ca.pem\n[filter-spam]\ntype = Filter_external\n"
  "path = /usr/bin/spamc\n[options]\ndelete_bigger_than = 100\n",
  "1: pop3 u@h implicit keep\n"
  "rc:5: \"password_command\" would run a command; that is never done "
  "here.\n"
  "rc:6: Logging in by OAuth2, Kerberos is not known here; the usual way "
  "is taken.\n"
  "rc:7: \"ca_certs\" is left out: the server's certificate is always "
  "checked here, against the authorities of this machine or a --pin.\n"
  "rc:8: \"[filter-spam]\" has no counterpart here and is left out.\n"
  "rc:12: \"delete_bigger_than\" has no counterpart here and is left "
  "out.\n" },
/* faults have a file and a line */
{ "server = h\n[retriever]\ntype = SimplePOP3Retriever\nserver = h\n"
  "username = u\nport = pop\nno value here\n[options]\ndelete = maybe\n"
  "max_message_size = -1\n",
  "2: pop3 u@h none keep\n"
  "rc:1: LOSS \"server = h\" is not understood here.\n"
  "rc:6: LOSS \"pop\" is not understood as a value.\n"
  "rc:7: LOSS \"no value here\" is not understood here.\n"
  "rc:9: LOSS \"maybe\" is not understood as a value.\n"
  "rc:10: LOSS \"-1\" is not understood as a value.\n" },
{ "[retriever]\ntype = MyRetriever\nserver = h\nusername = u\n",
  "rc:1: LOSS The protocol \"MyRetriever\" is not spoken here.\n" },
{ "[retriever]\ntype = SimplePOP3Retriever\nusername = u\n",
  "rc:1: LOSS The account of \"SimplePOP3Retriever\" has no host.\n" },
{ "[retriever]\ntype = SimplePOP3Retriever\nserver = h\n",
  "rc:1: LOSS The account at \"h\" has no user name.\n" },
{ "[options]\n", "rc:0: LOSS The protocol \"?\" is not spoken here.\n" },
};

START_TEST(a_file_means_what_it_means_there)
{
	ck_assert_str_eq(found_in(files[_i].rc, IMPORT_GETMAIL), files[_i].found);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("getmail");
	TCase *tcase = tcase_create("files");

	tcase_add_loop_test(tcase, a_file_means_what_it_means_there, 0,
	    sizeof(files) / sizeof(files[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
