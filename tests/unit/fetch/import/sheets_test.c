/*
 * sheets_test.c - exports as CSV, of other hubs and of a form of our own
 */
#include "tests/unit/unit.h"

#include "tests/unit/fetch/import/found.h"

#define PIN	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char		*rc;
	enum import_format	 guessed;
	const char		*found;
} files[] = {
/* our own: all columns, and quotes */
{ "owner,label,protocol,host,port,tls,user,password,mechanism,delete_after,"
  "largest,enabled,folders,pin\r\n"
  "ann@office.test,work,pop3,pop.example.net,995,implicit,ann,\"s3c,\"\"re"
  "\r\nt\",cram-md5,14,5m,yes,,\r\n"
  "\r\n"
  "bob,,imap,imap.example.net,,starttls,bob,p,auto,keep,,no,\"INBOX,Lists\","
  PIN "\r\n", IMPORT_CSV,
  "2: pop3 ann@pop.example.net:995 implicit cram-md5 delete=14 "
  "largest=5242880 owner=ann@office.test label=work "
  "password=s3c,\"re\r\nt\n"
  "5: imap bob@imap.example.net starttls keep off owner=bob password=p "
  "folders=INBOX,Lists pin=" PIN "\n" },
/* what spreadsheets make of it */
{ "\xef\xbb\xbf" "Owner;Host;User;Domain;Envelope\n"
  "*;h;u;office.test;X-Envelope-To\n", IMPORT_CSV,
  "2: pop3 u@h none keep owner=* domain of=office.test "
  "envelope=X-Envelope-To\n" },
/* hMailServer's table; its passwords are encrypted */
{ "faid,faactive,faaccountid,faaccountname,faserveraddress,faserverport,"
  "faservertype,fausername,fapassword,faminutes,fanexttry,fadaystokeep,"
  "falocked,faprocessmimerecipients,faprocessmimedate,"
  "faconnectionsecurity,fauseantispam,fauseantivirus,"
  "faenablerouterecipients,famimerecipientheaders\n"
  "1,1,12,ISP,pop.example.net,995,0,ann,8d969eef6ecad3c2,30,"
  "2026-11-20 10:00:00,-1,0,0,0,1,0,0,0,\"To,CC\"\n"
  "2,0,13,Old,pop.old.example,110,0,bob,,30,2026-11-20 10:00:00,0,0,0,0,2,0,"
  "0,0,\"To,CC,X-RCPT-TO,X-Envelope-To\"\n", IMPORT_HMAILSERVER,
  "2: pop3 ann@pop.example.net:995 implicit delete=0 owner=12 label=ISP\n"
  "3: pop3 bob@pop.old.example:110 starttls keep off owner=13 label=Old "
  "envelope=X-RCPT-TO\n"
  "rc:1: \"faminutes\" has no counterpart here and is left out.\n"
  "rc:1: \"fanexttry\" has no counterpart here and is left out.\n"
  "rc:1: \"falocked\" has no counterpart here and is left out.\n"
  "rc:1: \"faprocessmimedate\" has no counterpart here and is left out.\n"
  "rc:1: \"fauseantispam\" has no counterpart here and is left out.\n"
  "rc:1: \"fauseantivirus\" has no counterpart here and is left out.\n"
  "rc:1: \"faenablerouterecipients\" has no counterpart here and is left "
  "out.\n"
  "rc:2: The password of ann stands there encrypted; it must be typed.\n"
  "rc:3: pop.old.example was encrypted only where the server offered it; "
  "here it is required. Where the server cannot do that, say so: postroom "
  "fetch set --tls none.\n" },
/* its COM interface */
{ "ID\tAccount\tServerAddress\tPort\tUsername\tPassword\t"
  "DaysToKeepMessages\tUseSSL\tProcessMIMERecipients\tServerType\n"
  "7\tann@office.test\th\t995\tu\tp\t10\tTrue\tTrue\t0\n"
  "8\tann@office.test\th\t995\tv\tp\tsome\tTrue\tFalse\t3\n",
  IMPORT_HMAILSERVER,
  "2: pop3 u@h:995 implicit delete=10 owner=ann@office.test password=p "
  "domain\n"
  "3: pop3 v@h:995 implicit keep owner=ann@office.test password=p\n"
  "rc:3: LOSS The protocol \"3\" is not spoken here.\n"
  "rc:3: LOSS \"some\" is not understood as a value.\n" },
/* MDaemon's items */
{ "Email,HostName,UserName,Password,ENABLED,REMOVEMAIL,USEAPOP,USEOAUTH,"
  "MultiPOPMaxMessageAge,MultiPOPMaxMessageSize\n"
  "ann@office.test,pop.example.net,ann,p,1,0,1,0,30,2048\n"
  "bob@office.test,pop.example.net,bob,p,0,1,0,1,30,0\n", IMPORT_MDAEMON,
  "2: pop3 ann@pop.example.net none apop delete=30 largest=2097152 "
  "owner=ann@office.test password=p\n"
  "3: pop3 bob@pop.example.net none delete=0 off owner=bob@office.test "
  "password=p\n"
  "rc:3: Logging in by OAuth2 is not known here; the usual way is taken.\n" },
{ "MailBox,Domain,Server,Logon,LeaveOnServer\nann,office.test,h,u,Yes\n",
  IMPORT_MDAEMON,
  "2: pop3 u@h none keep owner=ann@office.test\n" },
/* its list of accounts has no remote servers */
{ "\"Email\", \"MailBox\", \"Domain\", \"Password\", \"EnableMultiPOP\", "
  "\"MultiPOPMaxMessageAge\", \"MultiPOPMaxMessageSize\"\n"
  "\"ann@office.test\",\"ann\",\"office.test\",\"p\",1,0,0\n",
  IMPORT_MDAEMON,
  "rc:1: \"EnableMultiPOP\" has no counterpart here and is left out.\n"
  "rc:1: LOSS rc says nothing of the servers that MDaemon collects from. "
  "The file MultiPOP.dat itself is not read: write a CSV with the columns "
  "Email, HostName, UserName, Password.\n" },
/* faults have a file and a line */
{ "host,user,port,tls,delete_after,colour\n"
  "h,u,99999,maybe,never,red\n,u\nh,\n\"h\"x,u\nh,u,,,,,more\n"
  "h,ok\nh,\"u\n", IMPORT_CSV,
  "2: pop3 u@h none keep\n"
  "7: pop3 ok@h none keep\n"
  "rc:1: \"colour\" has no counterpart here and is left out.\n"
  "rc:2: LOSS \"99999\" is not understood as a value.\n"
  "rc:2: LOSS \"maybe\" is not understood as a value.\n"
  "rc:2: LOSS \"never\" is not understood as a value.\n"
  "rc:3: LOSS The account of \"u\" has no host.\n"
  "rc:4: LOSS The account at \"h\" has no user name.\n"
  "rc:5: LOSS This row cannot be read: a quote does not end, or it has too "
  "many fields.\n"
  "rc:6: LOSS This row cannot be read: a quote does not end, or it has too "
  "many fields.\n"
  "rc:8: LOSS This row cannot be read: a quote does not end, or it has too "
  "many fields.\n" },
};

START_TEST(a_sheet_is_known_by_its_columns)
{
	ck_assert_int_eq(import_guess(slice_str(files[_i].rc)),
	    files[_i].guessed);
	ck_assert_str_eq(found_in(files[_i].rc, IMPORT_UNKNOWN),
	    files[_i].found);
}
END_TEST

START_TEST(a_sheet_without_hosts_says_so)
{
	ck_assert_str_eq(found_in("user,uidl\nu,1\n", IMPORT_CSV),
	    "rc:1: LOSS No column of rc is a host.\n");
	ck_assert_str_eq(found_in("Email,MailBox\na@b,a\n", IMPORT_MDAEMON),
	    "rc:1: LOSS rc says nothing of the servers that MDaemon collects "
	    "from. The file MultiPOP.dat itself is not read: write a CSV with "
	    "the columns Email, HostName, UserName, Password.\n");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("sheets");
	TCase *tcase = tcase_create("sheets");

	tcase_add_loop_test(tcase, a_sheet_is_known_by_its_columns, 0,
	    sizeof(files) / sizeof(files[0]));
	tcase_add_test(tcase, a_sheet_without_hosts_says_so);
	suite_add_tcase(suite, tcase);
	return suite;
}
