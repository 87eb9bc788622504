/*
 * command.c - MAIL and RCPT as they are said to a remote server
 */
#include "gateway/relay/command.h"

#include "lib/message/path.h"

bool
command_takes(struct slice address)
{
	struct path path;

	return address_parse(address, true, &path) == 0 &&
	    slice_is(path.address, address);
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] > 0x7f)
			return false;
	return true;
}

struct relay_need
command_need(const struct relay_job *job, const struct relay_form_facts *facts)
{
	struct relay_need need = {
		/* a header that was sent without it is what it always was */
		.utf8 = !is_ascii(job->sender) ||
		    (job->utf8 && facts->header_8bit),
		.eight = job->body != BODY_7BIT || facts->body_8bit ||
		    facts->header_8bit
	};

	for (size_t i = 0; i < job->recipient_count; i++)
		need.utf8 = need.utf8 ||
		    !is_ascii(job->recipients[i].address);
	return need;
}

/* RFC 3461 4: what is no plain character is "+" and two digits. */
static void
add_xtext(struct text *line, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c > ' ' && c <= '~' && c != '+' && c != '=')
			text_add_byte(line, (char)c);
		else
			text_addf(line, "+%02X", c);
	}
}

static void
add_path(struct text *line, const char *verb, struct slice address)
{
	text_add_str(line, verb);
	text_add(line, address);
	text_add_byte(line, '>');
	if (address.len > 0 && !command_takes(address))
		line->failed = true;
}

void
command_mail(struct text *line, const struct relay_job *job,
    const struct relay_need *need, const struct relay_offer *offer)
{
	static const char *const rets[RET_COUNT] = {
		[RET_FULL] = " RET=FULL", [RET_HDRS] = " RET=HDRS",
	};

	add_path(line, "MAIL FROM:<", job->sender);
	if (offer->has_size)
		text_addf(line, " SIZE=%llu",
		    (unsigned long long)need->bytes);
	if (offer->has_8bit && need->eight)
		text_add_str(line, " BODY=8BITMIME");
	if (offer->has_utf8 && (job->utf8 || need->utf8))
		text_add_str(line, " SMTPUTF8");
	if (offer->has_dsn && rets[job->ret] != NULL)
		text_add_str(line, rets[job->ret]);
	if (offer->has_dsn && job->envid.len > 0) {
		text_add_str(line, " ENVID=");
		add_xtext(line, job->envid);
	}
	text_add_str(line, "\r\n");
}

static void
add_notify(struct text *line, uint8_t notify)
{
	static const struct {
		uint8_t		 bit;
		const char	*word;
	} words[] = {
		{ NOTIFY_NEVER, "NEVER" }, { NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" }, { NOTIFY_DELAY, "DELAY" },
	};
	const char *before = " NOTIFY=";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if ((notify & words[i].bit) == 0)
			continue;
		text_add_str(line, before);
		text_add_str(line, words[i].word);
		before = ",";
	}
}

/* "rfc822;ann@far.test": the type stays as it is, the rest is xtext. */
static void
add_orcpt(struct text *line, struct slice orcpt)
{
	struct slice type;

	if (!slice_cut(&orcpt, ';', &type))
		return;
	text_add_str(line, " ORCPT=");
	add_xtext(line, type);
	text_add_byte(line, ';');
	add_xtext(line, orcpt);
}

void
command_rcpt(struct text *line, const struct recipient *rcpt,
    const struct relay_offer *offer)
{
	add_path(line, "RCPT TO:<", rcpt->address);
	if (offer->has_dsn) {
		add_notify(line, rcpt->notify);
		add_orcpt(line, rcpt->orcpt);
	}
	text_add_str(line, "\r\n");
}
