/*
 * commands.c - what an IMAP client may say, and when
 *
 * The table, its one reader, and its print for `postroom imap commands`.
 */
#include "gateway/imap/commands.h"

#include "gateway/imap/across.h"
#include "gateway/imap/imap.h"
#include "gateway/imap/session.h"
#include "lib/base/text.h"

#define DOOR		IMAPD_STRANGER
#define INSIDE		IMAPD_INSIDE
#define OPEN		IMAPD_SELECTED
#define NOTHING		IMAPD_NEEDS_NOTHING
#define SAFE		LOGIN_IS_SAFE
#define WRITE		IMAPD_NEEDS_WRITE
#define START		(LOGIN_HAS_TLS | LOGIN_IS_CLEAR)
#define NONE		IMAPD_ARGS_NONE
#define ARGS		IMAPD_ARGS
#define MOVE		IMAPD_NUMBERS_MOVE
#define STAY		IMAPD_NUMBERS_STAY
#define LOGIN(fn)	{ .login = (fn) }
#define SESSION(fn)	{ .session = (fn) }

const struct imapd_command imapd_commands[] = {
{ "CAPABILITY",	  DOOR,	  NOTHING, NONE, STAY, LOGIN(imapd_login_capability),	"9051 6.1.1" },
{ "NOOP",	  DOOR,	  NOTHING, NONE, STAY, LOGIN(imapd_login_noop),		"9051 6.1.2" },
{ "LOGOUT",	  DOOR,	  NOTHING, NONE, STAY, LOGIN(imapd_login_logout),	"9051 6.1.3" },
{ "ID",		  DOOR,	  NOTHING, ARGS, STAY, LOGIN(imapd_login_id),		"2971 3.1" },
{ "STARTTLS",	  DOOR,	  START,   NONE, STAY, LOGIN(imapd_login_starttls),	"9051 6.2.1" },
{ "AUTHENTICATE", DOOR,	  SAFE,	   ARGS, STAY, LOGIN(imapd_login_authenticate),	"9051 6.2.2" },
{ "LOGIN",	  DOOR,	  SAFE,	   ARGS, STAY, LOGIN(imapd_login_login),	"9051 6.2.3" },
{ "CAPABILITY",	  INSIDE, NOTHING, NONE, MOVE, SESSION(imapd_capability),	"9051 6.1.1" },
{ "NOOP",	  INSIDE, NOTHING, NONE, MOVE, SESSION(imapd_noop),		"9051 6.1.2" },
{ "LOGOUT",	  INSIDE, NOTHING, NONE, STAY, SESSION(imapd_logout),		"9051 6.1.3" },
{ "ID",		  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_id),		"2971 3.1" },
{ "ENABLE",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_enable),		"9051 6.3.1" },
{ "SELECT",	  INSIDE, NOTHING, ARGS, STAY, SESSION(imapd_select),		"9051 6.3.2" },
{ "EXAMINE",	  INSIDE, NOTHING, ARGS, STAY, SESSION(imapd_examine),		"9051 6.3.3" },
{ "CREATE",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_create),		"9051 6.3.4" },
{ "DELETE",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_delete),		"9051 6.3.5" },
{ "RENAME",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_rename),		"9051 6.3.6" },
{ "SUBSCRIBE",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_subscribe),	"9051 6.3.7" },
{ "UNSUBSCRIBE",  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_unsubscribe),	"9051 6.3.8" },
{ "LIST",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_list),		"9051 6.3.9" },
{ "LSUB",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_lsub),		"3501 6.3.9" },
{ "NAMESPACE",	  INSIDE, NOTHING, NONE, MOVE, SESSION(imapd_namespace),	"9051 6.3.10" },
{ "GETMETADATA",  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_getmetadata),	"5464 4.2" },
{ "SETMETADATA",  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_setmetadata),	"5464 4.3" },
{ "STATUS",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_status),		"9051 6.3.11" },
{ "APPEND",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_append),		"9051 6.3.12" },
{ "IDLE",	  INSIDE, NOTHING, NONE, MOVE, SESSION(imapd_idle),		"9051 6.3.13" },
{ "SETACL",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_setacl),		"4314 3.1" },
{ "DELETEACL",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_deleteacl),	"4314 3.2" },
{ "GETACL",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_getacl),		"4314 3.3" },
{ "LISTRIGHTS",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_listrights),	"4314 3.4" },
{ "MYRIGHTS",	  INSIDE, NOTHING, ARGS, MOVE, SESSION(imapd_myrights),	"4314 3.5" },
{ "COMPRESS",	  INSIDE, NOTHING, ARGS, STAY, SESSION(imapd_compress),	"4978 3" },
{ "CHECK",	  OPEN,	  NOTHING, NONE, MOVE, SESSION(imapd_noop),		"3501 6.4.1" },
{ "CLOSE",	  OPEN,	  NOTHING, NONE, STAY, SESSION(imapd_close),		"9051 6.4.1" },
{ "UNSELECT",	  OPEN,	  NOTHING, NONE, STAY, SESSION(imapd_unselect),		"9051 6.4.2" },
{ "EXPUNGE",	  OPEN,	  WRITE,   NONE, MOVE, SESSION(imapd_expunge),		"9051 6.4.3" },
{ "SEARCH",	  OPEN,	  NOTHING, ARGS, STAY, SESSION(imapd_search),		"9051 6.4.4" },
{ "SORT",	  OPEN,	  NOTHING, ARGS, STAY, SESSION(imapd_sort),		"5256 3" },
{ "THREAD",	  OPEN,	  NOTHING, ARGS, STAY, SESSION(imapd_thread),		"5256 3" },
{ "FETCH",	  OPEN,	  NOTHING, ARGS, STAY, SESSION(imapd_fetch),		"9051 6.4.5" },
{ "STORE",	  OPEN,	  WRITE,   ARGS, STAY, SESSION(imapd_store),		"9051 6.4.6" },
{ "COPY",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_copy),		"9051 6.4.7" },
{ "MOVE",	  OPEN,	  WRITE,   ARGS, MOVE, SESSION(imapd_move),		"9051 6.4.8" },
{ "REPLACE",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_replace),	"8508 3.2" },
{ "UID EXPUNGE",  OPEN,	  WRITE,   ARGS, MOVE, SESSION(imapd_uid_expunge),	"9051 6.4.9" },
{ "UID SEARCH",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_search),	"9051 6.4.9" },
{ "UID SORT",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_sort),		"5256 3" },
{ "UID THREAD",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_thread),	"5256 3" },
{ "UID FETCH",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_fetch),	"9051 6.4.9" },
{ "UID STORE",	  OPEN,	  WRITE,   ARGS, MOVE, SESSION(imapd_store),	"9051 6.4.9" },
{ "UID COPY",	  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_copy),		"9051 6.4.9" },
{ "UID MOVE",	  OPEN,	  WRITE,   ARGS, MOVE, SESSION(imapd_move),		"9051 6.4.9" },
{ "UID REPLACE",  OPEN,	  NOTHING, ARGS, MOVE, SESSION(imapd_replace),	"8508 3.3" },
{ 0 }
};

/* What to say when a need is not met; the first that is not counts. */
static const struct {
	unsigned	 need;
	const char	*words;
} refusals[] = {
	{ LOGIN_HAS_TLS,	"BAD TLS is not offered here" },
	{ LOGIN_IS_CLEAR,	"BAD TLS is active already" },
	/* RFC 9051 7.1: [PRIVACYREQUIRED] */
	{ LOGIN_IS_SAFE,	"NO [PRIVACYREQUIRED] clear-text logins need "
				"TLS: use STARTTLS" },
	{ IMAPD_NEEDS_WRITE,	"NO the mailbox is open for reading only" },
};

/* What both revisions can do before login and after it.  ENABLE and IDLE are for
 * after it, but imaplib and others ask only once what there is. */
static const char common[] =
    " IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR ID ENABLE IDLE";
/* The rest is told to who has logged in. */
static const char inside_only[] =
    " SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES"
    " NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN LIST-EXTENDED"
    " LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE MULTIAPPEND"
    " ESEARCH SEARCHRES WITHIN BINARY SAVEDATE PREVIEW"
    " CONDSTORE QRESYNC OBJECTID UTF8=ACCEPT PARTIAL"
    " INPROGRESS REPLACE METADATA ACL RIGHTS=texk";

void
imapd_add_capabilities(struct text *text, bool inside)
{
	text_add_str(text, common);
	if (inside)
		text_add_str(text, inside_only);
}

/* Take the name, two words of it when the first is UID. */
static struct slice
take_name(struct imapd_parse *parse)
{
	struct slice whole = parse->rest, word = { NULL, 0 };
	size_t end;

	end = slice_find(parse->rest, ' ');
	word = slice_first(parse->rest, end);
	parse->rest = slice_after(parse->rest, word.len);
	if (!slice_is_word(word, "UID") || parse->rest.len == 0)
		return word;
	end = slice_find(slice_after(parse->rest, 1), ' ');
	if (end != SIZE_MAX)
		end += word.len + 1;
	word = slice_first(whole, end);
	parse->rest = slice_after(whole, word.len);
	return word;
}

static const struct imapd_command *
find(const struct imapd_command *row, struct slice name, unsigned state,
    bool *elsewhere_out)
{
	*elsewhere_out = false;
	for (; row->name != NULL; row++) {
		if (!slice_is_word(name, row->name))
			continue;
		if (row->states & state)
			return row;
		*elsewhere_out = true;
	}
	return NULL;
}

static const struct imapd_command *
refuse(struct imapd_parse *parse, const char *words)
{
	parse->fault = words;
	return NULL;
}

const struct imapd_command *
imapd_command_read(struct imapd_parse *parse, unsigned state, unsigned facts)
{
	const struct imapd_command *row;
	struct slice name = take_name(parse);
	bool elsewhere;

	row = find(imapd_commands, name, state, &elsewhere);
	if (row == NULL && (facts & IMAPD_IS_VISIT) != 0)
		row = find(imapd_visit_commands, name, state, &elsewhere);
	if (row == NULL)
		return refuse(parse, !elsewhere ? "BAD no such command" :
		    state == IMAPD_STRANGER ? "BAD log in first" :
		    state == IMAPD_KNOWN ? "BAD not in this state" :
		    "BAD you are logged in already");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (row->needs & ~facts & refusals[i].need)
			return refuse(parse, refusals[i].words);
	if (row->shape == IMAPD_ARGS_NONE && parse->rest.len > 0)
		return refuse(parse, "BAD nothing may follow this command");
	if (row->shape == IMAPD_ARGS && !imapd_maybe(parse, ' '))
		return refuse(parse, "BAD something must follow this command");
	return row;
}

static const char *
state_words(unsigned states)
{
	switch (states) {
	case IMAPD_STRANGER:
		return "not authenticated";
	case IMAPD_INSIDE:
		return "authenticated";
	default:
		return "selected";
	}
}

void
imapd_commands_show(struct text *text)
{
	const struct imapd_command *row;

	for (row = imapd_commands; row->name != NULL; row++)
		text_addf(text, "%-13s %-18s %-6s %s\n", row->name,
		    state_words(row->states), row->numbers ==
		    IMAPD_NUMBERS_MOVE ? "moves" : "stays", row->rfc);
}
