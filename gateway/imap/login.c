/*
 * login.c - IMAP before login (RFC 9051 3.1): its commands and words
 */
#include "gateway/imap/commands.h"
#include "gateway/imap/imap.h"
#include "gateway/imap/input.h"
#include "gateway/imap/reply.h"
#include "gateway/login/inside.h"

/* Words, strings and a name; HARDENING A31: under 64 KiB in all. */
#define LOGIN_PARSE	16384

struct imapd_login {
	struct login	 login;
	struct imapd_input input;
	char		 tag[IMAPD_TAG_BYTES + 1];	/* of the command */
};

/* RFC 4422 leaves it to us. */
static const struct imapd_limits response_limits = {
	.line_bytes = LOGIN_RESPONSE_BYTES + 2,
	.command_bytes = LOGIN_RESPONSE_BYTES + 2,
};

static void
add_capabilities(const struct login *login, struct text *text)
{
	unsigned are = login_facts(login);
	const char *name;

	text_add_str(text, "CAPABILITY");
	imapd_add_capabilities(text, false);
	if ((are & LOGIN_HAS_TLS) && (are & LOGIN_IS_CLEAR))
		text_add_str(text, " STARTTLS");
	if ((are & LOGIN_IS_SAFE) == 0)
		text_add_str(text, " LOGINDISABLED");
	else
		for (size_t i = 0; (name = login_mechanism(login->stream,
		    i)) != NULL; i++)
			text_addf(text, " AUTH=%s", name);
}

static void
greet(struct login *login)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	add_capabilities(login, &words);
	imapd_untagged(login->stream, "OK [%.*s] %s Postroom IMAP ready",
	    SLICE_FMT(text_slice(&words)), login->hostname);
}

static void
say(struct login *login, enum login_answer answer, const char *words)
{
	static const char *const begins[LOGIN_ANSWERS] = {
		[LOGIN_OK] = "OK",
		[LOGIN_NO] = "NO",
		[LOGIN_BAD] = "BAD",
		[LOGIN_WRONG] = "NO [AUTHENTICATIONFAILED]",
		[LOGIN_LATER] = "NO [UNAVAILABLE]",
	};

	if (begins[answer] == NULL)
		imapd_untagged(login->stream, "BYE %s", words);
	else
		imapd_tagged(login->stream, login->tag, "%s %s",
		    begins[answer], words);
	/* RFC 9051 7.1.5: no connection ends without a BYE */
	if (answer == LOGIN_WRONG && login->is_over)
		imapd_untagged(login->stream, "BYE too many wrong passwords");
}

static bool
is_foreign(const struct login *login, struct slice input)
{
	const struct imapd_login *imap = (const struct imapd_login *)login;

	return imap->input.command.len == 0 && !imap->input.reader.skips &&
	    (input.at[0] < ' ' || input.at[0] > '~' ||
	    login_is_request(input));
}

/* What a parser found, as a reply. */
static void
say_bad(struct imapd_login *imap, const char *fault)
{
	login_say(&imap->login, LOGIN_BAD, fault);
	if (imap->input.is_lost)
		login_leave(&imap->login, "the connection is out of step");
	else
		login_bad(&imap->login);
}

static void
read_command(struct imapd_login *imap)
{
	ARENA_AUTO arena = arena_new(LOGIN_PARSE);
	struct imapd_parse parse = {
		.rest = text_slice(&imap->input.command), .arena = arena
	};
	struct login *login = &imap->login;
	const struct imapd_command *command;
	struct slice tag;

	imap->tag[0] = '\0';
	if (arena != NULL && imapd_tag(&parse, &tag) &&
	    tag.len <= IMAPD_TAG_BYTES)
		(void)slice_cstr(tag, imap->tag, sizeof(imap->tag));
	login->tag = slice_str(imap->tag);
	if (imap->input.fault != NULL || login->tag.len == 0) {
		say_bad(imap, imap->input.fault != NULL ?
		    imap->input.fault : "a command begins with a tag");
		return;
	}
	command = imapd_command_read(&parse, IMAPD_STRANGER,
	    login_facts(login));
	if (command == NULL) {
		imapd_tagged(login->stream, login->tag, "%s", parse.fault);
		/* what is refused is a command all the same */
		if (!slice_has_prefix(slice_str(parse.fault), "NO "))
			login_bad(login);
		return;
	}
	command->handler.login(login, &parse);
	/* a handler that has given the connection away sets no fault */
	if (parse.fault != NULL)
		say_bad(imap, parse.fault);
}

/* A line that is no command: a SASL response. */
static void
read_response(struct imapd_login *imap)
{
	if (imap->input.fault != NULL)
		say_bad(imap, imap->input.fault);
	else
		imap->login.next(&imap->login,
		    text_slice(&imap->input.command));
}

static bool
take(struct login *login)
{
	struct imapd_login *imap = (struct imapd_login *)login;
	bool is_response = login->next != NULL;
	enum imapd_got got;

	imap->input.limits = is_response ? &response_limits :
	    &imapd_limits_before_login;
	imap->input.command.limit = imap->input.limits->command_bytes;
	got = is_response ? imapd_input_line(&imap->input, login->stream) :
	    imapd_input_take(&imap->input, login->stream);
	if (got == IMAPD_GOT_NOTHING)
		return false;
	if (is_response)
		read_response(imap);
	else
		read_command(imap);
	imapd_input_next(&imap->input);
	return true;
}

static void
release(struct login *login)
{
	imapd_input_free(&((struct imapd_login *)login)->input);
}

void
imapd_login_capability(struct login *login, struct imapd_parse *parse)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	(void)parse;
	add_capabilities(login, &words);
	imapd_untagged(login->stream, "%.*s", SLICE_FMT(text_slice(&words)));
	login_say(login, LOGIN_OK, "that is all");
}

void
imapd_login_noop(struct login *login, struct imapd_parse *parse)
{
	(void)parse;
	login_say(login, LOGIN_OK, "nothing done");
}

void
imapd_login_logout(struct login *login, struct imapd_parse *parse)
{
	(void)parse;
	login_leave(login, "goodbye");
	login_say(login, LOGIN_OK, "goodbye");
}

/* RFC 2971 3.1: who the client says it is changes nothing. */
void
imapd_login_id(struct login *login, struct imapd_parse *parse)
{
	if (!imapd_id_read(parse))
		return;
	imapd_untagged(login->stream, "ID (\"name\" \"Postroom\")");
	login_say(login, LOGIN_OK, "and who are you?");
}

void
imapd_login_starttls(struct login *login, struct imapd_parse *parse)
{
	(void)parse;
	login_start_tls(login);
}

void
imapd_login_login(struct login *login, struct imapd_parse *parse)
{
	struct slice user, password;

	if (imapd_astring(parse, &user) && imapd_space(parse) &&
	    imapd_astring(parse, &password) && imapd_end(parse))
		login_check(login, user, password);
}

void
imapd_login_authenticate(struct login *login, struct imapd_parse *parse)
{
	struct slice name, first;

	if (!imapd_atom(parse, &name))
		return;
	if (imapd_maybe(parse, ' ')) {
		first = parse->rest;
		login_sasl(login, name, &first);
	} else if (imapd_end(parse)) {
		login_sasl(login, name, NULL);
	}
}

const struct login_protocol imapd_protocol = {
	.name = "imap", .server = "this is an IMAP server",
	.tls_command = "STARTTLS", .challenge = "+ ",
	.bytes = sizeof(struct imapd_login), .greet = greet,
	.is_foreign = is_foreign, .take = take, .say = say,
	.release = release,
};
